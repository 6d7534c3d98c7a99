//! A rectangle with two linear axes: grid, ticks, labels, and the way from data to pixels.

use super::canvas::{Align, Canvas, Pen};
use super::theme::{GRID, INK, LINE, SMALL, SOFT_INK, TEXT};

/// One axis.
#[derive(Debug, Clone, Default)]
pub struct Axis {
    /// Lowest value shown.
    pub low: f64,
    /// Highest value shown; above `low`.
    pub high: f64,
    /// Values with a tick and its label.
    pub ticks: Vec<(f64, String)>,
    /// What the axis is and its unit; may be empty.
    pub label: String,
}

/// A plot's rectangle on the canvas, in pixels, and its axes.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Left edge of the data area.
    pub left: f64,
    /// Top edge of the data area.
    pub top: f64,
    /// Width of the data area.
    pub width: f64,
    /// Height of the data area.
    pub height: f64,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
}

impl Frame {
    /// Room that the words of a vertical axis need on the left, pixels.
    pub fn left_room(canvas: &Canvas, axis: &Axis) -> f64 {
        let ticks = axis.ticks.iter().map(|(_, label)| canvas.font().width(label, SMALL)).fold(0.0, f64::max);
        let label = if axis.label.is_empty() { 0.0 } else { TEXT + 10.0 };
        ticks + 12.0 + label
    }

    /// Room that the words of a horizontal axis need below, pixels.
    pub fn bottom_room(axis: &Axis) -> f64 {
        let ticks = if axis.ticks.is_empty() { 6.0 } else { SMALL + 12.0 };
        ticks + if axis.label.is_empty() { 0.0 } else { TEXT + 12.0 }
    }

    /// The pixel of the value `(x, y)`.
    pub fn place(&self, x: f64, y: f64) -> (f64, f64) {
        let right = (x - self.x.low) / (self.x.high - self.x.low);
        let up = (y - self.y.low) / (self.y.high - self.y.low);
        (self.left + right * self.width, self.top + (1.0 - up) * self.height)
    }

    /// Draws grid, edge, ticks and words; the data comes on top.
    pub fn draw(&self, canvas: &mut Canvas) {
        let (right, bottom) = (self.left + self.width, self.top + self.height);
        for (value, label) in &self.x.ticks {
            // Half pixels: a line of one pixel then covers one pixel.
            let x = self.place(*value, self.y.low).0.floor() + 0.5;
            canvas.line(&[(x, self.top), (x, bottom)], Pen::solid(GRID, 1.0));
            canvas.text(label, (x, bottom + 6.0 + SMALL / 2.0), Align::Middle, SMALL, SOFT_INK);
        }
        for (value, label) in &self.y.ticks {
            let y = self.place(self.x.low, *value).1.floor() + 0.5;
            canvas.line(&[(self.left, y), (right, y)], Pen::solid(GRID, 1.0));
            canvas.text(label, (self.left - 8.0, y), Align::End, SMALL, SOFT_INK);
        }
        let (l, t, r, b) = (self.left.floor() + 0.5, self.top.floor() + 0.5, right.floor() + 0.5, bottom.floor() + 0.5);
        canvas.line(&[(l, t), (r, t), (r, b), (l, b), (l, t)], Pen::solid(LINE, 1.0));
        let below = bottom + Self::bottom_room(&self.x) - TEXT / 2.0;
        canvas.text(&self.x.label, (self.left + self.width / 2.0, below), Align::Middle, TEXT, INK);
        let beside = self.left - Self::left_room(canvas, &self.y) + TEXT / 2.0;
        canvas.text_up(&self.y.label, (beside, self.top + self.height / 2.0), Align::Middle, TEXT, INK);
    }
}
