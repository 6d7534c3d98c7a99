//! The canvas as a drawing backend of `plotters`: its charts, anti-aliased and in the embedded font.
//!
//! `plotters` places everything on whole units. A unit here is a sixteenth of a pixel, so that curves stay smooth and thin
//! lines can have any width; sizes given to `plotters` are in these units ([`units`]).

use std::convert::Infallible;

use plotters::style::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontTransform,
};

use super::canvas::{Align, Canvas, Pen};
use super::theme::Mark;

/// Units of `plotters` in a pixel.
const UNITS: f64 = 16.0;

/// Pixels as units, rounded.
pub(crate) fn units(pixels: f64) -> i32 {
    (pixels * UNITS).round() as i32
}

/// Units as pixels.
pub(crate) fn pixels(units: i32) -> f64 {
    f64::from(units) / UNITS
}

/// A canvas that `plotters` draws on.
#[derive(Debug)]
pub(crate) struct Backend<'c>(pub &'c mut Canvas);

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

fn place((x, y): BackendCoord) -> (f64, f64) {
    (pixels(x), pixels(y))
}

fn pen(style: &impl BackendStyle) -> Pen {
    let BackendColor { alpha, rgb } = style.color();
    Pen { opacity: alpha, ..Pen::solid(rgb, f64::from(style.stroke_width()) / UNITS) }
}

impl DrawingBackend for Backend<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        let (width, height) = self.0.size();
        (units(width).unsigned_abs(), units(height).unsigned_abs())
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn {
        self.0.mark(Mark::Disc, place(point), 0.5, color.rgb, color.alpha);
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, fill: bool) -> Drawn {
        let corners = [from, (to.0, from.1), to, (from.0, to.1), from];
        if fill { self.fill_polygon(corners, style) } else { self.draw_path(corners, style) }
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        let pen = pen(style);
        if pen.opacity > 0.0 {
            let points: Vec<_> = path.into_iter().map(place).collect();
            self.0.line(&points, pen);
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, centre: BackendCoord, radius: u32, style: &S, fill: bool) -> Drawn {
        let (Pen { colour, width, opacity, .. }, radius) = (pen(style), f64::from(radius) / UNITS);
        if fill {
            self.0.mark(Mark::Disc, place(centre), radius, colour, opacity);
        } else {
            self.0.ring(place(centre), radius, Pen { opacity, ..Pen::solid(colour, width) });
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, corners: I, style: &S) -> Drawn {
        let BackendColor { alpha, rgb } = style.color();
        let corners: Vec<_> = corners.into_iter().map(place).collect();
        self.0.area(&corners, rgb, alpha);
        Ok(())
    }

    fn draw_text<T: BackendTextStyle>(&mut self, text: &str, style: &T, at: BackendCoord) -> Drawn {
        let (size, (x, y), anchor) = (style.size() / UNITS, place(at), style.anchor());
        let align = match anchor.h_pos {
            HPos::Left => Align::Start,
            HPos::Center => Align::Middle,
            HPos::Right => Align::End,
        };
        // The canvas centres text on its point; a line of text is as high as its size.
        let across = match anchor.v_pos {
            VPos::Top => size / 2.0,
            VPos::Center => 0.0,
            VPos::Bottom => -size / 2.0,
        };
        let colour = style.color().rgb;
        match style.transform() {
            FontTransform::None => self.0.text(text, (x, y + across), align, size, colour),
            // Upwards is the only other direction that our charts use.
            _ => self.0.text_up(text, (x + across, y), align, size, colour),
        }
        Ok(())
    }

    fn estimate_text_size<T: BackendTextStyle>(
        &self,
        text: &str,
        style: &T,
    ) -> Result<(u32, u32), DrawingErrorKind<Self::ErrorType>> {
        // Already in units, as the style's size is.
        Ok((self.0.font().width(text, style.size()).ceil() as u32, style.size().ceil() as u32))
    }
}
