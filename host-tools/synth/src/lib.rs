//! A synthetic machine with four states: data for the demo and for tests.
//!
//! A motor drives a shaft with a fan and a gear; a tool works soft or solid material. Load lowers the speed and makes
//! it vary, material adds noise and impacts of its own spectrum, the room adds echoes, the microphone its frequency response
//! and noise, and the place its background. Machine, load, distance, gain and place differ between recordings, so that no
//! level and no single tone determines the state. No sound is recorded: figures from it show that the tools work, not how
//! well the states of a real machine are recognised.
//!
//! The same options give the same bytes on every platform: integers from a fixed generator, `libm`, and sums in one order.
//! Cost: about a third of a microsecond per sample and core.
#![forbid(unsafe_code)]

mod background;
pub mod days;
mod fault_table;
mod faults;
mod machine;
mod plan;
mod room;
mod rotor;
mod scene;
mod shift;
mod state;
#[cfg(test)]
mod tests;
mod tones;
mod work;

use std::path::{Path, PathBuf};

use anyhow::Context;
use rayon::prelude::*;
use serde::Serialize;

pub use fault_table::FAULT_TABLE;
pub use faults::{BandHz, Fault};
pub use monitor_sound::timeline;
pub use state::State;

use monitor_model::atomic_file::{self, Temporary};
use monitor_sound::timeline::Span;
use plan::{Job, Made};

/// Samples per block.
const BLOCK: usize = 4_800;

/// Options of a data set.
#[derive(Debug, Clone, Serialize)]
pub struct Options {
    /// Random seed.
    pub seed: u64,
    /// Recordings per class, at least 1.
    pub recordings: u32,
    /// Number of different machines in each class, at least 1.
    pub machines: u32,
    /// Length of each in seconds, at least 1.
    pub seconds: u32,
    /// Length of the long recording with changing states, in seconds; 0 for none.
    pub timeline_s: u32,
    /// Sample rate in Hz, 8 000 to 384 000.
    pub rate_hz: u32,
    /// Whether to add the classes of faults.
    pub faults: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { seed: 1, recordings: 16, machines: 16, seconds: 8, timeline_s: 120, rate_hz: 48_000, faults: false }
    }
}

/// Contents of a data set.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Its options.
    #[serde(flatten)]
    pub options: Options,
    /// The files, by name.
    pub recordings: Vec<RecordingSummary>,
    /// WAV files in the folder that are not part of this set; [`make`] leaves it empty.
    pub others: Vec<PathBuf>,
}

/// One file.
#[derive(Debug, Clone, Serialize)]
pub struct RecordingSummary {
    /// Path of the file.
    pub file: PathBuf,
    /// Its class; none for the long recording.
    pub label: Option<&'static str>,
    /// Its length in seconds.
    pub seconds: f64,
    /// States of the long recording.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<Span>,
    /// Frequencies that the fault adds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fault_bands_hz: Vec<BandHz>,
}

/// Seconds of sound that [`make`] writes with these options: the total of its progress.
pub fn seconds_of_sound(options: &Options) -> u64 {
    plan::jobs(options).iter().map(|job| u64::from(job.seconds(options))).sum()
}

/// Writes a data set to the folder `out`: `out/<class>/m<machine>_<take>.wav`, `out/timeline/` and, with faults,
/// [`FAULT_TABLE`]. `progress` is called with
/// the seconds of sound of each finished file. The files get their names when all are complete: a run that fails or is
/// interrupted leaves none.
///
/// # Errors
/// If a file cannot be written.
pub fn make(out: &Path, options: &Options, progress: impl Fn(u64) + Sync) -> anyhow::Result<Summary> {
    let named = out.join("synth");
    atomic_file::tidy(&named);
    let unfinished = Temporary::beside(&named);
    let made: Vec<anyhow::Result<RecordingSummary>> = plan::jobs(options)
        .par_iter()
        .map(|job| {
            let made = write(unfinished.path(), job, options);
            progress(job.seconds(options).into());
            made
        })
        .collect();
    let mut recordings = made.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    recordings.sort_by(|a, b| a.file.cmp(&b.file));
    for recording in &mut recordings {
        place(recording, unfinished.path(), out)
            .with_context(|| format!("cannot move {} into {}", recording.file.display(), out.display()))?;
    }
    if options.faults {
        fault_table::write(out, &recordings)?;
    }
    Ok(Summary { options: options.clone(), recordings, others: Vec::new() })
}

/// Moves a file, and its timeline if it has one, from the folder `from` to `out`.
fn place(recording: &mut RecordingSummary, from: &Path, out: &Path) -> anyhow::Result<()> {
    let to = out.join(recording.file.strip_prefix(from)?);
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder)?;
    }
    if !recording.spans.is_empty() {
        std::fs::rename(timeline::beside(&recording.file), timeline::beside(&to))?;
    }
    std::fs::rename(&recording.file, &to)?;
    recording.file = to;
    Ok(())
}

fn write(out: &Path, job: &Job, options: &Options) -> anyhow::Result<RecordingSummary> {
    let Made { file, label, mut scene, samples, timeline } = job.set(options);
    let path = out.join(file);
    let fault_bands_hz = scene.fault_bands();
    monitor_model::wav::write(&path, options.rate_hz, 1, |writer| {
        let mut block = [0.0; BLOCK];
        let mut left = samples;
        while left > 0 {
            let len = left.min(BLOCK as u64) as usize;
            scene.fill(&mut block[..len]);
            writer.push(&block[..len])?;
            left -= len as u64;
        }
        Ok(())
    })
    .with_context(|| format!("cannot write {}; check free space and permissions", path.display()))?;
    let spans = match timeline {
        Some(timeline) => {
            let beside = timeline::beside(&path);
            monitor_model::atomic_file::write(&beside, timeline.to_csv().as_bytes())
                .with_context(|| format!("cannot write {}", beside.display()))?;
            timeline.spans
        }
        None => Vec::new(),
    };
    let seconds = samples as f64 / f64::from(options.rate_hz);
    Ok(RecordingSummary { file: path, label, seconds, spans, fault_bands_hz })
}
