//! One file per command: its options and what it does.
pub(crate) mod baseline;
pub(crate) mod check;
pub(crate) mod device_args;
pub(crate) mod devices;
pub(crate) mod doctor;
pub mod events;
#[cfg(feature = "page")]
pub(crate) mod hash_password;
pub(crate) mod health;
#[cfg(feature = "notify")]
pub(crate) mod notify;
pub(crate) mod options;
pub(crate) mod record;
pub(crate) mod refit;
pub(crate) mod run;
pub(crate) mod update;
pub(crate) mod validate_config;
