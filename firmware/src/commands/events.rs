//! `firmware events`: the event log, for people or as CSV.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, ensure};

use crate::config::Config;
use crate::sinks::events::read;
use crate::sinks::events::table::text;

/// Options of `firmware events`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  firmware events
  firmware events --folder /var/lib/acoustic-monitor/events --csv > events.csv")]
pub struct Args {
    /// The configuration [default: $ACOUSTIC_MONITOR_CONFIG, acoustic-monitor/monitor.toml in the user's configuration folder,
    /// /etc/acoustic-monitor/monitor.toml, or the defaults]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The log's folder; the configuration's unless given
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// Comma-separated values with a header
    #[arg(long)]
    pub csv: bool,
}

/// Runs the command.
///
/// # Errors
/// When there is no log, or it cannot be read.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let config = Config::load(args.config.as_deref())?;
    let folder = args.folder.as_ref().unwrap_or(&config.events.folder);
    ensure!(
        !folder.as_os_str().is_empty(),
        "no event log is configured; set [events] folder, for example to \"/var/lib/acoustic-monitor/events\""
    );
    let (records, damaged) =
        read(folder).with_context(|| format!("{}: the event log cannot be read", folder.display()))?;
    out!("{}", text(&records, args.csv));
    if damaged > 0 {
        errln!("{damaged} pieces of records were passed over: torn by a power cut or a full disk");
    }
    Ok(ExitCode::SUCCESS)
}
