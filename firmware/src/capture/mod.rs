//! Capture: from the sound device to a lock-free ring, without losing a sample unsaid.

pub mod config;

pub use config::{CaptureConfig, ChannelChoice, FormatChoice};
