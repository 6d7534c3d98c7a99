//! Messages to people: alarms and warnings by webhook and ntfy (docs/guide/notifications.md).
//!
//! The sink decides what is sent ([`policy`]: cool-down, quiet hours, digest). Each channel has a thread of its own and a
//! bounded queue ([`queue`], [`channel`]), so that a server that does not answer holds up no other. What waits is written to
//! the state directory ([`store`]) and survives a restart.

#[cfg(feature = "notify")]
mod channel;
#[cfg(feature = "notify")]
mod client;
mod config;
#[cfg(feature = "notify")]
mod notice;
#[cfg(feature = "notify")]
mod policy;
#[cfg(feature = "notify")]
mod queue;
mod quiet;
#[cfg(feature = "notify")]
mod request;
#[cfg(feature = "notify")]
mod sink;
#[cfg(feature = "notify")]
mod store;
mod url;
mod zone;

pub use config::{Config, NtfyConfig, WebhookConfig};
#[cfg(feature = "notify")]
pub(crate) use sink::{TestResult, test};
