//! Draws one device of a broker.

use std::time::Instant;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};

use super::board::Board;
use super::device_list::{look, what};
use super::screen::Screen;
use super::view::{alarm, colour, draw_timeline};
use crate::fleet::Device;
use crate::fleet::report::Report;

/// Draws it.
pub(super) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    screen: &Screen,
    (device, board): (&Device, &Board),
    now: Instant,
) {
    let rows = Layout::vertical([
        Constraint::Length(3),
        Constraint::Length(4),
        Constraint::Length(4),
        Constraint::Length(6),
        Constraint::Min(3),
    ]);
    let [head, state, timeline, health, events] = rows.areas(area);
    let back = if screen.is_open { "Esc goes back, " } else { "" };
    let title = format!(" {} at {}   {back}q quits ", device.id, screen.broker);
    let text = match &screen.trouble {
        Some(trouble) => Line::styled(trouble.clone(), alarm()),
        None if device.is_silent(now, screen.silent) => {
            let seconds = device.silence(now).as_secs();
            let offline = if device.online == Some(false) { " (offline)" } else { "" };
            Line::styled(format!(" SILENT for {seconds} s{offline}: everything below is old "), alarm())
        }
        None => {
            let condition = device.condition(now, screen.silent);
            Line::styled(format!(" {} ", condition.name()), look(condition))
        }
    };
    frame.render_widget(Paragraph::new(text).block(Block::bordered().title(title)), head);
    draw_state(frame, state, device, board);
    draw_timeline(frame, timeline, board);
    let lines = device.report.as_ref().map_or(vec![Line::from("no report yet")], health_lines);
    frame.render_widget(Paragraph::new(lines).block(Block::bordered().title(" health ")), health);
    let room = events.height.saturating_sub(2) as usize;
    let skip = device.events.len().saturating_sub(room);
    let lines: Vec<Line<'_>> = device.events.iter().skip(skip).map(|event| Line::from(event.as_str())).collect();
    frame.render_widget(Paragraph::new(lines).block(Block::bordered().title(" events ")), events);
}

fn draw_state(frame: &mut Frame<'_>, area: Rect, device: &Device, board: &Board) {
    let mut lines = Vec::new();
    if let Some(report) = &device.report {
        let style = Style::new().fg(colour(board.state)).add_modifier(Modifier::BOLD);
        let mut spans = vec![Span::styled(report.state.clone(), style)];
        spans.extend(report.confidence.map(|p| Span::raw(format!(" {p:.2}"))));
        spans.extend(report.level_dbfs.map(|level| Span::raw(format!("   {level:.1} dBFS"))));
        spans.extend(report.anomaly.map(|score| Span::raw(format!("   anomaly {score:.2}"))));
        spans.extend(report.zone.iter().map(|zone| Span::raw(format!(" {zone}"))));
        lines = vec![Line::from(spans), Line::from(what(device))];
    }
    frame.render_widget(Paragraph::new(lines).block(Block::bordered().title(" state ")), area);
}

fn health_lines(report: &Report) -> Vec<Line<'_>> {
    let temperature = report.cpu_celsius.map_or("-".into(), |t| format!("{t:.1} °C"));
    let rejected = report.rejected_updates.first();
    vec![
        Line::from(format!(
            "up {:.0} s   capture {}   clock {}   xruns {}   gaps {}",
            report.up_s, report.capture, report.clock, report.xruns, report.gaps
        )),
        Line::from(format!(
            "windows {}   dropped {}   events dropped {}   inference p99 {:.2} ms   CPU {temperature}",
            report.windows, report.dropped_windows, report.dropped_events, report.inference_p99_ms
        )),
        Line::from(format!("trend: {}   model: {}", report.trend_text, report.drift_text)),
        Line::from(rejected.map(|why| format!("rejected: {why}")).unwrap_or_default()),
    ]
}
