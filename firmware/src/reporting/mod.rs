//! What inference and the main thread report, on its way to the sinks.
//!
//! An [`Event`] goes into the bounded queue of every sink ([`queue`]); [`Snapshot`] folds events into the state now; an
//! [`OutputContext`] holds what sinks share with the rest of the program. This module does not depend on any sink.

pub mod audio_tee;
pub(crate) mod clip_queue;
pub mod column_tee;
mod context;
mod event;
mod folders;
mod inference_times;
mod notify_desk;
mod operator;
mod page_counters;
mod privacy;
mod probabilities;
pub(crate) mod queue;
mod snapshot;
mod teach;
mod trend_report;

pub use audio_tee::AudioTee;
pub use clip_queue::ClipQueue;
pub use column_tee::ColumnTee;
pub use context::OutputContext;
pub use event::{DeviceInfo, Event, Window};
pub use folders::{FolderPaths, Folders};
pub use inference_times::{BOUNDS_US, InferenceTimes};
pub use notify_desk::{ChannelReport, NotifyDesk};
pub use operator::{Operator, OperatorError, UploadedModel};
pub use page_counters::PageCounters;
pub use privacy::{Privacy, PrivacyConfig, Speech};
pub use probabilities::Probabilities;
pub use queue::{Inbox, Item, Outboxes, Received};
pub use snapshot::Snapshot;
pub use teach::{TeachCounters, TeachShare};
pub use trend_report::{StateTrend, TrendDay, TrendReport};
