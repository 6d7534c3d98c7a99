//! `host-tools synth`: synthesises recordings of a machine with four states.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::value_parser;
use monitor_model::wav::MAX_HEADER_LEN;

use crate::console::{Columns, JsonOut, Side, Ui, check_files};
use crate::data::dataset;
use monitor_synth::{self as synth, Options, Summary};

/// Options of `host-tools synth`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  host-tools synth --out recordings
  host-tools synth --out recordings --faults --seed 2 --recordings 8 --seconds 20")]
pub(crate) struct Args {
    /// Folder for the data set: one folder per class, and `timeline`
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Random seed: the same seed gives the same bytes
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Recordings per class
    #[arg(long, default_value_t = 16, value_parser = value_parser!(u32).range(1..=1000), value_name = "N")]
    recordings: u32,
    /// Number of machines to record [default: one per recording]
    #[arg(long, value_parser = value_parser!(u32).range(1..=1000), value_name = "N")]
    machines: Option<u32>,
    /// Length of each recording, in seconds
    #[arg(long, default_value_t = 8, value_parser = value_parser!(u32).range(1..=3600), value_name = "S")]
    seconds: u32,
    /// Length of the long recording with changing states, in seconds; 0 for none
    #[arg(long, default_value_t = 120, value_parser = value_parser!(u32).range(0..=10_000), value_name = "S")]
    timeline_seconds: u32,
    /// Sample rate, in Hz
    #[arg(long, default_value_t = 48_000, value_parser = value_parser!(u32).range(8_000..=384_000), value_name = "HZ")]
    rate: u32,
    /// Add five classes of faults: bearing tone, knock, imbalance, loose panel, unseen load
    #[arg(long)]
    faults: bool,
    #[command(flatten)]
    json: JsonOut,
}

/// Synthesises the data set and prints its contents.
///
/// # Errors
/// If a file cannot be written.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    check_files(&[args.json.output()])?;
    check_length("--seconds", args.seconds, args.rate)?;
    check_length("--timeline-seconds", args.timeline_seconds, args.rate)?;
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
    let bar = ui.progress("synthesising", synth::seconds_of_sound(&options));
    let mut summary = synth::make(&args.out, &options, |seconds| bar.inc(seconds))?;
    bar.finish_and_clear();
    summary.others = other_recordings(&args.out, &summary)?;
    print(&summary, args, &ui);
    args.json.write("acoustic-monitor/synth/1", &summary)
}

/// Rejects recordings that no WAV file holds, before gigabytes are written.
fn check_length(option: &str, seconds: u32, rate_hz: u32) -> anyhow::Result<()> {
    const BYTES_PER_SAMPLE: u64 = 2;
    let most = (u64::from(u32::MAX) - MAX_HEADER_LEN) / BYTES_PER_SAMPLE / u64::from(rate_hz);
    ensure!(
        u64::from(seconds) <= most,
        "{option} {seconds}: a WAV file of {rate_hz} Hz holds at most {most} s; give fewer seconds or a lower --rate"
    );
    Ok(())
}

/// WAV files in the folders of `out` that are not part of the data set.
fn other_recordings(out: &Path, summary: &Summary) -> anyhow::Result<Vec<PathBuf>> {
    let made: BTreeSet<&Path> = summary.recordings.iter().map(|recording| recording.file.as_path()).collect();
    let below = dataset::wav_files_below(out).with_context(|| format!("cannot read the folder {}", out.display()))?;
    Ok(below.into_iter().filter(|path| !made.contains(path.as_path())).collect())
}

fn print(summary: &Summary, args: &Args, ui: &Ui) {
    let mut labels: Vec<&str> = summary.recordings.iter().filter_map(|recording| recording.label).collect();
    labels.dedup();
    let mut columns = Columns::plain(&[Side::Left, Side::Right, Side::Left]);
    for label in labels {
        let Options { recordings, seconds, machines, .. } = summary.options;
        columns.row([label, &recordings.to_string(), &format!("recordings of {seconds} s, {machines} machines")]);
    }
    columns.lines(0).for_each(|line| ui.print(line));
    for long in summary.recordings.iter().filter(|recording| recording.label.is_none()) {
        let changes = long.spans.len().saturating_sub(1);
        ui.print(format!(
            "{}  {} s, the state changes {changes} times; {} machine",
            long.file.display(),
            long.seconds,
            if summary.options.machines == 1 { "the same" } else { "another" }
        ));
    }
    ui.print(format!(
        "{} recordings in {} (seed {}, {} Hz)",
        summary.recordings.len(),
        args.out.display(),
        args.seed,
        args.rate
    ));
    if !summary.others.is_empty() {
        tracing::info!("{} other WAV files remain in {}", summary.others.len(), args.out.display());
    }
}
