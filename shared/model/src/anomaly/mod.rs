//! What fits anomaly tables: on the workstation and, to the machine that it stands at, on the device.

pub mod enrol;
pub mod scale;
