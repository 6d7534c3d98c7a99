//! The loop of the display of devices at a broker: reads what happens there and keys, draws ten times a second.

use std::time::{Duration, Instant};

use anyhow::Context;
use ratatui::Frame;
use ratatui::crossterm::event::{self, Event as Terminal, KeyEventKind};

use super::live::{REDRAW, quits};
use super::screen::Screen;
use super::{device_list, device_view};
use crate::fleet::Broker;

/// Shows the devices until `q` or Ctrl-C, or Esc in the list. `name` is the broker's; a device is silent after `silent`; the
/// timelines cover `minutes`.
///
/// # Errors
/// When the terminal cannot be used.
pub(crate) fn show(broker: &Broker, name: String, silent: Duration, minutes: f64) -> anyhow::Result<()> {
    let mut terminal = ratatui::try_init().context("the terminal cannot be used; try --json")?;
    let screen = Screen::new(name, silent, minutes, Instant::now());
    let outcome = run(&mut terminal, broker, screen);
    ratatui::restore();
    outcome
}

fn run(terminal: &mut ratatui::DefaultTerminal, broker: &Broker, mut screen: Screen) -> anyhow::Result<()> {
    loop {
        let next = Instant::now() + REDRAW;
        while Instant::now() < next {
            if let Some(happening) = broker.next(next.saturating_duration_since(Instant::now())) {
                screen.happened(&happening, Instant::now());
            }
        }
        screen.advance(Instant::now());
        terminal.draw(|frame| draw(frame, &screen, Instant::now())).context("the terminal cannot be drawn on")?;
        while event::poll(Duration::ZERO).context("the keyboard cannot be read")? {
            let Terminal::Key(key) = event::read().context("the keyboard cannot be read")? else { continue };
            if key.kind != KeyEventKind::Release && !screen.key(key.code, Instant::now()) && quits(key) {
                return Ok(());
            }
        }
    }
}

/// Draws one device if one is open or there is only one, else the list.
fn draw(frame: &mut Frame<'_>, screen: &Screen, now: Instant) {
    match screen.shown() {
        Some(shown) => device_view::draw(frame, frame.area(), screen, shown, now),
        None => device_list::draw(frame, frame.area(), screen, now),
    }
}

#[cfg(test)]
mod tests {
    use ratatui::backend::TestBackend;
    use ratatui::crossterm::event::KeyCode;

    use super::*;
    use crate::fleet::Update;
    use crate::fleet::broker::Happening;

    fn report(id: &str, payload: &str) -> Happening {
        Happening::Update(Update { device: id.into(), kind: "state".into(), payload: payload.into(), retained: false })
    }

    fn text(screen: &Screen, now: Instant, width: u16, height: u16) -> Vec<String> {
        let mut terminal = ratatui::Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, screen, now)).unwrap();
        let rows = terminal.backend().buffer().content.chunks(width.into());
        rows.map(|row| row.iter().map(|cell| cell.symbol()).collect()).collect()
    }

    fn fleet(now: Instant) -> Screen {
        let mut screen = Screen::new("plant:1883".into(), Duration::from_secs(10), 5.0, now);
        screen
            .happened(&report("fan-2", r#"{"state":"on_state","confidence":0.97,"zone":"normal","anomaly":0.4}"#), now);
        screen.happened(
            &report(
                "pump-7",
                r#"{"state":"off_state","alarms":["anomaly"],"level_dbfs":-31.2,"anomaly":1.7,"zone":"alarm",
                    "explanation":{"text":"56-71 Hz +11.2 dB"},"trend_text":"rising","capture":"running"}"#,
            ),
            now,
        );
        screen.advance(now);
        screen
    }

    #[test]
    fn the_list_has_the_worst_device_first_and_says_for_how_long_one_is_silent() {
        let start = Instant::now();
        let mut screen = fleet(start);
        let now = start + Duration::from_secs(12);
        screen.happened(&report("pump-7", r#"{"state":"off_state","alarms":["anomaly"]}"#), now);
        let rows = text(&screen, now, 100, 12);
        assert!(rows[0].contains("plant:1883   2 devices"), "{}", rows[0]);
        assert!(rows[2].contains("ALARM") && rows[2].contains("pump-7") && rows[2].contains("alarm: anomaly"));
        assert!(rows[3].contains("SILENT") && rows[3].contains("fan-2") && rows[3].contains("12 s"), "{}", rows[3]);
    }

    #[test]
    fn an_open_device_is_shown_with_what_moved_and_its_health() {
        let now = Instant::now();
        let mut screen = fleet(now);
        screen.key(KeyCode::Enter, now);
        let shown = text(&screen, now, 80, 24).join("\n");
        for part in [
            "pump-7 at plant:1883",
            " ALARM ",
            "-31.2 dBFS",
            "anomaly 1.70 alarm",
            "56-71 Hz +11.2 dB",
            "trend: rising",
        ] {
            assert!(shown.contains(part), "{part}\n{shown}");
        }
        let late = now + Duration::from_secs(61);
        assert!(text(&screen, late, 80, 24).join("\n").contains("SILENT for 61 s: everything below is old"));
    }

    #[test]
    fn without_a_device_the_remedy_is_named_and_trouble_comes_first() {
        let now = Instant::now();
        let mut screen = Screen::new("plant".into(), Duration::from_secs(10), 5.0, now);
        assert!(text(&screen, now, 80, 5).join("\n").contains("is --prefix that of their [mqtt] section?"));
        screen.happened(&Happening::Lost("reset by peer".into()), now);
        assert!(text(&screen, now, 80, 5).join("\n").contains("connection lost: reset by peer; reconnecting"));
    }

    #[test]
    fn no_screen_is_too_small() {
        let now = Instant::now();
        let mut screen = fleet(now);
        for open in [false, true] {
            screen.is_open = open;
            screen.selected = Some("pump-7".into());
            for (width, height) in [(1, 1), (10, 3), (20, 10), (300, 100)] {
                text(&screen, now, width, height);
            }
        }
    }
}
