//! The drawing surface: lines, areas, marks and text on white paper.
//!
//! `plotters` draws its charts on it (see [`super::backend`]); legends, titles and cells are drawn directly. A thin layer over
//! `tiny-skia`, because the bitmap of `plotters` is not anti-aliased, in `f64` pixels (y downwards) and the theme's colours.
//! Drawing cannot fail: a shape without a finite position is left out.

use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, StrokeDash, Transform,
};

use super::Picture;
use super::font::{CAPITAL, Typeface};
use super::theme::{LINE, Mark, PAPER, Rgb};
use monitor_model::palette::Pattern;

/// Position of text relative to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// Starts at the point.
    Start,
    /// Centred on the point.
    Middle,
    /// Ends at the point.
    End,
}

/// Style of a line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pen {
    /// Its colour.
    pub colour: Rgb,
    /// Its width, pixels.
    pub width: f64,
    /// Lengths of dash and gap, pixels; solid without.
    pub dash: Option<(f64, f64)>,
    /// 0 is invisible, 1 solid.
    pub opacity: f64,
}

impl Pen {
    /// A solid, opaque line.
    pub(crate) fn solid(colour: Rgb, width: f64) -> Self {
        Self { colour, width, dash: None, opacity: 1.0 }
    }

    /// The same, dashed.
    pub(crate) fn dashed(self, dash: f64, gap: f64) -> Self {
        Self { dash: Some((dash, gap)), ..self }
    }
}

/// White paper of a fixed size.
#[derive(Debug)]
pub(crate) struct Canvas {
    pixels: Pixmap,
    font: Typeface,
}

impl Canvas {
    /// Empty paper of `width` x `height` pixels.
    ///
    /// # Errors
    /// When the size is zero or beyond memory.
    pub(crate) fn new(width: f64, height: f64) -> anyhow::Result<Self> {
        let font = Typeface::new()?;
        let mut pixels = Pixmap::new(width.ceil() as u32, height.ceil() as u32)
            .ok_or_else(|| anyhow::anyhow!("a picture of {width:.0} x {height:.0} pixels cannot be drawn"))?;
        pixels.fill(Color::from_rgba8(PAPER.0, PAPER.1, PAPER.2, 255));
        Ok(Self { pixels, font })
    }

    /// Width and height, pixels.
    pub(crate) fn size(&self) -> (f64, f64) {
        (f64::from(self.pixels.width()), f64::from(self.pixels.height()))
    }

    /// The font, to measure text.
    pub(crate) fn font(&self) -> &Typeface {
        &self.font
    }

    /// Writes `text` with its capitals centred on `y`.
    pub(crate) fn text(&mut self, text: &str, (x, y): (f64, f64), align: Align, size: f64, colour: Rgb) {
        self.write(text, (x, y), align, (size, colour), false);
    }

    /// Writes `text` upwards, its capitals centred on `x`.
    pub(crate) fn text_up(&mut self, text: &str, (x, y): (f64, f64), align: Align, size: f64, colour: Rgb) {
        self.write(text, (x, y), align, (size, colour), true);
    }

    fn write(&mut self, text: &str, (x, y): (f64, f64), align: Align, (size, colour): (f64, Rgb), up: bool) {
        let Some(outline) = self.font.outline(text, size) else { return };
        let width = self.font.width(text, size);
        let along = match align {
            Align::Start => 0.0,
            Align::Middle => -width / 2.0,
            Align::End => -width,
        };
        let across = CAPITAL * size / 2.0;
        let turn = if up {
            Transform::from_row(0.0, -1.0, 1.0, 0.0, (x + across) as f32, (y - along) as f32)
        } else {
            Transform::from_translate((x + along) as f32, (y + across) as f32)
        };
        let paint = paint(colour, 1.0);
        self.pixels.fill_path(&outline, &paint, FillRule::Winding, turn, None);
        // The font is light: a stroke makes it regular.
        let weight = Stroke { width: (size * 0.022) as f32, line_join: LineJoin::Round, ..Stroke::default() };
        self.pixels.stroke_path(&outline, &paint, &weight, turn, None);
    }

    /// Draws a line through `points`; a point that is not finite interrupts it.
    pub(crate) fn line(&mut self, points: &[(f64, f64)], pen: Pen) {
        for piece in points.split(|(x, y)| !x.is_finite() || !y.is_finite()) {
            if let [only] = piece {
                // A single point would be invisible.
                self.mark(Mark::Disc, *only, pen.width, pen.colour, pen.opacity);
            }
            let Some(path) = path(piece, false) else { continue };
            let stroke = Stroke {
                width: pen.width as f32,
                line_cap: if pen.dash.is_some() { LineCap::Butt } else { LineCap::Round },
                line_join: LineJoin::Round,
                dash: pen.dash.and_then(|(dash, gap)| StrokeDash::new(vec![dash as f32, gap as f32], 0.0)),
                ..Stroke::default()
            };
            self.pixels.stroke_path(&path, &paint(pen.colour, pen.opacity), &stroke, Transform::identity(), None);
        }
    }

    /// Draws a circle.
    pub(crate) fn ring(&mut self, (x, y): (f64, f64), radius: f64, pen: Pen) {
        if x.is_finite()
            && y.is_finite()
            && let Some(circle) = PathBuilder::from_circle(x as f32, y as f32, radius as f32)
        {
            let stroke = Stroke { width: pen.width as f32, ..Stroke::default() };
            self.pixels.stroke_path(&circle, &paint(pen.colour, pen.opacity), &stroke, Transform::identity(), None);
        }
    }

    /// Fills the area within `corners`.
    pub(crate) fn area(&mut self, corners: &[(f64, f64)], colour: Rgb, opacity: f64) {
        if let Some(path) = path(corners, true) {
            self.pixels.fill_path(&path, &paint(colour, opacity), FillRule::Winding, Transform::identity(), None);
        }
    }

    /// Fills a rectangle.
    pub(crate) fn rectangle(&mut self, (left, top): (f64, f64), (width, height): (f64, f64), colour: Rgb) {
        if let Some(rectangle) = Rect::from_xywh(left as f32, top as f32, width as f32, height as f32) {
            self.pixels.fill_rect(rectangle, &paint(colour, 1.0), Transform::identity(), None);
        }
    }

    /// Fills a rectangle with a colour and the lines of a pattern, which continue in a rectangle beside it.
    pub(crate) fn patterned(
        &mut self,
        (left, top): (f64, f64),
        (width, height): (f64, f64),
        colour: Rgb,
        pattern: Pattern,
    ) {
        /// Distance of the lines, pixels.
        const STEP: f64 = 12.0;
        self.rectangle((left, top), (width, height), colour);
        let (right, bottom) = (left + width, top + height);
        if !(width > 0.0 && height > 0.0 && right.is_finite() && bottom.is_finite()) {
            return;
        }
        // The lines `x + slope * y = at` for multiples of the step, cut at the edges.
        let slope = match pattern {
            Pattern::Plain => return,
            Pattern::Rising => 1.0,
            Pattern::Falling => -1.0,
            Pattern::Upright => 0.0,
        };
        let ends = [left + slope * top, left + slope * bottom, right + slope * top, right + slope * bottom];
        let (low, high) = ends.iter().fold((f64::MAX, f64::MIN), |(low, high), end| (low.min(*end), high.max(*end)));
        for step in (low / STEP).ceil() as i64..=(high / STEP).floor() as i64 {
            let at = step as f64 * STEP;
            let (mut from, mut to) = (top, bottom);
            if slope != 0.0 {
                let [one, other] = [left, right].map(|x| (at - x) / slope);
                (from, to) = (from.max(one.min(other)), to.min(one.max(other)));
            }
            if from < to {
                let place = |y: f64| (at - slope * y, y);
                self.line(&[place(from), place(to)], Pen { opacity: 0.6, ..Pen::solid(PAPER, 1.6) });
            }
        }
    }

    /// Draws the edge of a rectangle.
    pub(crate) fn outline(&mut self, (left, top): (f64, f64), (width, height): (f64, f64)) {
        let (right, bottom) = (left + width, top + height);
        self.line(&[(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], Pen::solid(LINE, 1.0));
    }

    /// Draws `mark` about `centre`; marks of one radius have about the same area.
    pub(crate) fn mark(&mut self, mark: Mark, (x, y): (f64, f64), radius: f64, colour: Rgb, opacity: f64) {
        if !(x.is_finite() && y.is_finite()) {
            return;
        }
        if mark == Mark::Disc {
            if let Some(disc) = PathBuilder::from_circle(x as f32, y as f32, radius as f32) {
                let paint = paint(colour, opacity);
                self.pixels.fill_path(&disc, &paint, FillRule::Winding, Transform::identity(), None);
            }
            return;
        }
        let corners: &[(f64, f64)] = match mark {
            Mark::Disc => &[],
            Mark::Triangle => &[(0.0, -1.4), (1.25, 0.85), (-1.25, 0.85)],
            Mark::Square => &[(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)],
            Mark::Diamond => &[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)],
        };
        let corners: Vec<_> = corners.iter().map(|(dx, dy)| (x + dx * radius, y + dy * radius)).collect();
        self.area(&corners, colour, opacity);
    }

    /// The finished picture.
    pub(crate) fn finish(self) -> Picture {
        // The paper is opaque, so no pixel is premultiplied.
        let rgb = self.pixels.pixels().iter().flat_map(|p| [p.red(), p.green(), p.blue()]).collect();
        Picture::new(self.pixels.width(), self.pixels.height(), rgb)
    }
}

fn paint(colour: Rgb, opacity: f64) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color_rgba8(colour.0, colour.1, colour.2, (opacity.clamp(0.0, 1.0) * 255.0).round() as u8);
    paint
}

/// A path through finite `points`; the rasteriser accepts no others, and none far outside the paper.
fn path(points: &[(f64, f64)], closed: bool) -> Option<Path> {
    if points.iter().any(|(x, y)| !x.is_finite() || !y.is_finite()) {
        return None;
    }
    let near = |v: f64| v.clamp(-20_000.0, 20_000.0) as f32;
    let (first, rest) = points.split_first()?;
    let mut path = PathBuilder::new();
    path.move_to(near(first.0), near(first.1));
    for (x, y) in rest {
        path.line_to(near(*x), near(*y));
    }
    if closed {
        path.close();
    }
    path.finish()
}

#[cfg(test)]
mod tests {
    use monitor_model::palette::PATTERNS;

    use super::*;

    #[test]
    fn shapes_without_a_finite_place_are_left_out() {
        let mut canvas = Canvas::new(40.0, 40.0).unwrap();
        let empty = Canvas::new(40.0, 40.0).unwrap().finish();
        canvas.mark(Mark::Disc, (f64::NAN, 5.0), 3.0, (0, 0, 0), 1.0);
        canvas.line(&[(f64::INFINITY, 0.0)], Pen::solid((0, 0, 0), 2.0));
        canvas.area(&[(f64::NAN, 0.0), (1.0, 1.0), (2.0, 0.0)], (0, 0, 0), 1.0);
        canvas.line(&[(-1e30, -5.0), (1e30, -5.0)], Pen::solid((0, 0, 0), 2.0));
        canvas.rectangle((f64::NAN, 0.0), (4.0, 4.0), (0, 0, 0));
        canvas.text("", (5.0, 5.0), Align::Middle, 12.0, (0, 0, 0));
        assert_eq!(canvas.finish(), empty);
    }

    #[test]
    fn each_pattern_looks_different_and_stays_within_its_rectangle() {
        let drawn = |pattern| {
            let mut canvas = Canvas::new(60.0, 40.0).unwrap();
            canvas.patterned((10.0, 10.0), (40.0, 20.0), (0, 0, 0), pattern);
            canvas.patterned((f64::NAN, 10.0), (40.0, 20.0), (0, 0, 0), pattern);
            canvas.finish()
        };
        let pictures = PATTERNS.map(drawn);
        for (index, picture) in pictures.iter().enumerate() {
            assert!(pictures[..index].iter().all(|other| other != picture), "{index}");
            let all = (0..60 * 40).map(|i| (i % 60, i / 60));
            let mut outside = all.filter(|(x, y)| !(9..51).contains(x) || !(9..31).contains(y));
            assert!(outside.all(|(x, y)| picture.pixel(x, y) == Some([255; 3])), "{index}");
        }
    }

    #[test]
    fn text_leaves_ink_where_it_is_put() {
        let mut canvas = Canvas::new(100.0, 40.0).unwrap();
        canvas.text("H", (50.0, 20.0), Align::Middle, 24.0, (0, 0, 0));
        let picture = canvas.finish();
        let dark: Vec<_> = (0..100 * 40)
            .map(|i| (i % 100, i / 100))
            .filter(|&(x, y)| picture.pixel(x, y).is_some_and(|p| p[0] < 128))
            .collect();
        assert!(!dark.is_empty());
        assert!(dark.iter().all(|&(x, y)| (40..60).contains(&x) && (10..30).contains(&y)), "{dark:?}");
    }
}
