//! One file per command: its options, its output.
pub(crate) mod anomaly;
pub(crate) mod bench;
pub(crate) mod evaluate;
pub(crate) mod features;
pub(crate) mod fetch;
pub(crate) mod history;
pub(crate) mod inspect;
pub(crate) mod monitor;
pub(crate) mod pipeline;
pub(crate) mod predict;
pub(crate) mod report;
pub(crate) mod sign;
pub(crate) mod synth;
pub(crate) mod train;
pub(crate) mod verify;
pub(crate) mod visualize;
