//! The measurements.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use monitor_core::anomaly::WindowValues;
use monitor_core::log_mel::{HOP, LogMel, RATE_HZ};
use monitor_core::window::{COLUMNS, DEFAULT_HOP, Patch};
use monitor_model::owned::{Memory, OwnedModel};
use monitor_nn::{Block, Network};
use rayon::prelude::*;
use serde::Serialize;

/// Microseconds of one run.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Time {
    /// Median.
    pub median: f64,
    /// Minimum.
    pub least: f64,
}

impl Time {
    fn from_runs(mut runs: Vec<f64>) -> Self {
        runs.sort_by(f64::total_cmp);
        Self { median: runs.get(runs.len() / 2).copied().unwrap_or(0.0), least: runs.first().copied().unwrap_or(0.0) }
    }

    fn divided_by(self, count: f64) -> Self {
        Self { median: self.median / count, least: self.least / count }
    }
}

/// Times `runs` runs after three warm-up runs.
pub(super) fn time<E: std::error::Error + Send + Sync + 'static>(
    runs: u32,
    mut run: impl FnMut() -> Result<(), E>,
) -> anyhow::Result<Time> {
    let mut times = Vec::new();
    for _ in 0..runs + 3 {
        let start = Instant::now();
        run()?;
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    Ok(Time::from_runs(times.split_off(3)))
}

/// Working memory of a network.
pub(super) fn arena(network: &Network) -> Vec<Block> {
    vec![Block::ZERO; network.arena_len()]
}

/// Machine-like sound: a hum of varying level, and noise; the same on every run.
pub(super) fn sound(seconds: u32) -> Vec<f32> {
    let mut state = 7_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / 16_777_216.0 - 0.5
    };
    let sample = |n: u32| {
        let t = f64::from(n) / f64::from(RATE_HZ);
        let hum: f64 = (1..12).map(|k| (t * 118.0 * f64::from(k) * std::f64::consts::TAU).sin() / f64::from(k)).sum();
        (0.12 * hum * (1.0 + 0.5 * (t * 9.0).sin()) + 0.08 * noise()) as f32
    };
    (0..seconds * RATE_HZ).map(sample).collect()
}

/// The log-mel patch of that sound.
pub(super) fn patch() -> Patch {
    let mut columns = Vec::new();
    LogMel::new().push(&sound(2), |column| columns.push(*column));
    std::array::from_fn(|index: usize| columns[index.min(COLUMNS - 1)])
}

/// The front end, per window at the default hop.
pub(super) fn front_end(runs: u32) -> Time {
    let (samples, mut front_end) = (sound(2), LogMel::new());
    let mut times = Vec::new();
    for _ in 0..runs.div_ceil(10) {
        let start = Instant::now();
        front_end.push(&samples, |column| {
            std::hint::black_box(column);
        });
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    let windows = samples.len() as f64 / (HOP as f64 * f64::from(DEFAULT_HOP));
    Time::from_runs(times).divided_by(windows)
}

/// A hop of 0.1 s, in columns.
pub(super) const FAST_HOP: u32 = 10;

/// Samples to verdicts, per window at a hop of `hop_columns` columns, with 24 s of sound at a time.
pub(super) fn stream(model: &OwnedModel, hop_columns: u32, runs: u32) -> anyhow::Result<Time> {
    let classifier = model.contents().classifier.clone();
    let mut memory = Memory::new(&classifier, RATE_HZ)?;
    let mut pipeline = memory.pipeline(classifier, RATE_HZ, hop_columns)?;
    let samples = sound(24);
    let hops = samples.len() as f64 / (HOP as f64 * f64::from(hop_columns));
    let mut times = Vec::new();
    for _ in 0..runs.div_ceil(30) + 1 {
        let start = Instant::now();
        pipeline.push(&samples, |verdict| {
            std::hint::black_box(verdict.probabilities);
        });
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    Ok(Time::from_runs(times.split_off(1)).divided_by(hops))
}

/// The anomaly score of a window, as the device computes it; `None` for a model without one.
pub(super) fn anomaly(model: &OwnedModel, runs: u32) -> anyhow::Result<Option<Time>> {
    let classifier = model.contents().classifier.clone();
    let Some(detector) = classifier.anomaly().copied() else { return Ok(None) };
    let mut memory = Memory::new(&classifier, RATE_HZ)?;
    let mut pipeline = memory.pipeline(classifier, RATE_HZ, DEFAULT_HOP)?;
    let mut window = None;
    pipeline.push(&sound(1), |verdict| window = Some((*verdict.patch, verdict.features.to_vec(), *verdict.rumble)));
    let (patch, features, rumble) = window.context("a second of sound gave no window")?;
    let values = WindowValues { patch: &patch, features: &features, rumble: &rumble };
    let score = || -> Result<(), std::convert::Infallible> {
        std::hint::black_box(detector.z_scores(std::hint::black_box(&values)));
        Ok(())
    };
    time(runs, score).map(Some)
}

/// From the file's name to the first verdict, in milliseconds, once the file is in the page cache.
pub(super) fn load_to_first_verdict(path: &Path) -> anyhow::Result<f64> {
    let samples = sound(1);
    let mut least = f64::INFINITY;
    for _ in 0..5 {
        let start = Instant::now();
        let model = OwnedModel::load(path)?;
        let classifier = model.contents().classifier.clone();
        let mut memory = Memory::new(&classifier, RATE_HZ)?;
        let mut pipeline = memory.pipeline(classifier, RATE_HZ, DEFAULT_HOP)?;
        let mut windows = 0;
        pipeline.push(&samples, |_| windows += 1);
        anyhow::ensure!(windows > 0, "a second of sound gave no window");
        least = least.min(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(least)
}

/// Many windows spread over threads.
#[derive(Debug, Serialize)]
pub(super) struct Batch {
    /// Windows of the batch.
    pub windows: usize,
    /// Its speed on one thread, two, ... all.
    pub cores: Vec<Cores>,
}

/// Speed of a batch.
#[derive(Debug, Serialize)]
pub(super) struct Cores {
    /// Threads.
    pub threads: usize,
    /// Windows per second: median of the repetitions.
    pub windows_per_s: f64,
    /// Windows per second of the best repetition.
    pub best_windows_per_s: f64,
}

/// Runs a batch on one thread, and on all; one packed weights blob, an arena for each thread.
pub(super) fn batch(model: &OwnedModel, runs: u32) -> anyhow::Result<Batch> {
    let windows = (runs as usize).max(64);
    let network = model.contents().classifier.network().context("the model has no int8 network")?;
    let patch = patch();
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    let mut counts = vec![1, all];
    counts.dedup();
    let pools: Vec<_> = counts
        .into_iter()
        .map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().map(|pool| (threads, pool)))
        .collect::<Result<_, _>>()?;
    let mut speeds = vec![Vec::new(); pools.len()];
    // Alternating, so that other load on the machine affects all equally.
    for _ in 0..9 {
        for ((_, pool), speeds) in pools.iter().zip(&mut speeds) {
            let took = pool.install(|| run_batch(network, &patch, windows))?;
            speeds.push(windows as f64 / took.as_secs_f64());
        }
    }
    let cores = pools.iter().zip(speeds).map(|((threads, _), mut speeds)| {
        speeds.sort_by(f64::total_cmp);
        let best_windows_per_s = speeds.last().copied().unwrap_or(0.0);
        Cores { threads: *threads, windows_per_s: speeds[speeds.len() / 2], best_windows_per_s }
    });
    Ok(Batch { windows, cores: cores.collect() })
}

fn run_batch(network: &Network, patch: &Patch, windows: usize) -> anyhow::Result<Duration> {
    let start = Instant::now();
    (0..windows).into_par_iter().try_for_each_init(
        || (arena(network), vec![0; network.pooled_len()], vec![0; network.scores_len()]),
        |(arena, embedding, scores), _| network.run(patch, arena, embedding, scores),
    )?;
    Ok(start.elapsed())
}

/// The clock, from a chain of shifts and exclusive-ors that no compiler can shorten: six of one cycle each per link.
///
/// Good to a few per cent on x86-64; Arm cores may join a shift to what follows.
pub(super) fn gigahertz() -> f64 {
    const LINKS: u32 = 300_000;
    let mut best = f64::INFINITY;
    for _ in 0..30 {
        let start = Instant::now();
        let mut x = std::hint::black_box(3_u64);
        for _ in 0..LINKS {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
        }
        std::hint::black_box(x);
        best = best.min(start.elapsed().as_secs_f64());
    }
    6.0 * f64::from(LINKS) / best / 1e9
}

/// The processor's name as reported by the system.
pub(super) fn processor() -> String {
    let path = if cfg!(target_os = "linux") { "/proc/cpuinfo" } else { return "unknown".into() };
    let info = std::fs::read_to_string(path).unwrap_or_default();
    let name = info.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split(':').nth(1));
    name.map_or_else(|| std::env::consts::ARCH.to_string(), |name| name.trim().to_string())
}
