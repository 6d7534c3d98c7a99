//! Fitting anomaly tables: on the workstation, and on the device to its own machine.

pub mod baseline;
pub mod scale;
