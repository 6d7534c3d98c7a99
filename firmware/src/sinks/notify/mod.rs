//! Messages to people: alarms and warnings by webhook, ntfy and mail (docs/guide/notifications.md).
//!
//! The sink decides what is sent ([`policy`]: cool-down, quiet hours, digest). Each channel has a thread of its own and a
//! bounded queue ([`queue`], [`channel`]), so that a server that does not answer holds up no other. What waits is written to
//! the state directory ([`store`]) and survives a restart. With pictures, the message of an alarm waits for its clip
//! ([`awaiting`]).

#[cfg(feature = "notify")]
mod awaiting;
#[cfg(feature = "notify")]
mod channel;
#[cfg(feature = "notify")]
mod client;
mod config;
mod email;
#[cfg(feature = "notify")]
mod encoded_word;
#[cfg(feature = "notify")]
mod http;
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
pub use email::{EmailConfig, Encryption};
#[cfg(feature = "notify")]
pub(crate) use sink::{TestResult, test};
