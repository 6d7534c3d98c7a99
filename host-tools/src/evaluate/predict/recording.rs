//! Runs a model over one recording, window by window, on all cores.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Instant;

use monitor_core::anomaly::{NormalSpectra, Spectrum, ZScores, Zone};
use monitor_core::classifier::Classifier;
use monitor_core::decision::{Decided, State};
use monitor_core::log_mel::RATE_HZ;
use monitor_core::microphone::Limits;
use monitor_core::monitor::{AudioBlock, Event, Intake, Judge};
use monitor_core::pipeline::{BackEnd, FrontEnd, OwnedWindow, ReadyWindow, Spectra, Verdict};
use monitor_core::resample::Resampler;
use monitor_core::window::SECONDS as WINDOW_S;
use monitor_nn::Block;
use monitor_recording::{Measure, RecordingReader, Remark};
use rayon::prelude::*;
use serde::Serialize;

use super::{AlarmLog, AnomalyAlarms};
use crate::evaluate::metrics::argmax;

/// Samples read at once.
const BLOCK: usize = 1 << 14;
/// Windows computed at once: some hundredths of a second of work.
const BATCH: usize = 64;

/// Name of the state that no class has.
pub(super) const UNKNOWN: &str = "unknown";

/// The model's result for one window.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Window {
    /// Its start in the recording, seconds.
    pub start_s: f64,
    /// The most probable class.
    pub class: usize,
    /// Its probability, 0..=1.
    pub confidence: f32,
    /// Anomaly score of the last seconds, 1 at the alarm level; `None` where the model has no detector or the microphone was dead.
    pub anomaly: Option<f32>,
    /// Zone of the score: normal, watch, warning or alarm; `None` where the score is.
    pub zone: Option<&'static str>,
    /// Level, dB of full scale.
    pub level_dbfs: f32,
    /// Time of features and head, milliseconds.
    pub inference_ms: f64,
    /// Whether the microphone check reported a dead microphone, as for digital silence: the state is unknown then.
    pub microphone_dead: bool,
    /// Whether a model of one class reports unknown, as its only class is always the most probable.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unknown: bool,
}

impl Window {
    fn from_verdict(verdict: &Verdict<'_>, microphone_dead: bool) -> Self {
        let class = argmax(verdict.probabilities);
        Self {
            start_s: verdict.start_sample as f64 / f64::from(RATE_HZ),
            class,
            confidence: verdict.probabilities.get(class).copied().unwrap_or(0.0),
            anomaly: None,
            zone: None,
            level_dbfs: verdict.level_dbfs,
            inference_ms: verdict.inference_ns as f64 / 1e6,
            microphone_dead,
            unknown: false,
        }
    }

    /// The state of this window before smoothing, and its probability; of a model of one class, which has the same class and
    /// probability for any sound, those that the device reports.
    pub(crate) fn shown<'l>(&self, labels: &'l [String], decided: &Decided) -> (&'l str, f32) {
        match labels {
            [_] if self.unknown => (UNKNOWN, decided.confidence),
            [class] => (class, decided.confidence),
            _ => (labels.get(self.class).map_or(UNKNOWN, String::as_str), self.confidence),
        }
    }
}

/// A window with what the judge concluded from it, as the device would report it.
#[derive(Debug)]
pub struct Concluded<'a> {
    /// The window.
    pub window: &'a Window,
    /// The class probabilities, in the order of the classes.
    pub probabilities: &'a [f32],
    /// Its effect on the state.
    pub decided: Decided,
    /// Whether the alarm by the anomaly score is raised; `None` where the model has no detector.
    pub anomaly_alarm: Option<bool>,
    /// Length of the recording as the file states it, seconds.
    pub recording_s: f64,
}

/// The model's results for one recording.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordingPrediction {
    /// All windows in order.
    pub windows: Vec<Window>,
    /// Alarms by the anomaly score; `None` where the model has no detector.
    pub alarms: Option<AnomalyAlarms>,
    /// Mean probability of each class over the windows; zeros without a window.
    pub mean: Vec<f64>,
    /// Length of the recording, seconds.
    pub seconds: f64,
    /// What the user should know of the recording.
    pub remarks: Vec<Remark>,
    /// Processing time from opening the file, seconds.
    pub took_s: f64,
}

/// Processes the recording at `path`, a window every `hop_columns` columns of 10 ms, with a `judge` that has seen nothing yet.
/// `on_window` receives each window in order and may stop the run. Windows are computed on all cores while the file is read.
///
/// # Errors
/// When the file cannot be read to its end (windows before that have been passed on) or the hop is out of range.
pub fn predict_recording(
    path: &Path,
    classifier: &Classifier<'_>,
    hop_columns: u32,
    mut judge: Judge,
    mut on_window: impl FnMut(&Concluded<'_>) -> ControlFlow<()>,
) -> anyhow::Result<RecordingPrediction> {
    let started = Instant::now();
    let reader = RecordingReader::open(path)?;
    let (rate_hz, recording_s) = (reader.rate_hz(), reader.seconds());
    let mut storage = vec![0.0; Resampler::storage_len(rate_hz)?];
    let mut sound = Sound::new(reader, FrontEnd::new(rate_hz, hop_columns, &mut storage)?.with_gain(classifier.gain()));
    let mut arenas = vec![vec![Block::ZERO; classifier.arena_len()]; rayon::current_num_threads()];
    let backs = arenas.iter_mut().map(|arena| BackEnd::new(classifier.clone(), arena));
    let mut backs = backs.collect::<Result<Vec<_>, _>>()?;
    backs.iter_mut().for_each(|back| back.set_clock(now_ns));

    let mut sums = vec![0.0_f64; classifier.classes()];
    let mut windows = Vec::new();
    let mut alarms = judge.anomaly_alarm().map(|_| AlarmLog::default());
    let normal = classifier.anomaly().and_then(|detector| detector.tables().spectra);
    let mut stopped = false;
    let mut batch = sound.batch();
    while !stopped && !batch.is_empty() {
        let (computed, next) = rayon::join(|| compute(&mut backs, &batch), || sound.batch());
        for ((owned, microphone_dead), (mut window, verdict)) in batch.iter().zip(computed) {
            for (sum, probability) in sums.iter_mut().zip(&verdict.probabilities) {
                *sum += f64::from(*probability);
            }
            let mut decided = None;
            judge.conclude(&verdict.borrowed(owned, normal), *microphone_dead, |event| {
                if let Event::Window { decided: own, anomaly, zone, .. } = event {
                    decided = Some(*own);
                    (window.anomaly, window.zone) = (*anomaly, zone.map(Zone::name));
                }
                if let Some(alarms) = &mut alarms {
                    alarms.record(event, window.start_s + WINDOW_S);
                }
            });
            if let Some(decided) = decided {
                window.unknown = sums.len() == 1 && decided.state == State::Unknown;
                let (probabilities, anomaly_alarm) = (&verdict.probabilities[..], judge.anomaly_alarm());
                let concluded = Concluded { window: &window, probabilities, decided, anomaly_alarm, recording_s };
                stopped = on_window(&concluded).is_break();
            }
            windows.push(window);
            if stopped {
                break;
            }
        }
        batch = next;
    }
    if !stopped {
        sound.ended.take().transpose()?;
    }
    let count = windows.len().max(1) as f64;
    let seconds = sound.frames as f64 / f64::from(rate_hz);
    Ok(RecordingPrediction {
        mean: sums.into_iter().map(|sum| sum / count).collect(),
        alarms: alarms.map(|alarms| alarms.over(seconds)),
        windows,
        seconds,
        remarks: sound.remarks(),
        took_s: started.elapsed().as_secs_f64(),
    })
}

/// A window to be computed, and whether the microphone was dead at its end.
type Queued = (OwnedWindow, bool);

/// A verdict with its own memory, without features.
struct OwnedVerdict {
    index: u64,
    start_sample: u64,
    probabilities: Vec<f32>,
    level_dbfs: f32,
    spans_gap: bool,
    z_scores: Option<ZScores>,
    spectrum: Option<Spectrum>,
    inference_ns: u64,
}

impl OwnedVerdict {
    fn copy_of(verdict: &Verdict<'_>) -> Self {
        Self {
            index: verdict.index,
            start_sample: verdict.start_sample,
            probabilities: verdict.probabilities.to_vec(),
            level_dbfs: verdict.level_dbfs,
            spans_gap: verdict.spans_gap,
            z_scores: verdict.z_scores,
            spectrum: verdict.spectra.map(|spectra| spectra.window),
            inference_ns: verdict.inference_ns,
        }
    }

    fn borrowed<'v>(&'v self, window: &'v OwnedWindow, normal: Option<NormalSpectra<'v>>) -> Verdict<'v> {
        Verdict {
            index: self.index,
            start_sample: self.start_sample,
            probabilities: &self.probabilities,
            features: &[],
            patch: window.patch(),
            rumble: window.rumble(),
            level_dbfs: self.level_dbfs,
            spans_gap: self.spans_gap,
            z_scores: self.z_scores,
            spectra: self.spectrum.zip(normal).map(|(window, normal)| Spectra { window, normal }),
            inference_ns: self.inference_ns,
        }
    }
}

/// A recording on its way through the intake.
struct Sound<'s> {
    reader: RecordingReader,
    measure: Measure,
    intake: Intake<'s>,
    block: Vec<f32>,
    frames: u64,
    /// The outcome, once the recording has ended.
    ended: Option<anyhow::Result<()>>,
}

impl<'s> Sound<'s> {
    fn new(reader: RecordingReader, front: FrontEnd<'s>) -> Self {
        let intake = Intake::new(front, Limits::default());
        let measure = Measure::new(reader.rate_hz(), reader.channels());
        Self { reader, measure, intake, block: vec![0.0; BLOCK], frames: 0, ended: None }
    }

    /// Remarks on the recording as far as it has been read.
    fn remarks(&self) -> Vec<Remark> {
        let mut remarks = self.reader.remarks();
        remarks.extend(self.measure.facts().remarks());
        remarks
    }

    /// The next windows, about [`BATCH`]; none once the recording has ended.
    fn batch(&mut self) -> Vec<Queued> {
        let mut batch = Vec::new();
        while batch.len() < BATCH && self.ended.is_none() {
            self.ended = self.read(&mut batch).transpose();
        }
        batch
    }

    /// Adds the windows that the next block completes; `None` as long as there may be more.
    fn read(&mut self, batch: &mut Vec<Queued>) -> anyhow::Result<Option<()>> {
        let Self { reader, measure, intake, block, frames, .. } = self;
        let mut queue = |ready: &ReadyWindow<'_>, microphone_dead| {
            let mut window = OwnedWindow::EMPTY;
            ready.copy_to(&mut window);
            batch.push((window, microphone_dead));
        };
        let before = reader.replaced();
        let read = reader.read_measured(block, measure)?;
        if read == 0 {
            intake.finish(queue);
            return Ok(Some(()));
        }
        *frames += read as u64;
        let non_finite = u32::try_from(reader.replaced() - before).unwrap_or(u32::MAX);
        intake.process(AudioBlock { samples: &block[..read], non_finite, lost_before: 0 }, &mut queue);
        Ok(None)
    }
}

/// Computes the windows of `batch`, in order; each back end takes a part.
fn compute(backs: &mut [BackEnd<'_>], batch: &[Queued]) -> Vec<(Window, OwnedVerdict)> {
    let part = batch.len().div_ceil(backs.len().max(1)).max(1);
    let compute_part = |(back, part): (&mut BackEnd<'_>, &[Queued])| {
        let mut computed = Vec::with_capacity(part.len());
        for (window, microphone_dead) in part {
            back.compute(window, |verdict| {
                computed.push((Window::from_verdict(verdict, *microphone_dead), OwnedVerdict::copy_of(verdict)));
            });
        }
        computed
    };
    backs.par_iter_mut().zip(batch.par_chunks(part)).flat_map_iter(compute_part).collect()
}

/// Nanoseconds since the first call.
fn now_ns() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
}
