//! One thing to report: a window, a change of state, an alarm, the counters.
//!
//! An [`Event`] has a fixed size, so that passing one on allocates nothing; the labels and names, which change at a reload
//! only, are shared.

use std::sync::Arc;

use monitor_core::anomaly::Zone;
use monitor_core::decision::Decided;
use monitor_core::pipeline::Verdict;
use monitor_model::texts::Texts;
use monitor_wire as wire;

use super::TrendReport;
use super::probabilities::{Pool, Probabilities};

/// The model and the device, as the hello frame reports them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeviceInfo {
    /// Name of the model's file, without its folder.
    pub model: String,
    /// SHA-256 of the model's file.
    pub model_sha256: [u8; 32],
    /// Class names in order.
    pub labels: Texts,
    /// Rate of the captured sound in Hz.
    pub rate_hz: u32,
    /// Microseconds between two windows.
    pub hop_us: u32,
    /// Updates that were offered to this device and rejected: what and why.
    pub rejected_updates: Texts,
}

/// One window, before and after the decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Window<'a> {
    /// Windows since the start, dropped ones counted.
    pub index: u64,
    /// First sample at 16 kHz since the start.
    pub start_sample: u64,
    /// The reported state; `None` is unknown.
    pub state: Option<u16>,
    /// Smoothed probability of the state, or of the leading class while unknown.
    pub confidence: f32,
    /// Level in dB of full scale.
    pub level_dbfs: f32,
    /// Whether sound was lost within the window.
    pub spans_gap: bool,
    /// Time to compute it in microseconds.
    pub inference_us: u32,
    /// The anomaly score of the last seconds, where the model has one and the microphone is not dead.
    pub anomaly: Option<f32>,
    /// The zone of that score.
    pub zone: Option<Zone>,
    /// The classifier's probabilities.
    pub probabilities: Probabilities<'a>,
}

impl<'a> Window<'a> {
    /// The classifier's and the decision's result for one window, and the anomaly score with its zone.
    pub fn new(verdict: &Verdict<'a>, decided: Decided, anomaly: Option<(f32, Zone)>) -> Self {
        Self {
            index: verdict.index,
            start_sample: verdict.start_sample,
            state: decided.state.class(),
            confidence: decided.confidence,
            level_dbfs: verdict.level_dbfs,
            spans_gap: verdict.spans_gap,
            inference_us: u32::try_from(verdict.inference_ns / 1000).unwrap_or(u32::MAX),
            anomaly: anomaly.map(|(score, _)| score),
            zone: anomaly.map(|(_, zone)| zone),
            probabilities: Probabilities::Borrowed(verdict.probabilities),
        }
    }

    /// The window as the wire format has it.
    pub fn verdict(&self) -> wire::Verdict<'_> {
        wire::Verdict {
            index: self.index,
            start_sample: self.start_sample,
            state: self.state,
            confidence: self.confidence,
            level_dbfs: self.level_dbfs,
            spans_gap: self.spans_gap,
            inference_us: self.inference_us,
            anomaly: self.anomaly,
            probabilities: wire::Floats::new(&self.probabilities),
        }
    }
}

/// One thing to report.
#[derive(Debug, Clone, PartialEq)]
pub enum Event<'a> {
    /// The model and the device: at the start, and after a reload.
    Hello(Arc<DeviceInfo>),
    /// A window.
    Window(Window<'a>),
    /// The reported state changed.
    StateChange(wire::StateChange),
    /// An alarm was raised or has ended, for one cause.
    Alarm(wire::Alarm),
    /// The anomaly score rose above the warning level, or fell below it.
    Warning(wire::Warning),
    /// The course of the daily medians, and whether the model still fits.
    Trend(Arc<TrendReport>),
    /// The counters.
    Health(wire::Health),
    /// Sound was lost.
    Gap(wire::Gap),
    /// Alarms were acknowledged.
    Acknowledged(wire::Acknowledged),
}

impl Event<'_> {
    /// The same event, independent of the window's buffers; see [`Pool::copy`].
    pub(super) fn detached(&self, pool: &Pool, most: usize) -> Event<'static> {
        match self {
            Self::Hello(device) => Event::Hello(Arc::clone(device)),
            Self::Window(window) => {
                Event::Window(Window { probabilities: pool.copy(&window.probabilities, most), ..*window })
            }
            Self::StateChange(change) => Event::StateChange(*change),
            Self::Alarm(alarm) => Event::Alarm(*alarm),
            Self::Warning(warning) => Event::Warning(*warning),
            Self::Trend(report) => Event::Trend(Arc::clone(report)),
            Self::Health(health) => Event::Health(*health),
            Self::Gap(gap) => Event::Gap(*gap),
            Self::Acknowledged(acknowledged) => Event::Acknowledged(*acknowledged),
        }
    }

    /// The event as a message of the wire format.
    pub fn message(&self) -> wire::Message<'_> {
        match self {
            Self::Hello(device) => wire::Message::Hello(wire::Hello {
                model: &device.model,
                model_sha256: device.model_sha256,
                build: env!("CARGO_PKG_VERSION"),
                labels: device.labels.list(),
                rate_hz: device.rate_hz,
                hop_us: device.hop_us,
                rejected_updates: device.rejected_updates.list(),
            }),
            Self::Window(window) => wire::Message::Verdict(window.verdict()),
            Self::StateChange(change) => wire::Message::StateChange(*change),
            Self::Alarm(alarm) => wire::Message::Alarm(*alarm),
            Self::Warning(warning) => wire::Message::Warning(*warning),
            Self::Trend(report) => wire::Message::Trend(report.summary),
            Self::Health(health) => wire::Message::Health(*health),
            Self::Gap(gap) => wire::Message::Gap(*gap),
            Self::Acknowledged(acknowledged) => wire::Message::Acknowledged(*acknowledged),
        }
    }
}
