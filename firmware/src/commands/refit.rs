//! `firmware refit`: refit the head to labelled clips, and go back to an earlier version.
//!
//! The model is never changed: a refit goes to the state directory ([`crate::refit`]), which `run` and `check` read.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use jiff::Timestamp;
use monitor_model::document::REFIT;

use super::json_out::JsonOut;
use crate::config::Config;
use crate::inference::signature;
use crate::refit::{self, Request, Settings, Version};

/// Options of `firmware refit`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["labels", "list", "activate", "undo"]))]
#[command(after_help = "Examples:
  firmware refit --labels labels.csv --dry-run
  firmware refit --labels labels.csv --model sound_classifier.tflite
  firmware refit --list
  firmware refit --undo")]
pub(crate) struct Args {
    /// Refit to the clips of this list: the manifest that `host-tools train` takes, with a column condition (normal, fault)
    #[arg(long, value_name = "FILE")]
    pub(crate) labels: Option<PathBuf>,
    /// List the stored versions
    #[arg(long)]
    pub(crate) list: bool,
    /// Use a stored version; 0 for the model's own head and anomaly tables
    #[arg(long, value_name = "N")]
    pub(crate) activate: Option<u32>,
    /// Go back to what was in use before
    #[arg(long)]
    pub(crate) undo: bool,
    /// Compare only; store and change nothing
    #[arg(long, requires = "labels")]
    pub(crate) dry_run: bool,
    /// The model; the configuration's unless given
    #[arg(long, value_name = "FILE")]
    pub(crate) model: Option<PathBuf>,
    /// The configuration; /etc/acoustic-monitor/monitor.toml where it exists, else every default
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Folder that versions are stored in; the configuration's unless given
    #[arg(long, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) json: JsonOut,
}

/// What `run` does with it.
const NEXT: &str = "`run` uses it from its next start or SIGHUP on";

/// Runs the command. Exit code 1 if the refit is refused.
///
/// # Errors
/// When the model, the labels or a version cannot be used, or a file cannot be written.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut config = Config::load_in(args.config.as_deref(), args.state_dir.as_deref())?;
    if let Some(model) = &args.model {
        config.listen.model.clone_from(model);
    }
    config.validate()?;
    let settings = config.refit();
    if let Some(labels) = &args.labels {
        let model = &config.listen.model;
        let bytes = std::fs::read(model).with_context(|| model.display().to_string())?;
        signature::check(&config.listen, &bytes)?;
        return fit(args, settings, labels);
    }
    if args.list {
        list(&refit::versions(&settings)?, &args.json)?;
        return Ok(ExitCode::SUCCESS);
    }
    let active = match args.activate {
        Some(number) => {
            let number = (number != 0).then_some(number);
            refit::activate(&settings, number)?;
            number
        }
        None => refit::undo(&settings)?,
    };
    args.json.write(REFIT, &serde_json::json!({ "active": active }))?;
    match active {
        _ if args.json.takes_stdout() => {}
        Some(number) => outln!("version {number} is active; {NEXT}"),
        None => outln!("the model's own head and anomaly tables are active; {NEXT}"),
    }
    Ok(ExitCode::SUCCESS)
}

fn fit(args: &Args, settings: Settings, labels: &Path) -> anyhow::Result<ExitCode> {
    args.json.check()?;
    let clips = refit::read_labels(labels)?;
    let request = Request { settings, clips, activate: !args.dry_run };
    let report = refit::refit(&request, &|step| {
        if !args.json.takes_stdout() {
            errln!("{step}");
        }
    })?;
    args.json.write(REFIT, &report)?;
    if !args.json.takes_stdout() {
        outln!("{report}");
        if report.version.is_some() {
            errln!("{NEXT}; `firmware refit --undo` goes back");
        }
    }
    Ok(if report.accepted { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints the stored versions.
fn list(versions: &[Version], json: &JsonOut) -> anyhow::Result<()> {
    json.write(REFIT, &serde_json::json!({ "versions": versions }))?;
    if json.takes_stdout() {
        return Ok(());
    }
    if versions.is_empty() {
        outln!("no version is stored");
    }
    for version in versions {
        let mark = if version.active { "*" } else { " " };
        let when = match i64::try_from(version.created_unix).map(Timestamp::from_second) {
            Ok(Ok(time)) if version.created_unix > 0 => time.to_string(),
            _ => "the clock was not set".into(),
        };
        let what = match version {
            Version { damaged: true, .. } => "damaged".into(),
            Version { fits_model: false, .. } => "of another model".into(),
            Version { labels, has_tables, .. } => {
                let states = if labels.is_empty() { "the model's states".into() } else { labels.join(", ") };
                if *has_tables { format!("{states}; wider normal sound") } else { states }
            }
        };
        outln!("{mark} {:>3}  {when}  {what}", version.number);
    }
    Ok(())
}
