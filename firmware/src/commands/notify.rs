//! `firmware notify --test`: whether messages arrive where `[notify]` sends them.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{anyhow, ensure};

use crate::config::Config;
use crate::sinks::notify::{TestResult, test};

/// Options of `firmware notify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  firmware notify --test
  firmware notify --test --config monitor.toml")]
pub(crate) struct Args {
    /// Send one test message to each server of [notify]
    #[arg(long, required = true)]
    pub test: bool,
    /// The configuration [default: $ACOUSTIC_MONITOR_CONFIG, acoustic-monitor/monitor.toml in the user's configuration folder,
    /// /etc/acoustic-monitor/monitor.toml, or the defaults]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Runs the command; exit code 1 when a server did not take the message.
///
/// # Errors
/// When there is no configuration, no server in it, or a file that it names cannot be read.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let config = Config::load(args.config.as_deref())?;
    let results = test(&config.notify).map_err(|why| anyhow!("notify: {why}"))?;
    ensure!(
        !results.is_empty(),
        "notify: there is no server to send to; set notify.webhook.url, notify.ntfy.url or notify.email.host"
    );
    let mut code = ExitCode::SUCCESS;
    for TestResult { channel, host, failure } in results {
        match failure {
            None => outln!("{channel} {host}: delivered"),
            Some(why) => {
                outln!("{channel} {host}: not delivered: {why}");
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}
