//! `firmware health`: check the running instance. For a container's health check: exit code 0 or 1, and one line why.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, ensure};

use crate::config::Config;
use crate::sinks::status::{StatusFile, boot_s};

/// Options of `firmware health`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  firmware health
  firmware health --status /run/acoustic-monitor/status.json")]
pub(crate) struct Args {
    /// The configuration [default: $ACOUSTIC_MONITOR_CONFIG, acoustic-monitor/monitor.toml in the user's configuration folder,
    /// /etc/acoustic-monitor/monitor.toml, or the defaults]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The state file; the configuration's unless given
    #[arg(long, value_name = "FILE")]
    pub status: Option<PathBuf>,
}

/// How old the state may be beyond the time between two writes, in seconds.
const LATE_S: f64 = 5.0;

/// Runs the command.
///
/// # Errors
/// When no instance runs, or it is not well.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let config = Config::load(args.config.as_deref())?;
    let file = args.status.as_ref().unwrap_or(&config.status.file);
    ensure!(
        !file.as_os_str().is_empty(),
        "no state file is configured; set [status] file, for example to \"/run/acoustic-monitor/status.json\""
    );
    let text = std::fs::read(file).with_context(|| {
        format!("{}: cannot be read; is `firmware run` running with this configuration?", file.display())
    })?;
    let status: StatusFile =
        serde_json::from_slice(&text).with_context(|| format!("{}: is no state file", file.display()))?;
    outln!("{}", judge(&status, boot_s(), f64::from(config.status.every_s))?);
    Ok(ExitCode::SUCCESS)
}

/// One line about a good state, or the reason why the state is bad.
fn judge(status: &StatusFile, boot_s: u64, every_s: f64) -> anyhow::Result<String> {
    let age = boot_s.checked_sub(status.boot_s).with_context(|| {
        format!("the state was written before the machine was started: the program (pid {}) runs no more", status.pid)
    })?;
    ensure!(
        age as f64 <= every_s + LATE_S,
        "the state was written {age} s ago: the program hangs or was killed (pid {})",
        status.pid
    );
    ensure!(
        matches!(status.capture.as_str(), "running" | "ended"),
        "no sound: capture is {}; `firmware doctor` shows why",
        status.capture
    );
    // An offset or clipping leaves something to listen to.
    let dead = monitor_core::microphone::names(monitor_core::microphone::DEAD)
        .find(|fault| status.microphone.iter().any(|f| f == fault));
    if let Some(fault) = dead {
        anyhow::bail!(
            "microphone fault: {fault}; is it connected, switched on and not muted? `firmware doctor` shows more"
        );
    }
    let mut line = format!(
        "{} ({:.2}), {} windows, {} xruns, {} gaps, up {:.0} s",
        status.state, status.confidence, status.windows, status.xruns, status.gaps, status.up_s
    );
    for why in &status.rejected_updates {
        line += &format!("; not used: {why}");
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> StatusFile {
        StatusFile { boot_s: 1000, capture: "running".into(), state: "on_state".into(), ..StatusFile::default() }
    }

    #[test]
    fn a_fresh_state_with_sound_is_good() {
        assert!(judge(&good(), 1003, 1.0).unwrap().starts_with("on_state (0.00)"));
    }

    #[test]
    fn rejected_updates_are_shown() {
        let status = StatusFile { rejected_updates: vec!["firmware: does not start".into()], ..good() };
        assert!(judge(&status, 1000, 1.0).unwrap().ends_with("; not used: firmware: does not start"));
    }

    #[test]
    fn an_old_state_is_not() {
        assert!(judge(&good(), 1007, 1.0).unwrap_err().to_string().contains("7 s ago"));
    }

    #[test]
    fn a_state_from_before_the_machine_was_started_is_not() {
        assert!(judge(&good(), 999, 1.0).unwrap_err().to_string().contains("before the machine was started"));
    }

    #[test]
    fn a_dead_microphone_is_not() {
        let with = |fault: &str| judge(&StatusFile { microphone: vec![fault.into()], ..good() }, 1000, 1.0);
        assert!(with("stuck").unwrap_err().to_string().contains("microphone fault: stuck"));
        assert!(with("clipped").is_ok());
    }

    #[test]
    fn no_sound_is_not() {
        for capture in ["absent", "recovering", "opening"] {
            let status = StatusFile { capture: capture.into(), ..good() };
            assert!(judge(&status, 1000, 1.0).unwrap_err().to_string().contains(capture));
        }
    }
}
