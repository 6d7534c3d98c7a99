//! One file per command: its options and what it does.
pub mod baseline;
pub mod check;
pub mod device_args;
pub mod devices;
pub mod doctor;
pub mod events;
pub mod health;
mod options;
pub mod record;
pub mod run;
pub mod update;
pub mod validate_config;
