//! Draws the list of devices, the worst first.

use std::time::Instant;

use monitor_model::palette;
use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::Text;
use ratatui::widgets::{Block, Paragraph, Row, Table, TableState};

use super::screen::Screen;
use super::view::{alarm, terminal};
use crate::fleet::{Condition, Device};

/// Headings and widths.
const COLUMNS: [(&str, Constraint); 8] = [
    ("", Constraint::Length(8)),
    ("device", Constraint::Fill(2)),
    ("state", Constraint::Fill(2)),
    ("conf.", Constraint::Length(5)),
    ("anomaly", Constraint::Length(7)),
    ("dBFS", Constraint::Length(6)),
    ("silent", Constraint::Length(7)),
    ("what", Constraint::Fill(3)),
];

/// The look of a condition; its word differs too.
pub(super) fn look(condition: Condition) -> Style {
    match condition {
        Condition::Alarm | Condition::Silent | Condition::Deaf => alarm(),
        Condition::Warning => Style::new().fg(terminal(palette::WARNING)).add_modifier(Modifier::BOLD),
        Condition::Watch | Condition::Waiting => Style::new().fg(terminal(palette::UNKNOWN)),
        Condition::Normal => Style::new().fg(terminal(palette::NORMAL)),
    }
}

/// Draws it.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, screen: &Screen, now: Instant) {
    let devices = screen.fleet.worst_first(now, screen.silent);
    let title = format!(
        " {}   {} devices{}   arrows and Enter open one, q quits ",
        screen.broker,
        devices.len(),
        if screen.fleet.left_out > 0 { " (more are not shown: name some by --device)" } else { "" }
    );
    let block = Block::bordered().title(title);
    if let Some(trouble) = &screen.trouble {
        return frame.render_widget(Paragraph::new(trouble.clone()).style(alarm()).block(block), area);
    }
    if devices.is_empty() {
        let text = "no device has reported yet: is --prefix that of their [mqtt] section?";
        return frame.render_widget(Paragraph::new(text).block(block), area);
    }
    let rows = devices.iter().map(|(condition, device)| row(*condition, device, screen, now));
    let table = Table::new(rows, COLUMNS.map(|(_, width)| width))
        .header(Row::new(COLUMNS.map(|(heading, _)| heading)).style(Style::new().add_modifier(Modifier::DIM)))
        .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED))
        .block(block);
    let selected = screen.selected.as_ref().and_then(|id| devices.iter().position(|(_, device)| device.id == *id));
    frame.render_stateful_widget(table, area, &mut TableState::default().with_selected(selected));
}

fn row<'d>(condition: Condition, device: &'d Device, screen: &Screen, now: Instant) -> Row<'d> {
    let silent = device.is_silent(now, screen.silent).then(|| format!("{} s", device.silence(now).as_secs()));
    let report = device.report.as_ref();
    let decimals = |value: Option<f64>, decimals: usize| value.map(|value| format!("{value:.decimals$}"));
    let value = |of: fn(&crate::fleet::report::Report) -> Option<f64>| report.and_then(of);
    Row::new([
        Text::styled(condition.name(), look(condition)),
        Text::raw(&device.id),
        Text::raw(report.map_or("", |report| &report.state)),
        Text::raw(decimals(value(|r| r.confidence), 2).unwrap_or_default()),
        Text::raw(decimals(value(|r| r.anomaly), 2).unwrap_or_default()),
        Text::raw(decimals(value(|r| r.level_dbfs), 1).unwrap_or_default()),
        Text::raw(silent.unwrap_or_default()),
        Text::raw(what(device)),
    ])
}

/// What a device reports beside its state, the most urgent first.
pub(super) fn what(device: &Device) -> String {
    let Some(report) = &device.report else { return String::new() };
    let mut parts = Vec::new();
    if !report.alarms.is_empty() {
        parts.push(format!("alarm: {}", report.alarms.join(", ")));
    }
    if !report.unacknowledged.is_empty() {
        parts.push(format!("not acknowledged: {}", report.unacknowledged.join(", ")));
    }
    if device.online == Some(false) {
        parts.push("offline".into());
    }
    if !report.microphone.is_empty() {
        parts.push(format!("microphone: {}", report.microphone.join(", ")));
    }
    if !matches!(&report.capture[..], "" | "running") {
        parts.push(format!("capture {}", report.capture));
    }
    parts.extend(report.explanation.iter().map(|explanation| explanation.text.clone()));
    if report.drift {
        parts.push(report.drift_text.clone());
    }
    parts.join("; ")
}
