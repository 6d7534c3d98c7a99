//! What a sink shares with the rest of the program.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use super::{
    AudioTee, ClipQueue, ColumnTee, Folders, InferenceTimes, NotifyDesk, Operator, PageCounters, Privacy, Snapshot,
    TeachShare,
};
use crate::alarms::Alarms;
use crate::capture::CaptureStatus;

/// The context of one sink. Its clones share everything but [`replaced`](Self::replaced) and the snapshot.
#[derive(Debug, Clone, Default)]
pub struct OutputContext {
    /// Set when the program is about to end: slow writes are given up.
    pub hurry: Arc<AtomicBool>,
    /// The counters of capture: the heartbeat follows its frames.
    pub capture: Arc<CaptureStatus>,
    /// The decoded sound that inference passes on.
    pub audio: AudioTee,
    /// The same for live sound on the page.
    pub live: AudioTee,
    /// The clips that were written of it.
    pub clips: ClipQueue,
    /// The queue of clips for people to label.
    pub teach: TeachShare,
    /// What happens to sound in which somebody speaks.
    pub privacy: Privacy,
    /// The columns of the spectrogram that inference passes on.
    pub columns: ColumnTee,
    /// The folders of the configuration.
    pub folders: Folders,
    /// How long inference took.
    pub inference_times: Arc<InferenceTimes>,
    /// What the page counts.
    pub page: Arc<PageCounters>,
    /// What notifications count, and where a test of them is requested.
    pub notify: Arc<NotifyDesk>,
    /// What those who operate may change; `None` outside `firmware run`.
    pub operator: Option<Arc<dyn Operator>>,
    /// Where acknowledgements are requested.
    pub alarms: Arc<Alarms>,
    /// Set when another sink takes the place of this one, or none does: slow writes are given up as well.
    pub replaced: Arc<AtomicBool>,
    /// The state now: every event that this sink has received, the current one included.
    pub snapshot: Snapshot,
    /// Events dropped so far, by all sinks together.
    pub(crate) dropped: Arc<AtomicU32>,
}

impl OutputContext {
    /// Frames captured so far.
    pub fn frames(&self) -> u64 {
        self.capture.counters.frames.load(Relaxed)
    }

    /// Whether slow writes are to be given up.
    pub fn hurry(&self) -> bool {
        self.hurry.load(Relaxed) || self.is_replaced()
    }

    /// Whether the configuration has replaced or removed this sink while the program continues.
    pub fn is_replaced(&self) -> bool {
        self.replaced.load(Relaxed)
    }

    /// Counts an event that the sink received and could not write.
    pub fn count_dropped(&self) {
        self.dropped.fetch_add(1, Relaxed);
    }
}
