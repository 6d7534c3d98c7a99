//! What one device has reported.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::report::Report;
use super::statistics::Statistics;
use super::{Update, event_text};

/// Event lines that are kept of a device.
const EVENTS: usize = 100;

/// What a person should look at first, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Condition {
    /// An alarm is present or not acknowledged.
    Alarm,
    /// The device is offline, or has not reported for a while.
    Silent,
    /// No sound arrives, or the microphone is faulty.
    Deaf,
    /// A warning by the anomaly score.
    Warning,
    /// The score is a little unusual, or the model no longer fits.
    Watch,
    /// None of these.
    Normal,
    /// Nothing of its state has arrived yet.
    Waiting,
}

impl Condition {
    /// Its name, one word.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Alarm => "ALARM",
            Self::Silent => "SILENT",
            Self::Deaf => "NO SOUND",
            Self::Warning => "warning",
            Self::Watch => "watch",
            Self::Normal => "normal",
            Self::Waiting => "waiting",
        }
    }
}

/// A device.
#[derive(Debug, Clone)]
pub(crate) struct Device {
    /// Its name at the broker.
    pub id: String,
    /// What the broker knows of its connection.
    pub online: Option<bool>,
    /// Its last report.
    pub report: Option<Report>,
    /// Its last events as lines of text, newest last.
    pub events: VecDeque<String>,
    /// Number of its messages that could not be read.
    pub unreadable: u64,
    /// Medians of its values.
    pub(super) statistics: Statistics,
    /// When it last reported something itself; before that, when it was first seen.
    last: Instant,
}

impl Device {
    /// One that is first seen at `now`.
    pub(super) fn new(id: String, now: Instant) -> Self {
        Self {
            id,
            online: None,
            report: None,
            events: VecDeque::new(),
            unreadable: 0,
            statistics: Statistics::new(now),
            last: now,
        }
    }

    /// Takes a message of its topic `kind` that arrives at `now`. Returns the line of text of an event, or of a message that
    /// cannot be read.
    pub(super) fn update(&mut self, update: &Update, now: Instant) -> Option<String> {
        // A retained message is as old as it may be, and the broker sends the last will.
        if !update.retained && update.kind != "availability" {
            self.last = now;
        }
        let read = match &update.kind[..] {
            "availability" => {
                let online = update.payload == b"online";
                let changed = self.online.replace(online).is_some_and(|before| before != online);
                // It is there again: it has just connected.
                if online && !update.retained {
                    self.last = now;
                }
                Ok(changed.then(|| if online { "online".to_owned() } else { "OFFLINE".to_owned() }))
            }
            "state" => Report::read(&update.payload).map(|report| {
                if !update.retained {
                    self.statistics.add(now, [report.anomaly, report.level_dbfs]);
                }
                self.report = Some(report);
                None
            }),
            _ => event_text::line(&update.payload).map(Some),
        };
        let line = read.unwrap_or_else(|why| {
            self.unreadable += 1;
            Some(format!("a message of the topic {} cannot be read: {why}", update.kind))
        })?;
        self.events.push_back(line.clone());
        while self.events.len() > EVENTS {
            self.events.pop_front();
        }
        Some(line)
    }

    /// Time since it last reported something itself.
    pub(crate) fn silence(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.last)
    }

    /// Whether it is offline or has been silent for `limit`.
    pub(crate) fn is_silent(&self, now: Instant, limit: Duration) -> bool {
        self.online == Some(false) || self.silence(now) >= limit
    }

    /// What to look at first in it.
    pub(crate) fn condition(&self, now: Instant, limit: Duration) -> Condition {
        let Some(report) = &self.report else {
            return if self.is_silent(now, limit) { Condition::Silent } else { Condition::Waiting };
        };
        let zone = report.zone.as_deref();
        match report {
            // Present or not, somebody has to look at it; that the device is silent now is shown beside it.
            _ if !report.alarms.is_empty() || !report.unacknowledged.is_empty() => Condition::Alarm,
            _ if self.is_silent(now, limit) => Condition::Silent,
            _ if report.is_deaf() => Condition::Deaf,
            _ if report.warning || matches!(zone, Some("warning" | "alarm")) => Condition::Warning,
            _ if report.drift || zone == Some("watch") => Condition::Watch,
            _ => Condition::Normal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    fn update(kind: &str, payload: &str, retained: bool) -> Update {
        Update { device: "pump".into(), kind: kind.into(), payload: payload.into(), retained }
    }

    #[test]
    fn retained_messages_and_the_last_will_are_no_sign_of_life() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut device = Device::new("pump".into(), start);
        device.update(&update("state", r#"{"state":"on"}"#, true), at(5));
        assert_eq!((device.silence(at(6)).as_secs(), device.is_silent(at(6), LIMIT)), (6, false));
        assert_eq!(device.condition(at(10), LIMIT), Condition::Silent);
        device.update(&update("state", r#"{"state":"on"}"#, false), at(20));
        assert_eq!((device.silence(at(21)).as_secs(), device.condition(at(21), LIMIT)), (1, Condition::Normal));
        device.update(&update("availability", "offline", false), at(22));
        assert_eq!((device.silence(at(22)).as_secs(), device.condition(at(22), LIMIT)), (2, Condition::Silent));
        let line = device.update(&update("availability", "online", false), at(23));
        assert_eq!((line.as_deref(), device.condition(at(23), LIMIT)), (Some("online"), Condition::Normal));
    }

    #[test]
    fn the_worst_of_a_report_is_its_condition() {
        let now = Instant::now();
        let condition = |report: &str| {
            let mut device = Device::new("pump".into(), now);
            device.update(&update("state", report, false), now);
            device.condition(now, LIMIT)
        };
        for (report, worst) in [
            (r#"{"alarms":["state"],"capture":"absent"}"#, Condition::Alarm),
            (r#"{"unacknowledged":["anomaly"],"zone":"normal"}"#, Condition::Alarm),
            (r#"{"capture":"absent","warning":true}"#, Condition::Deaf),
            (r#"{"warning":true,"zone":"watch"}"#, Condition::Warning),
            (r#"{"zone":"watch"}"#, Condition::Watch),
            (r#"{"drift":true,"zone":"normal"}"#, Condition::Watch),
            (r#"{"zone":"normal","capture":"running"}"#, Condition::Normal),
        ] {
            assert_eq!(condition(report), worst, "{report}");
        }
        assert!(Condition::Alarm < Condition::Silent && Condition::Watch < Condition::Normal);
    }

    #[test]
    fn unreadable_messages_are_counted_and_named_and_the_last_report_stays() {
        let now = Instant::now();
        let mut device = Device::new("pump".into(), now);
        device.update(&update("state", r#"{"state":"on"}"#, false), now);
        let line = device.update(&update("state", "nonsense", false), now).unwrap();
        assert!(line.contains("topic state cannot be read"), "{line}");
        assert_eq!((device.unreadable, &device.report.as_ref().unwrap().state[..]), (1, "on"));
        for _ in 0..300 {
            device.update(&update("event", r#"{"kind":"gap","lost_frames":1}"#, false), now);
        }
        assert_eq!(device.events.len(), EVENTS);
    }
}
