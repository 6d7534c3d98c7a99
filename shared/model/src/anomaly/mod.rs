//! Fitting anomaly tables: on the workstation, and on the device to its own machine.

pub mod baseline;
pub mod baseline_file;
mod highest;
mod references;
mod student;
pub mod thresholds;
pub mod widen;
