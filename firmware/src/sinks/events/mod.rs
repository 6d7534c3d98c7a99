//! The event log on the device's disk: bounded, and safe from power cuts. Its format: `docs/guide/event-log.md`.

mod log;
mod record;
mod store;
pub mod table;

use std::path::PathBuf;
use std::time::Duration;

use log::Log;
pub use record::{Record, RecordKind};
use serde::{Deserialize, Serialize};
#[cfg(feature = "page")]
pub(crate) use store::read_newest;
pub use store::{read, records};

use super::{Sink, SinkConfig};
use crate::reporting::{Item, OutputContext};
use crate::setting::{InvalidSetting, within};
pub use crate::system::sealed_line::sealed;

/// Longest time before written records are synchronised to disk.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// Events that may wait for a disk, which may be busy for seconds.
const DISK_QUEUE: usize = 64;

/// `[events]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Folder of the event log; empty for none.
    pub folder: PathBuf,
    /// Most KiB that the log takes, 64 to 1048576; the oldest is deleted first.
    pub max_kib: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { folder: PathBuf::new(), max_kib: 1024 }
    }
}

impl SinkConfig for Config {
    fn queue(&self) -> Option<usize> {
        (!self.folder.as_os_str().is_empty()).then_some(DISK_QUEUE)
    }

    fn validate(&self) -> Result<(), InvalidSetting> {
        within("events.max_kib", self.max_kib, 64..=1_048_576)
    }

    fn start(&self, context: &OutputContext) -> Result<Box<dyn Sink>, String> {
        // Clips from before this log are not its own.
        while context.clips.pop().is_some() {}
        Ok(Box::new(Log::new(self.clone())))
    }
}

impl Sink for Log {
    fn poll_interval(&self) -> Duration {
        POLL_INTERVAL
    }

    fn poll(&mut self, context: &OutputContext) {
        self.take_clips(&context.clips);
        self.write();
    }

    fn handle(&mut self, item: &Item, context: &OutputContext) {
        self.take(item, &context.snapshot);
    }

    fn finish(&mut self, context: &OutputContext) {
        // The clip that the program's end has cut short.
        while context.clips.may_have_more() && !context.hurry() {
            std::thread::sleep(Duration::from_millis(2));
        }
        self.take_clips(&context.clips);
        self.end(!context.is_replaced());
    }
}
