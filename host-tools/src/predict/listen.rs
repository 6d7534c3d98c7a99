//! One recording through the model, window by window, as fast as the machine can.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Instant;

use serde::Serialize;
use shared::classifier::Classifier;
use shared::listener::Verdict;
use shared::log_mel::RATE_HZ;
use shared::microphone::{Limits, Microphone};
use shared::owned::Memory;
use shared::wav::WavReader;

use crate::metrics::argmax;

/// Samples that are read at once.
const BLOCK: usize = 1 << 14;

/// What the model says about one window.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Window {
    /// Its start in the recording, seconds.
    pub start_s: f64,
    /// The most probable class.
    pub class: usize,
    /// Its probability, 0..=1.
    pub confidence: f32,
    /// How unlike normal sound it is, 1 at the alarm threshold; `None` where the model does not say.
    pub anomaly: Option<f32>,
    /// Level, dB of full scale.
    pub level_dbfs: f32,
    /// Time that features and head took, milliseconds.
    pub inference_ms: f64,
    /// Whether no microphone gives such sound (digital silence): the device's state is unknown.
    pub microphone_dead: bool,
}

/// What the model says about one recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// All windows in order.
    pub windows: Vec<Window>,
    /// Mean probability of each class over the windows; zeros without a window.
    pub mean: Vec<f64>,
    /// Length of the recording, seconds.
    pub seconds: f64,
    /// Time that all of it took, from opening the file, seconds.
    pub took_s: f64,
}

/// Hears the WAV file at `path`, a window every `hop_columns` columns of 10 ms; `on_window` may break it off.
///
/// # Errors
/// When the file cannot be read to its end or the hop is out of range.
pub fn listen<'m>(
    path: &Path,
    classifier: Classifier<'m>,
    hop_columns: u32,
    mut on_window: impl FnMut(&Window, &Verdict<'_>) -> ControlFlow<()>,
) -> anyhow::Result<Heard> {
    let started = Instant::now();
    let mut reader = WavReader::open(path)?;
    let rate_hz = reader.rate_hz();
    let mut sums = vec![0.0_f64; classifier.classes()];
    let mut windows = Vec::new();
    let mut memory = Memory::new(&classifier, rate_hz)?;
    let mut listener = memory.listener(classifier, rate_hz, hop_columns)?;
    listener.set_clock(now_ns);
    let mut microphone = Microphone::new(Limits::default());
    let mut flow = ControlFlow::Continue(());
    let mut say = |verdict: &Verdict<'_>, microphone_dead: bool| {
        if flow.is_break() {
            return flow;
        }
        let class = argmax(verdict.probabilities);
        let window = Window {
            start_s: verdict.start_sample as f64 / f64::from(RATE_HZ),
            class,
            confidence: verdict.probabilities.get(class).copied().unwrap_or(0.0),
            anomaly: verdict.anomaly,
            level_dbfs: verdict.level_dbfs,
            inference_ms: verdict.inference_ns as f64 / 1e6,
            microphone_dead,
        };
        for (sum, probability) in sums.iter_mut().zip(verdict.probabilities) {
            *sum += f64::from(*probability);
        }
        flow = on_window(&window, verdict);
        windows.push(window);
        flow
    };
    let mut block = vec![0.0; BLOCK];
    let (mut frames, mut replaced) = (0_u64, 0);
    let mut broken = false;
    while !broken {
        let read = reader.read(&mut block)?;
        if read == 0 {
            break;
        }
        frames += read as u64;
        let no_numbers = u32::try_from(reader.replaced() - replaced).unwrap_or(u32::MAX);
        replaced = reader.replaced();
        microphone.hear(&block[..read], no_numbers, rate_hz, |part, dead| {
            listener.push(part, |verdict| broken |= say(verdict, dead).is_break());
        });
    }
    if !broken {
        listener.finish(|verdict| broken |= say(verdict, microphone.is_dead()).is_break());
    }
    let count = windows.len().max(1) as f64;
    Ok(Heard {
        mean: sums.into_iter().map(|sum| sum / count).collect(),
        windows,
        seconds: frames as f64 / f64::from(rate_hz),
        took_s: started.elapsed().as_secs_f64(),
    })
}

/// Nanoseconds since the first call.
fn now_ns() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
}
