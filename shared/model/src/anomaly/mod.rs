//! Fitting anomaly tables: on the workstation, and on the device to its own machine.

pub mod baseline;
mod student;
pub mod thresholds;
