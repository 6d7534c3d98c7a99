//! The state in a file, for `firmware health` and whoever looks: replaced whole, every second or so.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use shared::wire::{StateName, capture_name};

use super::warn;
use crate::config::StatusConfig;
use crate::outbox::{Inbox, Received};
use crate::report::Report;

/// What the file says, as JSON.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StatusFile {
    /// The running program.
    pub pid: u32,
    /// When this was written, in seconds since 1970.
    pub unix_s: u64,
    /// Seconds that the program has run.
    pub up_s: f64,
    /// Name of the model's file.
    pub model: String,
    /// The reported state.
    pub state: String,
    /// Its smoothed probability.
    pub confidence: f32,
    /// Whether there is an alarm.
    pub alarm: bool,
    /// What capture is doing: `running` is good, `ended` is the end of a recording.
    pub capture: String,
    /// Frames captured.
    pub frames: u64,
    /// Windows computed.
    pub windows: u64,
    /// Overruns of the sound device.
    pub xruns: u32,
    /// Gaps in the sound.
    pub gaps: u32,
    /// Windows dropped because inference was behind.
    pub dropped_windows: u32,
    /// Reports dropped because an output was behind.
    pub dropped_reports: u32,
    /// 99th percentile of the inference time in milliseconds.
    pub inference_p99_ms: f64,
    /// Whether capture has real-time priority.
    pub realtime: bool,
}

/// Writes the file until there will be no more reports; then removes it, so that nobody takes it for a running program's.
pub fn run(inbox: &Inbox, config: &StatusConfig) {
    let mut status = StatusFile { pid: std::process::id(), state: "unknown".into(), ..StatusFile::default() };
    let (mut labels, mut alarms) = (String::new(), 0u32);
    let mut written: Option<Instant> = None;
    let mut warned = false;
    loop {
        let item = match inbox.next(Duration::from_secs(3600)) {
            Received::Item(item) => item,
            Received::Nothing => continue,
            Received::End => break,
        };
        status.up_s = item.time_us as f64 / 1e6;
        match &item.report {
            Report::Hello(who) => {
                labels.clone_from(&who.labels);
                status.model.clone_from(&who.model);
            }
            Report::Window(window) => status.confidence = window.confidence,
            Report::StateChange(change) => {
                status.state = StateName { labels: &labels, state: change.state }.to_string();
            }
            Report::Alarm(alarm) => {
                let bit = 1u32 << alarm.cause.min(31);
                alarms = if alarm.active { alarms | bit } else { alarms & !bit };
                status.alarm = alarms != 0;
            }
            Report::Health(health) => {
                status.capture = capture_name(health.capture).into();
                (status.frames, status.windows) = (health.frames, health.windows);
                (status.xruns, status.gaps) = (health.xruns, health.gaps);
                (status.dropped_windows, status.dropped_reports) = (health.dropped_windows, health.dropped_reports);
                status.inference_p99_ms = f64::from(health.inference_p99_us) / 1e3;
                status.realtime = health.realtime;
            }
            Report::Gap(_) => {}
        }
        // After health only, which comes every second: the file is one consistent moment.
        let due = written.is_none_or(|at| at.elapsed().as_secs_f32() >= config.every_s * 0.99);
        if matches!(item.report, Report::Health(_)) && due {
            written = Some(Instant::now());
            match write(&mut status, config) {
                Ok(()) => warned = false,
                Err(error) => {
                    inbox.count_dropped();
                    if !std::mem::replace(&mut warned, true) {
                        warn(format!("status file {}: {error}; listening goes on", config.file.display()));
                    }
                }
            }
        }
    }
    let _ = std::fs::remove_file(&config.file);
}

fn write(status: &mut StatusFile, config: &StatusConfig) -> Result<(), Box<dyn std::error::Error>> {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    status.unix_s = since_1970.map_or(0, |time| time.as_secs());
    shared::atomic_file::write(&config.file, &serde_json::to_vec(status)?)?;
    Ok(())
}
