//! What the page's two threads share.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::Semaphore;

use super::access::Access;
use super::hub::Hub;
use super::listen::Listeners;
use super::recent::Recent;
use super::{Config, messages};
use crate::alarms::Alarms;
use crate::reporting::{Folders, NotifyDesk, Operator, OutputContext, PageCounters, Privacy, Snapshot, TeachShare};

/// Least age of the newest frame that is shown as silence: capture is counted once a second.
const SILENCE: Duration = Duration::from_millis(2500);

/// The state now, and since when there is no sound.
#[derive(Debug)]
pub(super) struct Now {
    pub(super) snapshot: Snapshot,
    /// When the newest event arrived.
    at: Instant,
    /// Frames at the last change of their number, and when that was.
    frames: (u64, Instant),
}

impl Now {
    fn new() -> Self {
        let at = Instant::now();
        Self { snapshot: Snapshot::default(), at, frames: (0, at) }
    }

    /// Replaces the snapshot; `frames` were captured so far.
    fn set(&mut self, snapshot: &Snapshot, frames: u64) {
        self.snapshot.clone_from(snapshot);
        self.at = Instant::now();
        if self.frames.0 != frames {
            self.frames = (frames, self.at);
        }
    }

    /// Milliseconds since the program's start.
    pub(super) fn up_ms(&self) -> u64 {
        self.snapshot.time_us / 1000 + self.at.elapsed().as_millis() as u64
    }

    /// Seconds without sound; 0 while it arrives.
    pub(super) fn silent_s(&self) -> f64 {
        let age = self.frames.1.elapsed();
        if age < SILENCE { 0.0 } else { age.as_secs_f64() }
    }
}

/// The page's data, for the handlers of requests and the sink.
pub(super) struct Shared {
    pub(super) config: Config,
    pub(super) access: Access,
    pub(super) hub: Hub,
    pub(super) listeners: Listeners,
    pub(super) alarms: Arc<Alarms>,
    pub(super) folders: Folders,
    pub(super) notify: Arc<NotifyDesk>,
    pub(super) operator: Option<Arc<dyn Operator>>,
    /// One model is uploaded at a time.
    pub(super) uploading: Semaphore,
    pub(super) counters: Arc<PageCounters>,
    pub(super) teach: TeachShare,
    pub(super) privacy: Privacy,
    pub(super) refit: super::refit::RefitWork,
    now: Mutex<Now>,
    recent: Mutex<Recent>,
}

impl Shared {
    /// The data of a page that starts. `columns_wanted` is set while a browser draws the spectrogram.
    pub(super) fn new(
        config: &Config,
        context: &OutputContext,
        access: Access,
        columns_wanted: Arc<AtomicBool>,
    ) -> Self {
        let counters = Arc::clone(&context.page);
        Self {
            config: config.clone(),
            access,
            hub: Hub::new(Arc::clone(&counters), columns_wanted),
            listeners: Listeners::new(Arc::clone(&counters), context.privacy.clone()),
            alarms: Arc::clone(&context.alarms),
            folders: context.folders.clone(),
            notify: Arc::clone(&context.notify),
            operator: context.operator.clone(),
            uploading: Semaphore::new(1),
            counters,
            teach: context.teach.clone(),
            privacy: context.privacy.clone(),
            refit: super::refit::RefitWork::default(),
            now: Mutex::new(Now::new()),
            recent: Mutex::default(),
        }
    }

    /// The state now.
    pub(super) fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last ten minutes.
    pub(super) fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the state now.
    pub(super) fn update(&self, context: &OutputContext) {
        self.now().set(&context.snapshot, context.frames());
    }

    /// The states of the model.
    pub(super) fn labels(&self) -> Vec<String> {
        self.now().snapshot.labels().iter().map(String::from).collect()
    }

    /// The state now, as the page reports it.
    pub(super) fn now_json(&self) -> Value {
        let mut now = messages::now(&self.now(), self.alarms.sensitivity.now());
        now["page"] = messages::counts(&self.counters.list());
        now["teach"] = messages::counts(&self.teach.counters.list());
        now["privacy"] = messages::counts(&self.privacy.list());
        now["privacy"]["speech"] = if self.privacy.mutes() { "mute" } else { "keep" }.into();
        now
    }
}
