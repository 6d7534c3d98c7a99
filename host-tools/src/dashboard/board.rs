//! State of the dashboard, updated by each frame.

use std::collections::VecDeque;
use std::time::Duration;

use monitor_model::line::{Line, StateName};
use monitor_model::texts::Texts;
use monitor_wire::{Damage, Frame, Health, Hello, Message, TextList};

use super::link::Counts;

/// Time without a frame after which a device is taken for dead: it reports its health once a second.
pub(crate) const SILENCE: Duration = Duration::from_secs(3);

/// Maximum number of event lines.
const EVENTS: usize = 100;

/// A moment of the timeline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// The device's clock in seconds.
    pub at_s: f64,
    /// The reported state; `None` is unknown.
    pub state: Option<u16>,
    /// Whether samples were lost within the window.
    pub gap: bool,
}

/// Content of the dashboard.
#[derive(Debug, Clone, Default)]
pub struct Board {
    /// Class names; empty until a hello arrived.
    pub labels: Texts,
    /// One line about model and program.
    pub device: String,
    /// Updates and reloads that the device rejected, with the reason.
    pub rejected_updates: Texts,
    /// The device's clock in seconds.
    pub now_s: f64,
    /// The reported state; `None` is unknown.
    pub state: Option<u16>,
    /// Its smoothed probability.
    pub confidence: f32,
    /// Level in dB of full scale.
    pub level_dbfs: f32,
    /// The last inference time in milliseconds.
    pub inference_ms: f64,
    /// The anomaly score, if the model has one.
    pub anomaly: Option<f32>,
    /// The classifier's probabilities.
    pub probabilities: Vec<f32>,
    /// Active causes of alarm, by their numbers.
    pub alarms: Vec<u8>,
    /// Whether a warning by the anomaly score is raised.
    pub warned: bool,
    /// The latest health counters, if any arrived.
    pub health: Option<Health>,
    /// The states of the last minutes, oldest first.
    pub timeline: VecDeque<Moment>,
    /// The last events as lines of text, newest last.
    pub events: VecDeque<String>,
    /// Quality of the serial line.
    pub counts: Counts,
    /// Why no data arrives, if so.
    pub trouble: Option<String>,
    /// Whole seconds since the last frame, or since the start, if so many that the device is dead.
    pub silent_s: Option<u64>,
    /// Length of the timeline in seconds.
    pub span_s: f64,
}

impl Board {
    /// An empty board whose timeline covers `minutes`.
    pub fn new(minutes: f64) -> Self {
        Self { span_s: minutes * 60.0, level_dbfs: f32::NEG_INFINITY, ..Self::default() }
    }

    /// The name of a state.
    pub fn name(&self, state: Option<u16>) -> String {
        StateName { labels: self.labels.list(), state }.to_string()
    }

    /// Processes a frame, before which `lost` others were lost.
    pub fn frame(&mut self, frame: &Frame<'_>, lost: u64) {
        let now_s = frame.time_us as f64 / 1e6;
        if now_s + 1.0 < self.now_s {
            // The device's clock went back: it has restarted.
            self.timeline.clear();
            self.alarms.clear();
            self.warned = false;
            self.event("the device restarted".into());
        }
        self.now_s = now_s;
        if lost > 0 {
            self.event(format!("[{now_s:.2}] {lost} frames were lost"));
        }
        match frame.message {
            Message::Hello(hello) => {
                self.labels = hello.labels.iter().collect();
                // Each new reason is an event of its own: the line about model and program has no room for it.
                if self.rejected_updates.list() != hello.rejected_updates {
                    hello.rejected_updates.iter().for_each(|why| self.event(format!("[{now_s:.2}] rejected: {why}")));
                    self.rejected_updates = hello.rejected_updates.iter().collect();
                }
                let message = Message::Hello(Hello { rejected_updates: TextList::EMPTY, ..hello });
                let line = Line { frame: Frame { message, ..*frame }, labels: TextList::EMPTY }.to_string();
                self.device = line.split_once("HELLO ").map_or(line.clone(), |(_, device)| device.into());
            }
            Message::Verdict(verdict) => {
                (self.state, self.confidence) = (verdict.state, verdict.confidence);
                self.level_dbfs = verdict.level_dbfs;
                self.inference_ms = f64::from(verdict.inference_us) / 1e3;
                self.anomaly = verdict.anomaly;
                self.probabilities = verdict.probabilities.iter().collect();
                self.moment(Moment { at_s: now_s, state: verdict.state, gap: verdict.spans_gap });
            }
            Message::StateChange(change) => {
                (self.state, self.confidence) = (change.state, change.confidence);
                self.event_of(frame);
            }
            Message::Alarm(alarm) => {
                self.alarms.retain(|cause| *cause != alarm.cause);
                if alarm.active {
                    self.alarms.push(alarm.cause);
                }
                self.event_of(frame);
            }
            Message::Health(health) => self.health = Some(health),
            Message::Warning(warning) => {
                self.warned = warning.active;
                self.event_of(frame);
            }
            Message::Trend(_) | Message::Gap(_) | Message::Acknowledged(_) | Message::Other { .. } => {
                self.event_of(frame)
            }
        }
    }

    /// Adds a moment to the timeline, and drops those that are older than it is long.
    pub(super) fn moment(&mut self, moment: Moment) {
        self.timeline.push_back(moment);
        while self.timeline.front().is_some_and(|oldest| oldest.at_s < moment.at_s - self.span_s) {
            self.timeline.pop_front();
        }
    }

    /// Notes that no frame has arrived for `time`.
    pub(crate) fn silence(&mut self, time: Duration) {
        self.silent_s = (time >= SILENCE).then_some(time.as_secs());
    }

    /// Processes a part of the stream that is not a frame.
    pub fn damage(&mut self, damage: Damage) {
        self.event(format!("[{:.2}] {damage}", self.now_s));
    }

    fn event_of(&mut self, frame: &Frame<'_>) {
        let line = Line { frame: *frame, labels: self.labels.list() }.to_string();
        self.event(line);
    }

    fn event(&mut self, line: String) {
        self.events.push_back(line);
        while self.events.len() > EVENTS {
            self.events.pop_front();
        }
    }

    /// The last moment in each of `cells` equal parts of the timeline, oldest first; `None` without one.
    pub fn cells(&self, cells: usize) -> Vec<Option<Moment>> {
        let mut row = vec![None; cells];
        for moment in &self.timeline {
            let age = (self.now_s - moment.at_s) / self.span_s;
            let cell = ((1.0 - age) * cells as f64) as usize;
            if let Some(place) = row.get_mut(cell.min(cells.saturating_sub(1))) {
                let gap = place.is_some_and(|before: Moment| before.gap);
                *place = Some(Moment { gap: moment.gap || gap, ..*moment });
            }
        }
        row
    }
}

#[cfg(test)]
mod tests {
    use monitor_wire::{Alarm, Floats, Hello, StateChange, Verdict};

    use super::*;

    fn frame(time_us: u64, message: Message<'_>) -> Frame<'_> {
        Frame { sequence: 0, time_us, message }
    }

    fn verdict(state: Option<u16>, spans_gap: bool) -> Message<'static> {
        Message::Verdict(Verdict {
            index: 0,
            start_sample: 0,
            state,
            confidence: 0.9,
            level_dbfs: -30.0,
            spans_gap,
            inference_us: 900,
            anomaly: None,
            probabilities: Floats::new(&[0.1, 0.9]),
        })
    }

    #[test]
    fn labels_of_the_hello_name_the_states() {
        let mut board = Board::new(1.0);
        assert_eq!(board.name(Some(1)), "class 1");
        let hello = Hello {
            model: "m.tflite",
            model_sha256: [0; 32],
            build: "1",
            labels: TextList::new(&["off_state", "on_state"]),
            rate_hz: 48_000,
            hop_us: 480_000,
            rejected_updates: TextList::new(&["sound_classifier.tflite: the self-test fails"]),
        };
        // A device repeats its hello.
        board.frame(&frame(0, Message::Hello(hello)), 0);
        board.frame(&frame(0, Message::Hello(hello)), 0);
        board.frame(&frame(0, verdict(Some(1), false)), 0);
        assert_eq!((board.name(board.state), board.name(None)), ("on_state".into(), "unknown".into()));
        assert!(board.device.starts_with("m.tflite, version 1"), "{}", board.device);
        assert_eq!(board.events, ["[0.00] rejected: sound_classifier.tflite: the self-test fails"]);
    }

    #[test]
    fn moments_older_than_the_timeline_are_dropped() {
        let mut board = Board::new(1.0);
        for second in 0..200 {
            board.frame(&frame(second * 1_000_000, verdict(Some(0), false)), 0);
        }
        assert_eq!(board.timeline.len(), 61);
    }

    #[test]
    fn cells_show_the_last_state_within_them_and_any_gap() {
        let mut board = Board::new(1.0);
        for (second, state, gap) in [(1, 0, false), (40, 0, true), (42, 1, false), (60, 1, false)] {
            board.frame(&frame(second * 1_000_000, verdict(Some(state), gap)), 0);
        }
        let cells: Vec<_> = board.cells(4).iter().map(|cell| cell.map(|moment| (moment.state, moment.gap))).collect();
        assert_eq!(cells, [Some((Some(0), false)), None, Some((Some(1), true)), Some((Some(1), false))]);
    }

    #[test]
    fn alarms_are_active_until_their_own_cause_ends() {
        let mut board = Board::new(1.0);
        let alarm = |active, cause| {
            Message::Alarm(Alarm { active, cause, state: None, index: 0, unacknowledged: false, ..Alarm::default() })
        };
        board.frame(&frame(0, alarm(true, 0)), 0);
        board.frame(&frame(0, alarm(true, 2)), 0);
        board.frame(&frame(0, alarm(false, 0)), 0);
        assert_eq!(board.alarms, [2]);
    }

    #[test]
    fn a_device_is_silent_after_three_seconds_without_a_frame() {
        let mut board = Board::new(1.0);
        let silent = [2.9, 3.0, 61.5].map(|seconds| {
            board.silence(Duration::from_secs_f64(seconds));
            board.silent_s
        });
        assert_eq!(silent, [None, Some(3), Some(61)]);
    }

    #[test]
    fn events_are_lines_and_their_number_is_bounded() {
        let mut board = Board::new(1.0);
        let change = StateChange { index: 0, previous: None, state: Some(0), confidence: 1.0 };
        for _ in 0..300 {
            board.frame(&frame(0, Message::StateChange(change)), 0);
        }
        assert_eq!(board.events.len(), EVENTS);
        assert!(board.events[0].contains("STATE unknown -> class 0"));
    }
}
