//! The live line on a terminal: written over and over; what a person should not miss gets a line of its own.

use std::io::Write;

use monitor_model::line::{Line, Refused, StateName};
use monitor_wire::{CaptureState, Health, Message};

use crate::outbox::Item;
use crate::report::Window;

/// What the line shows.
#[derive(Debug, Default)]
pub struct Live {
    window: Option<Window>,
    health: Health,
}

/// To the line's start, and clear to its end.
const AGAIN: &str = "\r\x1b[K";

impl Live {
    /// Appends what the terminal shall get for this item.
    pub fn write(&mut self, item: &Item, labels: &str, out: &mut Vec<u8>) {
        match item.report.message() {
            Message::Verdict(_) => {
                if let crate::report::Report::Window(window) = &item.report {
                    self.window = Some(window.clone());
                }
            }
            Message::Health(health) => self.health = health,
            // Into memory: it cannot fail. Here and below.
            _ => drop(writeln!(out, "{AGAIN}{}", Line { frame: item.frame(), labels })),
        }
        let _ = write!(out, "{AGAIN}{}", self.line(labels));
    }

    /// Appends the last counters and leaves the line.
    pub fn end(&self, out: &mut Vec<u8>) {
        let message = Message::Health(self.health);
        let frame = monitor_wire::Frame { sequence: 0, time_us: 0, message };
        let text = Line { frame, labels: "" }.to_string();
        let counters = text.split_once("HEALTH ").map_or("", |(_, counters)| counters);
        let _ = writeln!(out, "{AGAIN}stopped: {counters}");
    }

    fn line(&self, labels: &str) -> String {
        let health = &self.health;
        let Some(window) = &self.window else {
            let capture = monitor_model::line::capture_name(health.capture);
            return format!("waiting for sound: capture {capture}, {} frames", health.frames);
        };
        let mut line = format!(
            "{} {:.2} | {:.1} dBFS | {:.2} ms | queue {} | xruns {}",
            StateName { labels, state: window.state },
            window.confidence,
            window.level_dbfs,
            f64::from(window.inference_us) / 1e3,
            health.queue_depth,
            health.xruns,
        );
        let heard = [CaptureState::Running as u8, CaptureState::Ended as u8];
        if health.frames > 0 && !heard.contains(&health.capture) {
            // What the last window said is no longer what is so.
            line = format!("capture {} | last: {line}", monitor_model::line::capture_name(health.capture));
        }
        for (count, what) in [(health.gaps, "gaps"), (health.dropped_windows, "windows dropped")] {
            if count > 0 {
                line += &format!(" | {what} {count}");
            }
        }
        for fault in monitor_core::microphone::names(health.microphone) {
            line += &format!(" | microphone {fault}");
        }
        for privilege in (Refused { bits: health.refused }).names() {
            line += &format!(" | without {privilege}");
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use monitor_wire::StateChange;

    use super::*;
    use crate::report::Report;

    fn item(report: Report) -> Item {
        Item { sequence: 0, time_us: 2_000_000, report }
    }

    fn window() -> Report {
        Report::Window(Window {
            index: 1,
            start_sample: 0,
            state: Some(1),
            confidence: 0.97,
            level_dbfs: -32.14,
            spans_gap: false,
            inference_us: 8_912,
            anomaly: None,
            probabilities: heapless::Vec::new(),
        })
    }

    #[test]
    fn the_line_says_state_confidence_level_time_queue_and_xruns() {
        let (mut live, mut out) = (Live::default(), Vec::new());
        let capture = CaptureState::Running as u8;
        let health = Health { queue_depth: 2, xruns: 1, capture, ..Health::default() };
        live.write(&item(Report::Health(health)), "off_state\non_state", &mut Vec::new());
        live.write(&item(window()), "off_state\non_state", &mut out);
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "\r\x1b[Kon_state 0.97 | -32.1 dBFS | 8.91 ms | queue 2 | xruns 1");
    }

    #[test]
    fn the_line_says_that_the_device_is_absent_and_which_privileges_were_refused() {
        let mut live = Live::default();
        let refused = monitor_wire::refused::SCHEDULING;
        let health = Health { frames: 1, capture: CaptureState::Absent as u8, refused, ..Health::default() };
        live.write(&item(window()), "off_state\non_state", &mut Vec::new());
        live.write(&item(Report::Health(health)), "off_state\non_state", &mut Vec::new());
        let line = live.line("off_state\non_state");
        assert!(line.starts_with("capture absent | last: on_state"), "{line}");
        assert!(line.ends_with("without real-time priority"), "{line}");
    }

    #[test]
    fn a_change_of_state_stays_on_the_screen() {
        let (mut live, mut out) = (Live::default(), Vec::new());
        live.write(&item(window()), "off_state\non_state", &mut Vec::new());
        let change = StateChange { index: 1, previous: None, state: Some(1), confidence: 0.9 };
        live.write(&item(Report::StateChange(change)), "off_state\non_state", &mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("\r\x1b[K[2.00] STATE unknown -> on_state (0.90)\n\r\x1b[Kon_state"), "{text:?}");
    }
}
