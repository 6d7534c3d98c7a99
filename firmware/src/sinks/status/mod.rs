//! The state in a file, for `firmware health` and other programs: replaced whole, every second or so.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use monitor_model::document::{Document, STATUS};
use monitor_model::line::{Causes, Refused, capture_name, clock_name};
use monitor_model::trend_line::{CourseText, DriftText};
use serde::{Deserialize, Serialize};

use super::{QUEUE, Sink, SinkConfig};
use crate::reporting::{Event, Item, OutputContext, Snapshot};
use crate::setting::{InvalidSetting, within};
use crate::system::messages::warn;

/// `[status]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// File that the state is written to; empty for none. Best on a file system in memory.
    pub file: PathBuf,
    /// Seconds between two writes, 0.1 to 3600.
    pub every_s: f32,
}

impl Default for Config {
    fn default() -> Self {
        Self { file: PathBuf::new(), every_s: 1.0 }
    }
}

impl SinkConfig for Config {
    fn queue(&self) -> Option<usize> {
        (!self.file.as_os_str().is_empty()).then_some(QUEUE)
    }

    fn validate(&self) -> Result<(), InvalidSetting> {
        within("status.every_s", self.every_s, 0.1..=3600.0)
    }

    fn start(&self, _: &OutputContext) -> Result<Box<dyn Sink>, String> {
        monitor_model::atomic_file::tidy(&self.file);
        Ok(Box::new(Status { config: self.clone(), written: None, warned: false }))
    }
}

/// The file's content, as JSON.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StatusFile {
    /// The running program.
    pub pid: u32,
    /// When this was written, in seconds since 1970: for people, as the clock may be stepped at any time.
    pub unix_s: u64,
    /// When this was written, in seconds since the machine was started; readers compute its age from this.
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
    /// Whether the warning of the anomaly score is raised.
    #[serde(default)]
    pub warning: bool,
    /// The zone of the anomaly score; null without one.
    #[serde(default)]
    pub zone: Option<String>,
    /// The course of the daily medians, in words.
    #[serde(default)]
    pub trend: String,
    /// Whether the model still fits, in words.
    #[serde(default)]
    pub drift: String,
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
    /// Events dropped because a sink was behind.
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
    /// Updates that were offered to this device and rejected, and why.
    #[serde(default)]
    pub rejected_updates: Vec<String>,
    /// The same by its name until version 0.1.
    #[serde(default)]
    pub not_used: Vec<String>,
}

impl StatusFile {
    /// The content of the file at this moment.
    fn new(now: &Snapshot) -> Self {
        let health = &now.health;
        let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let causes = |bits| Causes { bits }.names().map(String::from).collect();
        let rejected_updates = now.rejected_updates().to_vec();
        Self {
            pid: std::process::id(),
            unix_s: since_1970.map_or(0, |time| time.as_secs()),
            boot_s: boot_s(),
            clock: clock_name(health.clock).into(),
            up_s: now.time_us as f64 / 1e6,
            model: now.device.as_ref().map_or_else(String::new, |device| device.model.clone()),
            // While no sound arrives, `capture` shows that this is the last state.
            state: now.name(now.state),
            confidence: now.confidence,
            alarm: now.is_alarm(),
            alarms: causes(now.alarms),
            unacknowledged: causes(now.unacknowledged),
            warning: now.warning,
            zone: now.zone.map(|zone| zone.name().into()),
            trend: CourseText { trend: now.trend(), labels: now.labels() }.to_string(),
            drift: DriftText(now.trend()).to_string(),
            capture: capture_name(health.capture).into(),
            frames: health.frames,
            windows: health.windows,
            xruns: health.xruns,
            gaps: health.gaps,
            dropped_windows: health.dropped_windows,
            dropped_reports: health.dropped_reports,
            inference_p99_ms: f64::from(health.inference_p99_us) / 1e3,
            realtime: health.realtime,
            refused: Refused { bits: health.refused }.names().map(String::from).collect(),
            microphone: monitor_core::microphone::names(health.microphone).map(String::from).collect(),
            not_used: rejected_updates.clone(),
            rejected_updates,
        }
    }

    fn write(&self, config: &Config) -> Result<(), Box<dyn std::error::Error>> {
        Ok(monitor_model::atomic_file::write(&config.file, &serde_json::to_vec(&Document::new(STATUS, self))?)?)
    }
}

/// Seconds since the machine was started, sleep included: the same for all programs, and not affected by clock changes.
pub(crate) fn boot_s() -> u64 {
    let now = nix::time::clock_gettime(nix::time::ClockId::CLOCK_BOOTTIME);
    now.map_or(0, |now| Duration::from(now).as_secs())
}

/// Writes the file.
struct Status {
    config: Config,
    written: Option<Instant>,
    warned: bool,
}

impl Sink for Status {
    fn handle(&mut self, item: &Item, context: &OutputContext) {
        // Only after health, which comes every second: the file is one consistent moment.
        let due = self.written.is_none_or(|at| at.elapsed().as_secs_f32() >= self.config.every_s * 0.99);
        if !(due && matches!(item.event, Event::Health(_))) {
            return;
        }
        self.written = Some(Instant::now());
        match StatusFile::new(&context.snapshot).write(&self.config) {
            Ok(()) => self.warned = false,
            Err(error) => {
                context.count_dropped();
                if !std::mem::replace(&mut self.warned, true) {
                    warn(format!("status file {}: {error}; listening goes on", self.config.file.display()));
                }
            }
        }
    }

    /// Removes the file, so that it is not taken for a running program's.
    fn finish(&mut self, _: &OutputContext) {
        let _ = std::fs::remove_file(&self.config.file);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use monitor_wire::{Alarm, Health, refused};

    use super::*;
    use crate::reporting::{DeviceInfo, Event, Outboxes, Probabilities, Window};
    use crate::sinks::run;

    #[test]
    fn the_file_has_state_and_alarm_though_the_change_and_the_alarm_were_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { file: folder.path().join("status.json"), every_s: 0.1 };
        let mut outboxes = Outboxes::new(Instant::now());
        let inbox = outboxes.open(8, false);
        let thread = {
            let config = config.clone();
            let context = OutputContext::default();
            std::thread::spawn(move || run(&mut *config.start(&context).unwrap(), &inbox, &context))
        };
        outboxes.send(&Event::Hello(Arc::new(DeviceInfo {
            model: "m.tflite".into(),
            labels: ["off_state", "on_state"].into_iter().collect(),
            rejected_updates: ["firmware: too old", "model: broken"].into_iter().collect(),
            ..DeviceInfo::default()
        })));
        outboxes.send(&Event::Window(Window {
            index: 0,
            start_sample: 0,
            state: Some(1),
            confidence: 0.5,
            level_dbfs: -30.0,
            spans_gap: false,
            inference_us: 1,
            anomaly: None,
            zone: None,
            probabilities: Probabilities::Borrowed(&[]),
        }));
        outboxes.send(&Event::Alarm(Alarm {
            active: false,
            cause: 2,
            state: None,
            index: 0,
            unacknowledged: false,
            ..Alarm::default()
        }));
        outboxes.send(&Event::Health(Health {
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
        assert_eq!(status.rejected_updates, ["firmware: too old", "model: broken"]);
        assert_eq!(status.not_used, status.rejected_updates);
        assert_eq!(
            (status.alarms.join(" "), status.unacknowledged.join(" ")),
            ("state".into(), "state no_sound".into())
        );
        drop(outboxes);
        thread.join().unwrap();
        assert!(!config.file.exists());
    }
}
