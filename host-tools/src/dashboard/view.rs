//! Draws the dashboard (state, probabilities, timeline, health, events) on a terminal of any size.

use monitor_model::line::{capture_name, cause_name};
use monitor_model::palette::{self, Rgb};
use monitor_wire::AlarmCause;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};

use super::board::Board;

/// The colour of a state.
pub(super) fn colour(state: Option<u16>) -> Color {
    terminal(state.map_or(palette::UNKNOWN, |state| palette::state(state.into())))
}

pub(super) fn terminal(colour: Rgb) -> Color {
    Color::Indexed(palette::terminal(colour))
}

/// The letter that fills a cell with a state, so that states differ without colour too.
fn letter(state: Option<u16>) -> char {
    state.map_or('-', |state| palette::pattern(state.into()).letter())
}

/// White on the colour of an alarm.
pub(super) fn alarm() -> Style {
    Style::new().fg(Color::White).bg(terminal(palette::ALARM)).add_modifier(Modifier::BOLD)
}

/// Draws everything.
pub(super) fn draw(frame: &mut Frame<'_>, board: &Board) {
    let bars = board.probabilities.len().clamp(1, 10) as u16 + 2;
    let rows = Layout::vertical([
        Constraint::Length(3),
        Constraint::Length(3),
        Constraint::Length(bars),
        Constraint::Length(4),
        Constraint::Length(5),
        Constraint::Min(3),
    ]);
    let [device, state, probabilities, timeline, health, events] = rows.areas(frame.area());
    draw_device(frame, device, board);
    draw_state(frame, state, board);
    draw_probabilities(frame, probabilities, board);
    draw_timeline(frame, timeline, board);
    draw_health(frame, health, board);
    draw_events(frame, events, board);
}

fn draw_device(frame: &mut Frame<'_>, area: Rect, board: &Board) {
    let counts = board.counts;
    let text = match &board.trouble {
        trouble if board.silent_s.is_some() => silence(board.silent_s.unwrap_or_default(), trouble.as_deref()),
        Some(trouble) => Line::styled(trouble.clone(), Style::new().fg(terminal(palette::ALARM))),
        None if board.device.is_empty() => Line::from("waiting for the device to identify itself (within 10 s)"),
        None => Line::from(board.device.clone()),
    };
    let title = format!(
        " acoustic monitor   up {:.0} s   frames {}   lost {}   damaged {}   q quits ",
        board.now_s, counts.frames, counts.lost, counts.damaged
    );
    frame.render_widget(Paragraph::new(text).block(Block::bordered().title(title)), area);
}

/// Says that the device is silent, and why if that is known.
fn silence(seconds: u64, trouble: Option<&str>) -> Line<'static> {
    let why = trouble.map(|trouble| format!(" ({trouble})")).unwrap_or_default();
    Line::styled(format!(" SILENT for {seconds} s{why}: everything below is old "), alarm())
}

fn draw_state(frame: &mut Frame<'_>, area: Rect, board: &Board) {
    let style = Style::new().fg(colour(board.state)).add_modifier(Modifier::BOLD);
    let mut spans = vec![
        Span::styled(format!("{} ", board.name(board.state)), style),
        Span::raw(format!("{:.2}", board.confidence)),
        Span::raw(format!("   {:.1} dBFS   {:.2} ms", board.level_dbfs, board.inference_ms)),
    ];
    if let Some(anomaly) = board.anomaly {
        let (level, colour) = level(board);
        spans.push(Span::raw(format!("   anomaly {anomaly:.2} ")));
        spans.push(Span::styled(level, Style::new().fg(terminal(colour))));
    }
    for cause in &board.alarms {
        spans.push(Span::raw("   "));
        spans.push(Span::styled(format!(" ALARM: {} ", cause_name(*cause)), alarm()));
    }
    frame.render_widget(Paragraph::new(Line::from(spans)).block(Block::bordered().title(" state ")), area);
}

/// What the anomaly score amounts to, and the colour of it.
fn level(board: &Board) -> (&'static str, Rgb) {
    match board.alarms.contains(&(AlarmCause::Anomaly as u8)) {
        true => ("alarm", palette::ALARM),
        false if board.warned => ("warning", palette::WARNING),
        false => ("normal", palette::NORMAL),
    }
}

fn draw_probabilities(frame: &mut Frame<'_>, area: Rect, board: &Board) {
    let room = area.height.saturating_sub(2) as usize;
    let mut order: Vec<usize> = (0..board.probabilities.len()).collect();
    if order.len() > room {
        // Too many for the screen: shows the most probable ones.
        order.sort_by(|a, b| board.probabilities[*b].total_cmp(&board.probabilities[*a]));
        order.truncate(room);
    }
    let width = (area.width as usize).saturating_sub(2 + 24 + 6);
    let lines: Vec<Line<'_>> = order
        .into_iter()
        .map(|class| {
            let probability = board.probabilities[class];
            let state = Some(class as u16);
            let full = (probability.clamp(0.0, 1.0) * width as f32).round() as usize;
            Line::from(vec![
                Span::raw(format!("{:<22.22} {probability:>5.2} ", board.name(state))),
                Span::styled(letter(state).to_string().repeat(full), Style::new().fg(colour(state))),
            ])
        })
        .collect();
    frame.render_widget(Paragraph::new(lines).block(Block::bordered().title(" probabilities ")), area);
}

pub(super) fn draw_timeline(frame: &mut Frame<'_>, area: Rect, board: &Board) {
    let cells = board.cells(area.width.saturating_sub(2) as usize);
    let states = cells.iter().map(|cell| match cell {
        Some(moment) => Span::styled(letter(moment.state).to_string(), Style::new().fg(colour(moment.state))),
        None => Span::raw("·"),
    });
    let gaps = cells.iter().map(|cell| match cell {
        Some(moment) if moment.gap => Span::styled("x", Style::new().fg(terminal(palette::ALARM))),
        _ => Span::raw(" "),
    });
    let lines = vec![Line::from_iter(states), Line::from_iter(gaps)];
    let title = format!(" last {:.0} min, x marks lost samples ", board.span_s / 60.0);
    frame.render_widget(Paragraph::new(lines).block(Block::bordered().title(title)), area);
}

fn draw_health(frame: &mut Frame<'_>, area: Rect, board: &Board) {
    let ms = |us: u32| f64::from(us) / 1e3;
    let lines = board.health.map_or(vec![Line::from("no report yet")], |h| {
        let temperature = h.cpu_millidegrees.map_or("-".into(), |t| format!("{:.1} °C", f64::from(t) / 1e3));
        vec![
            Line::from(format!(
                "capture {}   frames {}   xruns {}   recoveries {}   {}",
                capture_name(h.capture),
                h.frames,
                h.xruns,
                h.recoveries,
                if h.realtime { "real time" } else { "no real-time priority" }
            )),
            Line::from(
                format!("gaps {}   lost frames {}   windows {}", h.gaps, h.lost_frames, h.windows)
                    + &format!("   dropped {}   reports dropped {}", h.dropped_windows, h.dropped_reports),
            ),
            Line::from(format!(
                "inference p50 {:.2}  p99 {:.2}  max {:.2} ms   queue {}   CPU {temperature}",
                ms(h.inference_p50_us),
                ms(h.inference_p99_us),
                ms(h.inference_max_us),
                h.queue_depth
            )),
        ]
    });
    frame.render_widget(Paragraph::new(lines).block(Block::bordered().title(" health ")), area);
}

fn draw_events(frame: &mut Frame<'_>, area: Rect, board: &Board) {
    let room = area.height.saturating_sub(2) as usize;
    let skip = board.events.len().saturating_sub(room);
    let lines: Vec<Line<'_>> = board.events.iter().skip(skip).map(|event| Line::from(event.as_str())).collect();
    frame.render_widget(Paragraph::new(lines).block(Block::bordered().title(" events ")), area);
}

#[cfg(test)]
mod tests {
    use monitor_wire::{CaptureState, Health};
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::super::board::Moment;
    use super::*;

    fn board() -> Board {
        Board {
            labels: ["off_state", "on_state"].into_iter().collect(),
            device: "m.tflite".into(),
            now_s: 60.0,
            state: Some(1),
            confidence: 0.97,
            level_dbfs: -32.0,
            probabilities: vec![0.25, 0.75],
            alarms: vec![0],
            health: Some(Health { frames: 48_000, capture: CaptureState::Running as u8, ..Health::default() }),
            timeline: [Moment { at_s: 59.0, state: Some(1), gap: true }].into(),
            events: ["[59.00] STATE off_state -> on_state (0.97)".to_string()].into(),
            ..Board::new(1.0)
        }
    }

    fn screen(board: &Board, width: u16, height: u16) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, board)).unwrap();
        let buffer = terminal.backend().buffer();
        let rows = buffer.content.chunks(width.into());
        rows.map(|row| row.iter().map(|cell| cell.symbol()).collect()).collect()
    }

    #[test]
    fn all_parts_fit_on_a_screen_of_80_by_24() {
        let text = screen(&board(), 80, 24).join("\n");
        for part in [
            "on_state 0.97",
            "ALARM: state",
            "off_state               0.25 ",
            "capture running",
            "last 1 min",
            "STATE off_state -> on_state",
            "frames 48000",
            "m.tflite",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }

    #[test]
    fn a_silent_device_is_shown_as_such_with_the_reason() {
        let board = Board { silent_s: Some(7), trouble: Some("end of data".into()), ..board() };
        let text = screen(&board, 80, 24).join("\n");
        assert!(text.contains("SILENT for 7 s (end of data)"), "{text}");
    }

    #[test]
    fn the_anomaly_score_is_named_normal_warning_or_alarm() {
        let shown = |warned, alarms: &[u8]| {
            let board = Board { anomaly: Some(0.8), warned, alarms: alarms.to_vec(), ..board() };
            screen(&board, 100, 24).join("\n")
        };
        assert!(shown(false, &[0]).contains("anomaly 0.80 normal"));
        assert!(shown(true, &[]).contains("anomaly 0.80 warning"));
        assert!(shown(true, &[1]).contains("anomaly 0.80 alarm"));
    }

    #[test]
    fn a_bar_is_as_long_as_its_probability() {
        let rows = screen(&board(), 132, 24);
        let bar = |label: &str, letter| rows.iter().find(|row| row.contains(label)).unwrap().matches(letter).count();
        assert_eq!((bar("off_state  ", '█'), bar("on_state  ", '▓')), (25, 75));
    }

    #[test]
    fn no_screen_is_too_small_and_no_model_too_large() {
        let many = Board { probabilities: vec![0.1; 521], ..board() };
        for (width, height) in [(1, 1), (10, 3), (20, 10), (300, 100)] {
            screen(&many, width, height);
            screen(&Board::new(5.0), width, height);
        }
    }
}
