//! JSON documents for other programs: each names its schema, `acoustic-monitor/<document>/<version>`.
//!
//! A version stays as long as keys are only added. The schemas are under `docs/reference/schemas`.

use serde::Serialize;

/// One event of a stream of lines.
pub const LINE: &str = "acoustic-monitor/line/1";
/// The state file of a device.
pub const STATUS: &str = "acoustic-monitor/status/1";
/// The sound devices of a machine.
pub const DEVICES: &str = "acoustic-monitor/devices/1";
/// The checks of a device.
pub const DOCTOR: &str = "acoustic-monitor/doctor/1";
/// A refit on the device, its stored versions, or the one in use.
pub const REFIT: &str = "acoustic-monitor/refit/1";
/// A training report.
pub const TRAIN: &str = "acoustic-monitor/train/1";

/// A document with the name of its schema as the first key; `content` is a struct or a map.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Document<T> {
    schema: &'static str,
    #[serde(flatten)]
    content: T,
}

impl<T: Serialize> Document<T> {
    /// `content` as a document of `schema`.
    pub fn new(schema: &'static str, content: T) -> Self {
        Self { schema, content }
    }
}
