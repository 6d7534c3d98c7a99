//! `firmware update`: install an update from the SD card after a self-test; the card's init calls it before it starts the
//! program.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::Context;

use crate::update::{Options, Outcome, decide, put, slot};

/// Options of `firmware update`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  firmware update
  firmware update --card /boot/firmware --remount
  firmware update --card card --into installed --work work --note note.txt")]
pub(crate) struct Args {
    /// The card's partition, mounted
    #[arg(long, value_name = "FOLDER", default_value = "/boot")]
    pub card: PathBuf,
    /// Folder to install into: model, its signature, and the program where it is not the card's own
    #[arg(long, value_name = "FOLDER", default_value = "/etc/acoustic-monitor")]
    pub into: PathBuf,
    /// Folder in memory for self-tests
    #[arg(long, value_name = "FOLDER", default_value = "/run/acoustic-monitor/update")]
    pub work: PathBuf,
    /// File for the result: `firmware run` reports rejected updates with the state
    #[arg(long, value_name = "FILE", default_value = crate::update::NOTE)]
    pub note: PathBuf,
    /// The configuration [default: $ACOUSTIC_MONITOR_CONFIG, acoustic-monitor/monitor.toml in the user's configuration folder,
    /// /etc/acoustic-monitor/monitor.toml, or the defaults]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Mount the partition for writing while something is written
    #[arg(long)]
    pub remount: bool,
}

/// Runs the command.
///
/// # Errors
/// When a trial cannot be made, or what is used cannot be put where it belongs. That something is refused is no error.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let options = Options {
        card: args.card.clone(),
        work: args.work.clone(),
        config: args.config.clone(),
        own: std::env::current_exe().context("where is this program?")?,
    };
    let mut outcome = decide(&options).with_context(|| args.work.display().to_string())?;
    put(&outcome.files, &args.into).with_context(|| args.into.display().to_string())?;
    keep(args, &mut outcome);
    let text = outcome.text();
    errln!("{}", text.trim_end());
    let _ = std::fs::remove_dir_all(&args.work);
    monitor_model::atomic_file::write(&args.note, text.as_bytes()).with_context(|| args.note.display().to_string())?;
    Ok(ExitCode::SUCCESS)
}

/// Writes to the card what it does not have yet: the slot, and a note with the result for people.
fn keep(args: &Args, outcome: &mut Outcome) {
    let note = args.card.join("update.txt");
    let is_noted = |outcome: &Outcome| std::fs::read_to_string(&note).is_ok_and(|text| text == outcome.text());
    if outcome.write.is_none() && is_noted(outcome) {
        return;
    }
    let mounted = mount(args, "rw");
    if let Some((which, generation)) = outcome.write.take() {
        errln!("what was dropped on the card works; keeping it there as generation {generation}");
        let slot = slot::Slot { generation, files: outcome.files.clone() };
        let step_done = |step: &str| {
            errln!("  {step}");
            Ok(())
        };
        if let Err(error) =
            mounted.as_ref().map_err(clone).and_then(|()| slot::write(&args.card, which, &slot, step_done))
        {
            outcome.refused.push(format!("used until the power goes, as it cannot be kept on the card: {error}"));
        }
    }
    if mounted.is_ok() && !is_noted(outcome) {
        let text = outcome.text();
        let written = std::fs::write(&note, text).and_then(|()| std::fs::File::open(&note)?.sync_all());
        if let Err(error) = written {
            errln!("{}: {error}", note.display());
        }
    }
    if let Err(error) = mounted.and_then(|()| mount(args, "ro")) {
        errln!("{}: {error}", args.card.display());
    }
}

fn clone(error: &std::io::Error) -> std::io::Error {
    std::io::Error::new(error.kind(), error.to_string())
}

/// Mounts the partition again with `how` it may be used.
fn mount(args: &Args, how: &str) -> std::io::Result<()> {
    if !args.remount {
        return Ok(());
    }
    let mounted = Command::new("mount").arg("-o").arg(format!("remount,{how}")).arg::<&Path>(&args.card).output()?;
    if mounted.status.success() {
        return Ok(());
    }
    let why = String::from_utf8_lossy(&mounted.stderr).trim().to_owned();
    Err(std::io::Error::other(format!("mounting it again ({how}) fails: {why}")))
}
