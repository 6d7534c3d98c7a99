//! The state of capture, for other threads.

use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock};

use super::counters::Counters;
use super::pcm::{PcmError, StreamSpec};
use crate::system::real_time::RealTime;

/// Shared between the capture thread, the reader and the reporting threads.
#[derive(Debug, Default)]
pub struct CaptureStatus {
    /// What was counted.
    pub counters: Counters,
    /// Frame number after the newest block.
    pub(crate) end: AtomicU64,
    pub(crate) stop: AtomicBool,
    /// Locked by the capture thread only when the device comes or goes, never while sound flows.
    device: Mutex<DeviceState>,
    pub(crate) real_time: OnceLock<RealTime>,
}

/// Whether there is a device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum DeviceState {
    /// Not yet tried.
    #[default]
    Opening,
    /// Sound flows, or is about to.
    Open(StreamSpec),
    /// Absent; reopened until it is available.
    Absent {
        /// Why.
        error: PcmError,
        /// The driver's message beyond that; may be empty.
        detail: String,
    },
    /// Capture has ended.
    Stopped,
}

impl fmt::Display for DeviceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opening => f.write_str("opening"),
            Self::Open(spec) => write!(f, "{spec}"),
            Self::Absent { error, detail } if detail.is_empty() => write!(f, "absent: {error}"),
            Self::Absent { error, detail } => write!(f, "absent: {error} [{detail}]"),
            Self::Stopped => f.write_str("stopped"),
        }
    }
}

impl CaptureStatus {
    /// Whether there is a device, and what it gives.
    #[must_use]
    pub fn device(&self) -> DeviceState {
        // A poisoned lock still holds a whole value: it is only ever replaced.
        self.device.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    pub(crate) fn set_device(&self, state: DeviceState) {
        *self.device.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = state;
    }

    /// The privileges that the capture thread has; `None` until it has requested them.
    #[must_use]
    pub fn real_time(&self) -> Option<&RealTime> {
        self.real_time.get()
    }

    pub(crate) fn stopping(&self) -> bool {
        self.stop.load(Relaxed)
    }
}
