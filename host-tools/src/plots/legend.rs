//! The part above the data: title, subtitle and legend.

use super::canvas::{Align, Canvas, Pen};
use super::theme::{CURVE, INK, MARGIN, Mark, Rgb, SOFT_INK, TEXT, TITLE};
use monitor_model::palette::Pattern;

/// Mark of a legend entry.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Key {
    /// The mark of a scatter plot.
    Mark(Mark, Rgb),
    /// A piece of line.
    Line(Pen),
    /// An area of this colour and pattern.
    Area(Rgb, Pattern),
}

const KEY: f64 = 22.0;
/// Height of an area, pixels.
const AREA: f64 = 16.0;
const ROW: f64 = 28.0;
const BETWEEN: f64 = 26.0;

/// Draws title, subtitle (may be empty) and legend (may be empty) at the top of the canvas, over its whole width;
/// returns the y where data may begin, pixels. A name too long for a line is cut with an ellipsis.
pub(crate) fn header(canvas: &mut Canvas, width: f64, title: &str, subtitle: &str, entries: &[(Key, String)]) -> f64 {
    let room = width - 2.0 * MARGIN;
    let mut y = MARGIN + TITLE / 2.0;
    let title = canvas.font().fit(title, TITLE, room);
    canvas.text(&title, (MARGIN, y), Align::Start, TITLE, INK);
    y += TITLE / 2.0 + 8.0;
    for line in wrap(canvas, subtitle, room) {
        y += TEXT / 2.0;
        canvas.text(&line, (MARGIN, y), Align::Start, TEXT, SOFT_INK);
        y += TEXT / 2.0 + 7.0;
    }
    if entries.is_empty() {
        return y + 10.0;
    }
    y += 6.0 + ROW / 2.0;
    let names: Vec<String> = entries.iter().map(|(_, name)| canvas.font().fit(name, TEXT, room - KEY - 8.0)).collect();
    let widths: Vec<f64> = names.iter().map(|name| KEY + 8.0 + canvas.font().width(name, TEXT) + BETWEEN).collect();
    // In one row if they fit, else in columns.
    let one_row = widths.iter().sum::<f64>() - BETWEEN <= room;
    let column = widths.iter().copied().fold(0.0, f64::max);
    let mut x = MARGIN;
    for (((key, _), name), width) in entries.iter().zip(&names).zip(widths) {
        let width = if one_row { width } else { column };
        if x > MARGIN && x + width - BETWEEN > MARGIN + room {
            x = MARGIN;
            y += ROW;
        }
        match *key {
            Key::Mark(mark, colour) => canvas.mark(mark, (x + KEY / 2.0, y), 7.0, colour, 1.0),
            Key::Line(pen) => canvas.line(&[(x, y), (x + KEY, y)], Pen { width: pen.width.max(CURVE), ..pen }),
            Key::Area(colour, pattern) => {
                canvas.patterned((x, y - AREA / 2.0), (KEY, AREA), colour, pattern);
                canvas.outline((x, y - AREA / 2.0), (KEY, AREA));
            }
        }
        canvas.text(name, (x + KEY + 8.0, y), Align::Start, TEXT, INK);
        x += width;
    }
    y + ROW / 2.0 + 10.0
}

/// `text` in lines of at most `room` pixels, broken between words.
fn wrap(canvas: &Canvas, text: &str, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if canvas.font().width(&format!("{line} {word}"), TEXT) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(canvas.font().fit(word, TEXT, room)),
        }
    }
    lines
}

/// Height in pixels of what [`header`] draws, to size the canvas beforehand.
///
/// # Errors
/// As [`Canvas::new`].
pub(crate) fn header_height(width: f64, title: &str, subtitle: &str, entries: &[(Key, String)]) -> anyhow::Result<f64> {
    // Drawn on a strip that is discarded, so that the layout is written once.
    let mut strip = Canvas::new(width, 1.0)?;
    Ok(header(&mut strip, width, title, subtitle, entries))
}
