//! A rectangle with two linear axes: grid, ticks, labels and curves by `plotters`, and the mapping from data to pixels.

use std::convert::Infallible;
use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::TextStyle;

use super::backend::{Backend, units};
use super::canvas::{Canvas, Pen};
use super::theme::{GRID, INK, LINE, Rgb, SMALL, SOFT_INK, TEXT};

/// One axis.
#[derive(Debug, Clone, Default)]
pub(crate) struct Axis {
    /// Lowest value shown.
    pub low: f64,
    /// Highest value shown; above `low`.
    pub high: f64,
    /// Values with a tick and its label.
    pub ticks: Vec<(f64, String)>,
    /// Quantity and unit; may be empty.
    pub label: String,
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        RangedCoordf64::from(self.range()).map(value, limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        // `plotters` calls lines between the ticks "light".
        let bold = !hint.weight().allow_light_points();
        self.ticks.iter().filter(|_| bold).map(|(value, _)| *value).collect()
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, at: &f64) -> String {
        self.ticks.iter().find(|(value, _)| value == at).map(|(_, label)| label.clone()).unwrap_or_default()
    }
}

/// A plot's rectangle on the canvas, in pixels, and its axes.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
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
    /// Width that the text of a vertical axis needs on the left, pixels.
    pub(crate) fn left_room(canvas: &Canvas, axis: &Axis) -> f64 {
        let ticks = axis.ticks.iter().map(|(_, label)| canvas.font().width(label, SMALL)).fold(0.0, f64::max);
        let label = if axis.label.is_empty() { 0.0 } else { TEXT + 10.0 };
        ticks + 12.0 + label
    }

    /// Height that the text of a horizontal axis needs below, pixels.
    pub(crate) fn bottom_room(axis: &Axis) -> f64 {
        let ticks = if axis.ticks.is_empty() { 6.0 } else { SMALL + 12.0 };
        ticks + if axis.label.is_empty() { 0.0 } else { TEXT + 12.0 }
    }

    /// Pixel position of the value `(x, y)`.
    pub(crate) fn place(&self, x: f64, y: f64) -> (f64, f64) {
        let right = (x - self.x.low) / (self.x.high - self.x.low);
        let up = (y - self.y.low) / (self.y.high - self.y.low);
        (self.left + right * self.width, self.top + (1.0 - up) * self.height)
    }

    /// Draws grid, edge, ticks and text; draw the data afterwards.
    pub(crate) fn draw(&self, canvas: &mut Canvas) {
        self.chart(canvas, |chart| {
            chart
                .configure_mesh()
                .bold_line_style(line(Pen::solid(GRID, 1.0)))
                .light_line_style(TRANSPARENT)
                .axis_style(TRANSPARENT)
                .set_all_tick_mark_size(units(TICK))
                .x_desc(self.x.label.as_str())
                .y_desc(self.y.label.as_str())
                .label_style(text_style(SMALL, SOFT_INK))
                .axis_desc_style(text_style(TEXT, INK))
                .draw()
        });
        // Half pixels: a line of one pixel then covers one pixel.
        let half = |at: f64| at.floor() + 0.5;
        let (l, t, r, b) =
            (half(self.left), half(self.top), half(self.left + self.width), half(self.top + self.height));
        canvas.line(&[(l, t), (r, t), (r, b), (l, b), (l, t)], Pen::solid(LINE, 1.0));
    }

    /// Draws a curve through `points`, in values of the axes; a point that is not finite interrupts it.
    pub(crate) fn curve(&self, canvas: &mut Canvas, points: &[(f64, f64)], pen: Pen) {
        let pieces = points.split(|(x, y)| !x.is_finite() || !y.is_finite()).filter(|piece| !piece.is_empty());
        self.chart(canvas, |chart| {
            for piece in pieces {
                let (points, style) = (piece.iter().copied(), line(pen));
                match (piece, pen.dash) {
                    // A single point would be invisible.
                    ([only], _) => chart.draw_series([Circle::new(*only, units(pen.width), style.filled())])?,
                    (_, None) => chart.draw_series(LineSeries::new(points, style))?,
                    (_, Some((dash, gap))) => {
                        chart.draw_series(DashedLineSeries::new(points, units(dash), units(gap), style))?
                    }
                };
            }
            Ok(())
        });
    }

    /// Fills the area between the curves `upper` and `lower`, in values of the axes.
    pub(crate) fn band(
        &self,
        canvas: &mut Canvas,
        upper: &[(f64, f64)],
        lower: &[(f64, f64)],
        colour: Rgb,
        opacity: f64,
    ) {
        let outline: Vec<_> = upper.iter().chain(lower.iter().rev()).copied().collect();
        if outline.iter().all(|(x, y)| x.is_finite() && y.is_finite()) {
            let fill = RGBColor(colour.0, colour.1, colour.2).mix(opacity);
            self.chart(canvas, |chart| chart.draw_series([Polygon::new(outline, fill)]).map(drop));
        }
    }

    /// Calls `draw` with the chart of this frame.
    fn chart(&self, canvas: &mut Canvas, draw: impl FnOnce(&mut Chart<'_, '_>) -> Result<(), Error>) {
        let (left, below) = (Self::left_room(canvas, &self.y), Self::bottom_room(&self.x));
        let (width, height) = canvas.size();
        let root = Backend(canvas).into_drawing_area().margin(
            units(self.top),
            units(height - self.top - self.height - below),
            units(self.left - left),
            units(width - self.left - self.width),
        );
        let drawn = ChartBuilder::on(&root)
            .x_label_area_size(units(below))
            .y_label_area_size(units(left))
            .build_cartesian_2d(self.x.clone(), self.y.clone())
            .and_then(|mut chart| draw(&mut chart));
        // The backend cannot fail, and the drawing area is not shared.
        debug_assert!(drawn.is_ok(), "{drawn:?}");
    }
}

type Chart<'a, 'c> = ChartContext<'a, Backend<'c>, Cartesian2d<Axis, Axis>>;
type Error = DrawingAreaErrorKind<Infallible>;

/// Distance from the edge to a tick's label, pixels.
const TICK: f64 = 4.0;

fn line(pen: Pen) -> ShapeStyle {
    let colour = RGBColor(pen.colour.0, pen.colour.1, pen.colour.2).mix(pen.opacity);
    colour.stroke_width(units(pen.width).unsigned_abs())
}

fn text_style(size: f64, colour: Rgb) -> TextStyle<'static> {
    let font = FontDesc::new(FontFamily::SansSerif, f64::from(units(size)), FontStyle::Normal);
    font.color(&RGBColor(colour.0, colour.1, colour.2))
}
