//! `host-tools synth`: a data set of a believable four-state machine.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::value_parser;

use crate::dataset;
use crate::json::JsonOut;
use crate::ui::Ui;
use monitor_synth::{self as synth, Options, Summary};

/// Options of `host-tools synth`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder to make the data set in: one folder per class, and `timeline`
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Decides everything that is drawn: the same seed gives the same bytes
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Recordings per class
    #[arg(long, default_value_t = 16, value_parser = value_parser!(u32).range(1..=1000), value_name = "N")]
    recordings: u32,
    /// Machines that the recordings are of [default: one per recording]
    #[arg(long, value_parser = value_parser!(u32).range(1..=1000), value_name = "N")]
    machines: Option<u32>,
    /// Length of each recording in seconds
    #[arg(long, default_value_t = 8, value_parser = value_parser!(u32).range(1..=3600), value_name = "S")]
    seconds: u32,
    /// Length of the long recording whose state changes, in seconds; 0 for none
    #[arg(long, default_value_t = 120, value_parser = value_parser!(u32).range(0..=10_000), value_name = "S")]
    timeline_seconds: u32,
    /// Sample rate in Hz
    #[arg(long, default_value_t = 48_000, value_parser = value_parser!(u32).range(8_000..=192_000), value_name = "HZ")]
    rate: u32,
    /// Make five classes of faults as well: bearing tone, knock, imbalance, loose panel, unseen load
    #[arg(long)]
    faults: bool,
    #[command(flatten)]
    json: JsonOut,
}

/// Makes the data set and says what was made.
///
/// # Errors
/// If a file cannot be written.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let ui = Ui::new(&args.json);
    let options = Options {
        seed: args.seed,
        recordings: args.recordings,
        machines: args.machines.unwrap_or(args.recordings).min(args.recordings),
        seconds: args.seconds,
        timeline_s: args.timeline_seconds,
        rate_hz: args.rate,
        faults: args.faults,
    };
    let bar = ui.progress("making", synth::seconds_of_sound(&options));
    let mut summary = synth::make(&args.out, &options, |seconds| bar.inc(seconds))?;
    bar.finish_and_clear();
    summary.others = other_recordings(&args.out, &summary)?;
    say(&summary, args, &ui);
    args.json.write(&summary)
}

/// WAV files in the folders of `out` that are not of the set.
fn other_recordings(out: &Path, summary: &Summary) -> anyhow::Result<Vec<PathBuf>> {
    let made: BTreeSet<&Path> = summary.recordings.iter().map(|recording| recording.file.as_path()).collect();
    let below = dataset::wav_files_below(out).with_context(|| format!("cannot read the folder {}", out.display()))?;
    Ok(below.into_iter().filter(|path| !made.contains(path.as_path())).collect())
}

fn say(summary: &Summary, args: &Args, ui: &Ui) {
    let mut labels: Vec<&str> = summary.recordings.iter().filter_map(|recording| recording.label).collect();
    labels.dedup();
    for label in labels {
        ui.say(format!(
            "{label:<20} {:>4} recordings of {} s, {} machines",
            summary.options.recordings, summary.options.seconds, summary.options.machines
        ));
    }
    for long in summary.recordings.iter().filter(|recording| recording.label.is_none()) {
        let changes = long.spans.len().saturating_sub(1);
        ui.say(format!(
            "{}  {} s, the state changes {changes} times; {} machine",
            long.file.display(),
            long.seconds,
            if summary.options.machines == 1 { "the same" } else { "another" }
        ));
    }
    ui.say(format!(
        "{} recordings in {} (seed {}, {} Hz)",
        summary.recordings.len(),
        args.out.display(),
        args.seed,
        args.rate
    ));
    if !summary.others.is_empty() {
        ui.say(format!(
            "note: {} other WAV files already lay in {} and are still there",
            summary.others.len(),
            args.out.display()
        ));
    }
}
