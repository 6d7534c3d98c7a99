//! What both pictures of a training share: two panels side by side, with training and validation in each.

use super::axes::{Axis, Frame};
use super::canvas::{Align, Canvas, Pen};
use super::legend::{Key, header, header_height};
use super::theme::{CURVE, INK, MARGIN, SMALL, SOFT_INK, TRAINING, VALIDATION};
use super::ticks::{range, ticks};

const WIDTH: f64 = 1400.0;
const HEIGHT: f64 = 400.0;
const BETWEEN: f64 = 36.0;
/// Width of a panel, its axis included.
const PANEL: f64 = (WIDTH - 2.0 * MARGIN - BETWEEN) / 2.0;

pub(super) fn training() -> Pen {
    Pen::solid(TRAINING, CURVE)
}

pub(super) fn validation() -> Pen {
    Pen::solid(VALIDATION, CURVE).dashed(9.0, 4.0)
}

/// The keys of both sides.
pub(super) fn sides() -> [(Key, String); 2] {
    [(Key::Line(training()), "training".to_string()), (Key::Line(validation()), "validation".to_string())]
}

/// An empty picture below `title`, `subtitle` (may be empty) and `legend`, and the top of its panels.
pub(super) fn canvas(title: &str, subtitle: &str, legend: &[(Key, String)]) -> anyhow::Result<(Canvas, f64)> {
    let top = header_height(WIDTH, title, subtitle, legend)?;
    let mut canvas = Canvas::new(WIDTH, top + HEIGHT + 70.0 + MARGIN)?;
    header(&mut canvas, WIDTH, title, subtitle, legend);
    Ok((canvas, top))
}

/// The frame of the panel `index`, 0 or 1.
pub(super) fn frame(canvas: &Canvas, index: usize, top: f64, x: Axis, y: Axis) -> Frame {
    let left = MARGIN + index as f64 * (PANEL + BETWEEN);
    let room = Frame::left_room(canvas, &y);
    Frame { left: left + room, top, width: PANEL - room - 8.0, height: HEIGHT, x, y }
}

/// The axis of a quantity: of a loss from 0 on, of a share up to `ceiling`.
pub(super) fn vertical(name: &str, values: impl Iterator<Item = f64>, ceiling: Option<f64>) -> Axis {
    let (low, high) = range(values);
    let (low, high) = match ceiling {
        Some(ceiling) => (low.max(0.0), ceiling + 0.02),
        None => (0.0, high.max(1e-3)),
    };
    axis(name, low, high)
}

/// An axis from `low` to `high`.
pub(super) fn axis(name: &str, low: f64, high: f64) -> Axis {
    Axis { low, high, ticks: ticks(low, high, 6), label: name.to_string() }
}

/// A dashed line at `value` of the horizontal axis, which was chosen; returns its place.
pub(super) fn chosen_line(canvas: &mut Canvas, frame: &Frame, value: f64) -> f64 {
    let (x, _) = frame.place(value, frame.y.low);
    canvas.line(&[(x, frame.top), (x, frame.top + frame.height)], Pen::solid(SOFT_INK, 1.2).dashed(4.0, 4.0));
    x
}

/// Writes a note beside the line at `x`, where the curves leave room: at the top for a loss, which falls, `at_bottom` for a
/// share, which rises.
pub(super) fn note(canvas: &mut Canvas, frame: &Frame, x: f64, text: &str, at_bottom: bool) {
    let y = if at_bottom { frame.top + frame.height - 20.0 } else { frame.top + 20.0 };
    let fits = x + 10.0 + canvas.font().width(text, SMALL) < frame.left + frame.width - 6.0;
    if fits {
        canvas.text(text, (x + 10.0, y), Align::Start, SMALL, INK);
    } else {
        canvas.text(text, (x - 10.0, y), Align::End, SMALL, INK);
    }
}
