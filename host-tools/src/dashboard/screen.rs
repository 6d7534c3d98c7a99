//! State of the display of devices at a broker, updated by what happens there and by keys.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ratatui::crossterm::event::KeyCode;

use super::board::{Board, Moment};
use crate::fleet::broker::Happening;
use crate::fleet::{Device, Fleet};

/// Moments that a timeline has at most.
const MOMENTS: f64 = 600.0;

/// Names of states that are distinguished on a timeline at most.
const LABELS: usize = 64;

/// The name of the state that is none.
const UNKNOWN: &str = "unknown";

/// Content of the display.
#[derive(Debug)]
pub(super) struct Screen {
    /// The broker, as it was named.
    pub broker: String,
    /// Its devices.
    pub fleet: Fleet,
    /// Time without a report after which a device is silent.
    pub silent: Duration,
    /// Why nothing arrives, if so.
    pub trouble: Option<String>,
    /// The device that the cursor is on, by its name.
    pub selected: Option<String>,
    /// Whether that device alone is shown.
    pub is_open: bool,
    boards: BTreeMap<String, Board>,
    minutes: f64,
    start: Instant,
}

impl Screen {
    /// An empty one whose timelines cover `minutes`; begins at `start`.
    pub(super) fn new(broker: String, silent: Duration, minutes: f64, start: Instant) -> Self {
        Self {
            broker,
            fleet: Fleet::default(),
            silent,
            trouble: None,
            selected: None,
            is_open: false,
            boards: BTreeMap::new(),
            minutes,
            start,
        }
    }

    /// Takes what happened at `now`.
    pub(super) fn happened(&mut self, happening: &Happening, now: Instant) {
        match happening {
            Happening::Update(update) => drop(self.fleet.update(update, now)),
            Happening::Connected => self.trouble = None,
            Happening::Lost(why) => self.trouble = Some(format!("connection lost: {why}; reconnecting")),
        }
    }

    /// Continues the timelines to `now`.
    pub(super) fn advance(&mut self, now: Instant) {
        let now_s = now.saturating_duration_since(self.start).as_secs_f64();
        for device in self.fleet.devices() {
            let board = self.boards.entry(device.id.clone()).or_insert_with(|| Board::new(self.minutes));
            board.now_s = now_s;
            let Some(report) = &device.report else { continue };
            board.state = index(board, &report.state);
            let is_due = board.timeline.back().is_none_or(|last| now_s - last.at_s >= board.span_s / MOMENTS);
            // A silent device has no state.
            if is_due && !device.is_silent(now, self.silent) {
                board.moment(Moment { at_s: now_s, state: board.state, gap: false });
            }
        }
    }

    /// The device that is shown alone, with its timeline: the open one, or the only one.
    pub(super) fn shown(&self) -> Option<(&Device, &Board)> {
        let mut devices = self.fleet.devices();
        let device = match (devices.next(), devices.next(), &self.selected) {
            (Some(only), None, _) => only,
            (_, _, Some(id)) if self.is_open => self.fleet.device(id)?,
            _ => return None,
        };
        Some((device, self.boards.get(&device.id)?))
    }

    /// Follows a key that moves the cursor, opens or closes a device; returns whether it is such a key.
    pub(super) fn key(&mut self, key: KeyCode, now: Instant) -> bool {
        let order: Vec<String> =
            self.fleet.worst_first(now, self.silent).iter().map(|(_, device)| device.id.clone()).collect();
        let at = self.selected.as_ref().and_then(|id| order.iter().position(|other| other == id));
        let last = order.len().saturating_sub(1);
        let next = match key {
            KeyCode::Down | KeyCode::Char('j') => at.map_or(0, |at| at + 1),
            KeyCode::Up | KeyCode::Char('k') => at.map_or(0, |at| at.saturating_sub(1)),
            KeyCode::PageDown => at.unwrap_or(0) + 10,
            KeyCode::PageUp => at.unwrap_or(0).saturating_sub(10),
            KeyCode::Home => 0,
            KeyCode::End => last,
            KeyCode::Enter if order.len() > 1 => {
                self.is_open = true;
                at.unwrap_or(0)
            }
            KeyCode::Esc | KeyCode::Backspace | KeyCode::Left if self.is_open => {
                self.is_open = false;
                return true;
            }
            _ => return false,
        };
        self.selected = order.get(next.min(last)).cloned();
        true
    }
}

/// The place of a state among the labels, which are in the order of their first appearance; `None` is unknown.
fn index(board: &mut Board, name: &str) -> Option<u16> {
    if name == UNKNOWN || name.is_empty() {
        return None;
    }
    let found = board.labels.iter().position(|label| label == name);
    if found.is_none() && board.labels.len() >= LABELS {
        return None;
    }
    let place = found.unwrap_or_else(|| {
        board.labels = board.labels.iter().map(String::as_str).chain([name]).collect();
        board.labels.len() - 1
    });
    u16::try_from(place).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::Update;

    fn report(id: &str, state: &str) -> Happening {
        let payload = format!(r#"{{"state":"{state}","zone":"normal"}}"#);
        Happening::Update(Update { device: id.into(), kind: "state".into(), payload: payload.into(), retained: false })
    }

    fn screen(start: Instant) -> Screen {
        Screen::new("broker".into(), Duration::from_secs(10), 1.0, start)
    }

    #[test]
    fn the_only_device_is_shown_and_of_several_the_open_one() {
        let now = Instant::now();
        let mut screen = screen(now);
        screen.happened(&report("b", "on"), now);
        screen.advance(now);
        assert_eq!(screen.shown().unwrap().0.id, "b");
        screen.happened(&report("a", "on"), now);
        screen.advance(now);
        assert!(screen.shown().is_none());
        assert!(screen.key(KeyCode::Down, now) && screen.key(KeyCode::Down, now) && screen.key(KeyCode::Down, now));
        assert_eq!(screen.selected.as_deref(), Some("b"));
        assert!(screen.key(KeyCode::Up, now) && screen.key(KeyCode::Enter, now));
        assert_eq!(screen.shown().unwrap().0.id, "a");
        // The first Esc closes the device, the second is not this screen's: it ends the program.
        assert!(screen.key(KeyCode::Esc, now) && !screen.key(KeyCode::Esc, now));
        assert!(screen.shown().is_none());
    }

    #[test]
    fn the_timeline_has_the_states_and_nothing_while_a_device_is_silent() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut screen = screen(start);
        for second in 0..40 {
            if !(5..30).contains(&second) {
                screen.happened(&report("a", if second < 5 { "on" } else { "off" }), at(second));
            }
            screen.advance(at(second));
        }
        let (_, board) = screen.shown().unwrap();
        let cells: Vec<_> = board.cells(6).iter().map(|cell| cell.map(|moment| moment.state)).collect();
        assert_eq!(board.labels.list().iter().collect::<Vec<_>>(), ["on", "off"]);
        assert_eq!(cells, [None, None, Some(Some(0)), Some(Some(0)), None, Some(Some(1))]);
    }

    #[test]
    fn a_lost_connection_is_trouble_until_it_is_back() {
        let now = Instant::now();
        let mut screen = screen(now);
        screen.happened(&Happening::Lost("reset".into()), now);
        assert_eq!(screen.trouble.as_deref(), Some("connection lost: reset; reconnecting"));
        screen.happened(&Happening::Connected, now);
        assert_eq!(screen.trouble, None);
    }
}
