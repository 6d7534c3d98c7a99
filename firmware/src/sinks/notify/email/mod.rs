//! Messages by mail, which the plant's own or any other mail server takes over SMTP (RFC 5321).

mod address;
mod config;
#[cfg(feature = "notify")]
mod mailer;
#[cfg(feature = "notify")]
mod message;
#[cfg(feature = "notify")]
mod smtp;
#[cfg(feature = "notify")]
mod stream;

pub use config::{EmailConfig, Encryption};
#[cfg(feature = "notify")]
pub(super) use mailer::Mailer;
