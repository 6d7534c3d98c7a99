//! The loop of the live dashboard: reads bytes and keys, draws ten times a second.

use std::time::{Duration, Instant};

use anyhow::Context;
use ratatui::crossterm::event::{self, Event as Terminal, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::source::{Event, Source};
use super::{Board, Link, view};

/// Time between two redraws.
pub(super) const REDRAW: Duration = Duration::from_millis(100);

/// Shows the device's reports until `q`, Esc or Ctrl-C; at the end of a file the last state stays on the screen.
///
/// # Errors
/// When the terminal cannot be used.
pub(crate) fn show(source: &Source, minutes: f64) -> anyhow::Result<()> {
    let mut terminal = ratatui::try_init().context("the terminal cannot be used; try --json")?;
    let outcome = run(&mut terminal, source, minutes);
    ratatui::restore();
    outcome
}

fn run(terminal: &mut ratatui::DefaultTerminal, source: &Source, minutes: f64) -> anyhow::Result<()> {
    let mut board = Board::new(minutes);
    let mut link = Link::default();
    let mut ended = false;
    let mut last_frame = Instant::now();
    loop {
        let next = Instant::now() + REDRAW;
        while !ended && Instant::now() < next {
            match source.next(next.saturating_duration_since(Instant::now())) {
                Some(Event::Bytes(bytes)) => {
                    board.trouble = None;
                    link.push(&bytes, |decoded| match decoded {
                        Ok((frame, lost)) => {
                            last_frame = Instant::now();
                            board.frame(&frame, lost);
                        }
                        Err(damage) => board.damage(damage),
                    });
                    board.counts = link.counts();
                }
                Some(Event::Disconnected(why)) => board.trouble = Some(format!("connection lost: {why}; reconnecting")),
                Some(Event::Connected) => board.trouble = None,
                Some(Event::End) => {
                    ended = true;
                    board.trouble = Some("end of data".into());
                }
                None => {}
            }
        }
        // A file is old from its first byte on.
        if source.is_live() {
            board.silence(last_frame.elapsed());
        }
        terminal.draw(|frame| view::draw(frame, &board)).context("the terminal cannot be drawn on")?;
        let timeout = if ended { REDRAW } else { Duration::ZERO };
        while event::poll(timeout).context("the keyboard cannot be read")? {
            if let Terminal::Key(key) = event::read().context("the keyboard cannot be read")?
                && quits(key)
            {
                return Ok(());
            }
            if !ended {
                break;
            }
        }
    }
}

/// Whether a key ends the program.
pub(super) fn quits(key: KeyEvent) -> bool {
    let control_c = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    key.kind != KeyEventKind::Release && (control_c || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc))
}
