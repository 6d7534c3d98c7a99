//! Sound in, events out: the inference thread and all it needs.
//!
//! [`audio`] gives blocks of mono samples, from the ring of capture or from a file; [`listen()`] drives the monitor with them;
//! [`setup`] is what a reload replaces; [`progress`] is what the other threads see.

pub(crate) mod audio;
pub(crate) mod control;
pub(crate) mod counters;
pub(crate) mod health;
pub(crate) mod progress;
pub(crate) mod rejected_updates;
pub(crate) mod setup;
pub mod signature;
pub(crate) mod times;

mod event_sender;
mod learned;
mod listen;

pub use audio::{AudioBlock, AudioFile, AudioInput};
pub use event_sender::followed;
pub use listen::{Listening, listen};
pub use progress::Progress;
pub use setup::{Setup, SetupError, now_ns};
pub use times::Times;
