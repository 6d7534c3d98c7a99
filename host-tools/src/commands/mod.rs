//! One file per command: its options, its output.
pub mod anomaly;
pub mod bench;
pub mod evaluate;
pub mod features;
pub mod fetch;
pub mod inspect;
pub mod monitor;
pub mod pipeline;
pub mod predict;
pub mod report;
pub mod sign;
pub mod synth;
pub mod train;
pub mod verify;
pub mod visualize;
