//! The state in a file, for `firmware health` and whoever looks: replaced whole, every second or so.

use std::time::{Duration, Instant};

use monitor_model::line::{Causes, Refused, StateName, capture_name, clock_name};
use serde::{Deserialize, Serialize};

use super::warn;
use crate::config::StatusConfig;
use crate::outbox::{Inbox, Received};
use crate::report::Report;

/// What the file says, as JSON.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StatusFile {
    /// The running program.
    pub pid: u32,
    /// When this was written, in seconds since 1970: for people, as the clock may be stepped at any time.
    pub unix_s: u64,
    /// When this was written, in seconds since the machine was started: what its age is told by.
    #[serde(default)]
    pub boot_s: u64,
    /// Whether that is right: `synchronised`, or `unsynchronised`.
    #[serde(default)]
    pub clock: String,
    /// Seconds that the program has run.
    pub up_s: f64,
    /// Name of the model's file.
    pub model: String,
    /// The reported state.
    pub state: String,
    /// Its smoothed probability.
    pub confidence: f32,
    /// Whether there is an alarm: a cause holds, or is yet to be acknowledged.
    pub alarm: bool,
    /// The causes that hold.
    #[serde(default)]
    pub alarms: Vec<String>,
    /// The causes that are yet to be acknowledged; they may hold no more.
    #[serde(default)]
    pub unacknowledged: Vec<String>,
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
    /// Privileges that capture was refused.
    pub refused: Vec<String>,
    /// Faults of the microphone.
    #[serde(default)]
    pub microphone: Vec<String>,
    /// What was offered to this device and is not used, and why.
    #[serde(default)]
    pub not_used: Vec<String>,
}

/// Writes the file until there will be no more reports; then removes it, so that nobody takes it for a running program's.
pub fn run(inbox: &Inbox, config: &StatusConfig) {
    let mut status = StatusFile { pid: std::process::id(), state: "unknown".into(), ..StatusFile::default() };
    let mut labels = String::new();
    let mut written: Option<Instant> = None;
    let mut warned = false;
    monitor_model::atomic_file::tidy(&config.file);
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
                status.not_used = who.not_used.lines().map(String::from).collect();
            }
            Report::Window(window) => {
                status.confidence = window.confidence;
                status.state = StateName { labels: &labels, state: window.state }.to_string();
            }
            Report::StateChange(change) => {
                status.state = StateName { labels: &labels, state: change.state }.to_string();
            }
            Report::Health(health) => {
                status.capture = capture_name(health.capture).into();
                status.clock = clock_name(health.clock).into();
                (status.frames, status.windows) = (health.frames, health.windows);
                (status.xruns, status.gaps) = (health.xruns, health.gaps);
                (status.dropped_windows, status.dropped_reports) = (health.dropped_windows, health.dropped_reports);
                status.inference_p99_ms = f64::from(health.inference_p99_us) / 1e3;
                status.realtime = health.realtime;
                status.refused = Refused { bits: health.refused }.names().map(String::from).collect();
                status.microphone = monitor_core::microphone::names(health.microphone).map(String::from).collect();
                let causes = |bits| Causes { bits }.names().map(String::from).collect();
                (status.alarms, status.unacknowledged) = (causes(health.alarms), causes(health.unacknowledged));
                status.alarm = health.alarms | health.unacknowledged != 0;
            }
            // Health, after which alone the file is written, says it again.
            Report::Alarm(_) | Report::Acknowledged(_) | Report::Gap(_) => {}
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

/// Seconds since the machine was started, sleep included: the same for all programs, and nobody steps it.
pub fn boot_s() -> u64 {
    let now = nix::time::clock_gettime(nix::time::ClockId::CLOCK_BOOTTIME);
    now.map_or(0, |now| std::time::Duration::from(now).as_secs())
}

fn write(status: &mut StatusFile, config: &StatusConfig) -> Result<(), Box<dyn std::error::Error>> {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    status.unix_s = since_1970.map_or(0, |time| time.as_secs());
    status.boot_s = boot_s();
    monitor_model::atomic_file::write(&config.file, &serde_json::to_vec(status)?)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use monitor_wire::{Alarm, Health, refused};

    use super::*;
    use crate::outbox::Outboxes;
    use crate::report::{Who, Window};

    #[test]
    fn the_file_says_state_and_alarm_though_the_change_and_the_alarm_were_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let config = StatusConfig { file: folder.path().join("status.json"), every_s: 0.1 };
        let mut outboxes = Outboxes::new(Instant::now());
        let inbox = outboxes.open(8, false);
        let thread = {
            let config = config.clone();
            std::thread::spawn(move || run(&inbox, &config))
        };
        outboxes.send(&Report::Hello(Arc::new(Who {
            model: "m.tflite".into(),
            model_sha256: [0; 32],
            labels: "off_state\non_state".into(),
            rate_hz: 48_000,
            hop_us: 480_000,
            not_used: "firmware: too old\nmodel: broken".into(),
        })));
        outboxes.send(&Report::Window(Window {
            index: 0,
            start_sample: 0,
            state: Some(1),
            confidence: 0.5,
            level_dbfs: -30.0,
            spans_gap: false,
            inference_us: 1,
            anomaly: None,
            probabilities: heapless::Vec::new(),
        }));
        outboxes.send(&Report::Alarm(Alarm { active: false, cause: 2, state: None, index: 0, unacknowledged: false }));
        outboxes.send(&Report::Health(Health {
            alarms: 1,
            unacknowledged: 0b101,
            refused: refused::MEMORY,
            ..Health::default()
        }));
        let begun = Instant::now();
        while !config.file.exists() {
            assert!(begun.elapsed() < Duration::from_secs(10));
            std::thread::sleep(Duration::from_millis(1));
        }
        let status: StatusFile = serde_json::from_slice(&std::fs::read(&config.file).unwrap()).unwrap();
        assert_eq!((status.state.as_str(), status.alarm), ("on_state", true));
        assert_eq!(status.refused, ["locked memory"]);
        assert_eq!(status.not_used, ["firmware: too old", "model: broken"]);
        assert_eq!(
            (status.alarms.join(" "), status.unacknowledged.join(" ")),
            ("state".into(), "state no_sound".into())
        );
        drop(outboxes);
        thread.join().unwrap();
        assert!(!config.file.exists());
    }
}
