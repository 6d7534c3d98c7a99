//! The interfaces to the operating system, one file each. Nothing here depends on sound, models or sinks.

pub(crate) mod clock;
pub mod crash;
pub(crate) mod hang_up;
pub(crate) mod hex;
#[cfg(any(feature = "mqtt", feature = "notify", feature = "page"))]
pub(crate) mod host;
pub mod messages;
pub(crate) mod notify;
#[cfg(any(feature = "mqtt", feature = "notify"))]
pub(crate) mod pause;
pub(crate) mod process_start;
pub(crate) mod real_time;
pub mod safe;
pub(crate) mod sealed_line;
pub(crate) mod secret_file;
pub(crate) mod signals;
pub(crate) mod thermal;
