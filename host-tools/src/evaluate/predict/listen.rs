//! One recording through the model, window by window, as fast as the machine can.

use std::fs::File;
use std::io::BufReader;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Instant;

use monitor_core::classifier::Classifier;
use monitor_core::listener::{BackEnd, Due, DueWindow, FrontEnd, Verdict};
use monitor_core::log_mel::RATE_HZ;
use monitor_core::microphone::{Limits, Microphone};
use monitor_core::resample::Resampler;
use monitor_model::wav::WavReader;
use monitor_nn::Block;
use rayon::prelude::*;
use serde::Serialize;

use crate::evaluate::metrics::argmax;

/// Samples that are read at once.
const BLOCK: usize = 1 << 14;
/// Windows that are computed at once: some hundredths of a second of work.
const BATCH: usize = 64;

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

impl Window {
    fn of(verdict: &Verdict<'_>, microphone_dead: bool) -> Self {
        let class = argmax(verdict.probabilities);
        Self {
            start_s: verdict.start_sample as f64 / f64::from(RATE_HZ),
            class,
            confidence: verdict.probabilities.get(class).copied().unwrap_or(0.0),
            anomaly: verdict.anomaly,
            level_dbfs: verdict.level_dbfs,
            inference_ms: verdict.inference_ns as f64 / 1e6,
            microphone_dead,
        }
    }
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

/// Hears the WAV file at `path`, a window every `hop_columns` columns of 10 ms; `on_window` gets each with its probabilities,
/// in order, and may break it off. Windows are computed on all cores while the file is read.
///
/// # Errors
/// When the file cannot be read to its end (what was heard before has been handed over) or the hop is out of range.
pub fn listen(
    path: &Path,
    classifier: &Classifier<'_>,
    hop_columns: u32,
    mut on_window: impl FnMut(&Window, &[f32]) -> ControlFlow<()>,
) -> anyhow::Result<Heard> {
    let started = Instant::now();
    let reader = WavReader::open(path)?;
    let rate_hz = reader.rate_hz();
    let mut storage = vec![0.0; Resampler::storage_len(rate_hz)?];
    let mut sound = Sound::new(reader, FrontEnd::new(rate_hz, hop_columns, &mut storage)?);
    let mut arenas = vec![vec![Block::ZERO; classifier.arena_len()]; rayon::current_num_threads()];
    let backs = arenas.iter_mut().map(|arena| BackEnd::new(classifier.clone(), arena));
    let mut backs = backs.collect::<Result<Vec<_>, _>>()?;
    backs.iter_mut().for_each(|back| back.set_clock(now_ns));

    let mut sums = vec![0.0_f64; classifier.classes()];
    let mut windows = Vec::new();
    let mut broken = false;
    let mut batch = sound.batch();
    while !broken && !batch.is_empty() {
        let (heard, next) = rayon::join(|| compute(&mut backs, &batch), || sound.batch());
        for (window, probabilities) in heard {
            for (sum, probability) in sums.iter_mut().zip(&probabilities) {
                *sum += f64::from(*probability);
            }
            broken = on_window(&window, &probabilities).is_break();
            windows.push(window);
            if broken {
                break;
            }
        }
        batch = next;
    }
    if !broken {
        sound.ended.transpose()?;
    }
    let count = windows.len().max(1) as f64;
    Ok(Heard {
        mean: sums.into_iter().map(|sum| sum / count).collect(),
        windows,
        seconds: sound.frames as f64 / f64::from(rate_hz),
        took_s: started.elapsed().as_secs_f64(),
    })
}

/// A window to be computed, and whether the microphone was dead at its end.
type Kept = (DueWindow, bool);

/// A recording on its way through the front end.
struct Sound<'s> {
    reader: WavReader<BufReader<File>>,
    front: FrontEnd<'s>,
    microphone: Microphone,
    block: Vec<f32>,
    frames: u64,
    /// How it ended, once it has.
    ended: Option<anyhow::Result<()>>,
}

impl<'s> Sound<'s> {
    fn new(reader: WavReader<BufReader<File>>, front: FrontEnd<'s>) -> Self {
        let microphone = Microphone::new(Limits::default());
        Self { reader, front, microphone, block: vec![0.0; BLOCK], frames: 0, ended: None }
    }

    /// The windows that come next, about [`BATCH`]; none once it has ended.
    fn batch(&mut self) -> Vec<Kept> {
        let mut batch = Vec::new();
        while batch.len() < BATCH && self.ended.is_none() {
            self.ended = self.read(&mut batch).transpose();
        }
        batch
    }

    /// Adds the windows that the next block completes; `None` as long as there may be more.
    fn read(&mut self, batch: &mut Vec<Kept>) -> anyhow::Result<Option<()>> {
        let Self { reader, front, microphone, block, frames, .. } = self;
        let mut keep = |due: &Due<'_>, dead| {
            let mut window = DueWindow::NONE;
            due.keep(&mut window);
            batch.push((window, dead));
        };
        let before = reader.replaced();
        let read = reader.read(block)?;
        if read == 0 {
            front.finish_apart(|due| keep(due, microphone.is_dead()));
            return Ok(Some(()));
        }
        *frames += read as u64;
        let no_numbers = u32::try_from(reader.replaced() - before).unwrap_or(u32::MAX);
        microphone.hear(&block[..read], no_numbers, front.rate_hz(), |part, dead| {
            front.push_apart(part, |due| keep(due, dead));
        });
        Ok(None)
    }
}

/// What every window of `batch` is heard as, in its order; each back end takes a part.
fn compute(backs: &mut [BackEnd<'_>], batch: &[Kept]) -> Vec<(Window, Vec<f32>)> {
    let part = batch.len().div_ceil(backs.len().max(1)).max(1);
    let hear = |(back, part): (&mut BackEnd<'_>, &[Kept])| {
        let mut heard = Vec::with_capacity(part.len());
        for (window, dead) in part {
            back.hear(window, |verdict| heard.push((Window::of(verdict, *dead), verdict.probabilities.to_vec())));
        }
        heard
    };
    backs.par_iter_mut().zip(batch.par_chunks(part)).flat_map_iter(hear).collect()
}

/// Nanoseconds since the first call.
fn now_ns() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
}
