//! What the threads that listen tell the threads that report.
//!
//! A [`Report`] owns all it says in a fixed size, so that passing one on allocates nothing; the labels and names, which
//! change at a reload only, are shared.

use std::sync::Arc;

use monitor_core::decision::{Decided, MAX_CLASSES};
use monitor_core::pipeline::Verdict;
use monitor_wire as wire;

/// Who speaks: the model and the program, as told in a hello.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// Name of the model's file, without its folder.
    pub model: String,
    /// SHA-256 of the model's file.
    pub model_sha256: [u8; 32],
    /// Class names, one per line, no line end after the last.
    pub labels: String,
    /// Rate of the captured sound in Hz.
    pub rate_hz: u32,
    /// Microseconds between two windows.
    pub hop_us: u32,
    /// What was offered to this device and is not used, and why, one per line.
    pub not_used: String,
}

/// One window, before and after the decision: a [`wire::Verdict`] that owns its probabilities.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
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
    /// How unlike all training sound it is, where the model has such a measure.
    pub anomaly: Option<f32>,
    /// The classifier's probabilities.
    pub probabilities: heapless::Vec<f32, MAX_CLASSES>,
}

impl Window {
    /// What the chain made of a window, and the decision of that.
    pub fn new(verdict: &Verdict<'_>, decided: Decided) -> Self {
        Self {
            index: verdict.index,
            start_sample: verdict.start_sample,
            state: decided.state.class(),
            confidence: decided.confidence,
            level_dbfs: verdict.level_dbfs,
            spans_gap: verdict.spans_gap,
            inference_us: u32::try_from(verdict.inference_ns / 1000).unwrap_or(u32::MAX),
            anomaly: verdict.anomaly,
            // There are never more: the largest model has as many as the list takes.
            probabilities: heapless::Vec::from_slice(verdict.probabilities).unwrap_or_default(),
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

/// One thing to tell.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "a box would be an allocation per window")]
pub enum Report {
    /// Who speaks; also after a reload.
    Hello(Arc<Who>),
    /// A window.
    Window(Window),
    /// The reported state changed.
    StateChange(wire::StateChange),
    /// The alarm was raised or has ended, for one cause.
    Alarm(wire::Alarm),
    /// The counters.
    Health(wire::Health),
    /// Sound was lost.
    Gap(wire::Gap),
    /// Somebody has acknowledged alarms.
    Acknowledged(wire::Acknowledged),
}

impl Report {
    /// The report as a message of the wire format.
    pub fn message(&self) -> wire::Message<'_> {
        match self {
            Self::Hello(who) => wire::Message::Hello(wire::Hello {
                model: &who.model,
                model_sha256: who.model_sha256,
                build: env!("CARGO_PKG_VERSION"),
                labels: &who.labels,
                rate_hz: who.rate_hz,
                hop_us: who.hop_us,
                not_used: &who.not_used,
            }),
            Self::Window(window) => wire::Message::Verdict(window.verdict()),
            Self::StateChange(change) => wire::Message::StateChange(*change),
            Self::Alarm(alarm) => wire::Message::Alarm(*alarm),
            Self::Health(health) => wire::Message::Health(*health),
            Self::Gap(gap) => wire::Message::Gap(*gap),
            Self::Acknowledged(acknowledged) => wire::Message::Acknowledged(*acknowledged),
        }
    }
}
