//! What the program asks of the operating system, one file each. Nothing here knows of sound, models or sinks.

pub mod clock;
pub mod crash;
pub mod hang_up;
pub mod hex;
pub mod messages;
pub mod notify;
pub mod real_time;
pub mod safe;
pub mod signals;
pub mod thermal;
