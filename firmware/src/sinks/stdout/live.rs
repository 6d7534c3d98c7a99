//! The live line on a terminal, which overwrites itself; events get a line of their own.

use std::io::Write;

use monitor_model::line::{HealthText, Line, Refused, capture_name};

use super::changes::is_change;
use crate::reporting::{Item, Snapshot};

/// To the line's start, and clear to its end.
const OVERWRITE: &str = "\r\x1b[K";

/// Appends what the terminal gets for this item, `now` included.
pub(super) fn write(item: &Item, now: &Snapshot, out: &mut Vec<u8>) {
    if is_change(&item.event) {
        // Into memory: it cannot fail. Here and below.
        let _ = writeln!(out, "{OVERWRITE}{}", Line { frame: item.frame(), labels: now.labels() });
    }
    let _ = write!(out, "{OVERWRITE}{}", line(now));
}

/// Appends the last counters and leaves the line.
pub(super) fn end(now: &Snapshot, out: &mut Vec<u8>) {
    let _ = writeln!(out, "{OVERWRITE}stopped: {}", HealthText(&now.health));
}

fn line(now: &Snapshot) -> String {
    let health = &now.health;
    let Some(level_dbfs) = now.level_dbfs else {
        return format!("waiting for sound: capture {}, {} frames", capture_name(health.capture), health.frames);
    };
    let mut line = format!(
        "{} {:.2} | {level_dbfs:.1} dBFS | {:.2} ms | queue {} | xruns {}",
        now.name(now.state),
        now.confidence,
        f64::from(now.inference_us) / 1e3,
        health.queue_depth,
        health.xruns,
    );
    if health.frames > 0 && !now.is_current() {
        line = format!("capture {} | last: {line}", capture_name(health.capture));
    }
    for (count, what) in [(health.gaps, "gaps"), (health.dropped_windows, "windows dropped")] {
        if count > 0 {
            line += &format!(" | {what} {count}");
        }
    }
    if now.warning {
        line += " | warning";
    }
    for fault in monitor_core::microphone::names(health.microphone) {
        line += &format!(" | microphone {fault}");
    }
    for privilege in (Refused { bits: health.refused }).names() {
        line += &format!(" | without {privilege}");
    }
    line
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use monitor_wire::{CaptureState, Health, StateChange};

    use super::*;
    use crate::reporting::{DeviceInfo, Event, Probabilities, Window};

    /// The state after these events, and what is written for the last of them.
    fn written(events: &[Event<'static>]) -> (Snapshot, String) {
        let (mut now, mut out) = (Snapshot::default(), Vec::new());
        let labels = ["off_state", "on_state"].into_iter().collect();
        let hello = Event::Hello(Arc::new(DeviceInfo { labels, ..DeviceInfo::default() }));
        for event in [hello].iter().chain(events) {
            let item = Item { sequence: 0, time_us: 2_000_000, event: event.clone() };
            now.apply(&item);
            out.clear();
            write(&item, &now, &mut out);
        }
        (now, String::from_utf8(out).unwrap())
    }

    fn window() -> Event<'static> {
        Event::Window(Window {
            index: 1,
            start_sample: 0,
            state: Some(1),
            confidence: 0.97,
            level_dbfs: -32.14,
            spans_gap: false,
            inference_us: 8_912,
            anomaly: None,
            zone: None,
            probabilities: Probabilities::Borrowed(&[]),
        })
    }

    #[test]
    fn the_line_shows_state_confidence_level_time_queue_and_xruns() {
        let capture = CaptureState::Running as u8;
        let health = Health { queue_depth: 2, xruns: 1, capture, ..Health::default() };
        let (_, text) = written(&[Event::Health(health), window()]);
        assert_eq!(text, "\r\x1b[Kon_state 0.97 | -32.1 dBFS | 8.91 ms | queue 2 | xruns 1");
    }

    #[test]
    fn the_line_shows_that_the_device_is_absent_and_which_privileges_were_refused() {
        let refused = monitor_wire::refused::SCHEDULING;
        let health = Health { frames: 1, capture: CaptureState::Absent as u8, refused, ..Health::default() };
        let (now, _) = written(&[window(), Event::Health(health)]);
        let line = line(&now);
        assert!(line.starts_with("capture absent | last: on_state"), "{line}");
        assert!(line.ends_with("without real-time priority"), "{line}");
    }

    #[test]
    fn a_change_of_state_stays_on_the_screen() {
        let change = StateChange { index: 1, previous: None, state: Some(1), confidence: 0.9 };
        let (_, text) = written(&[window(), Event::StateChange(change)]);
        assert!(text.starts_with("\r\x1b[K[2.00] STATE unknown -> on_state (0.90)\n\r\x1b[Kon_state"), "{text:?}");
    }

    #[test]
    fn at_the_end_the_counters_stay_on_the_screen() {
        let mut out = Vec::new();
        end(&Snapshot { health: Health { xruns: 7, ..Health::default() }, ..Snapshot::default() }, &mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("\r\x1b[Kstopped: capture opening, 0 frames, 7 xruns, "), "{text:?}");
        assert!(text.ends_with("no real time\n"), "{text:?}");
    }
}
