//! The embedded font of all pictures: text looks the same on every machine.
//!
//! Ubuntu Light, from the crate `epaint_default_fonts`, under the Ubuntu Font Licence 1.0, which allows embedding; the
//! copyright notice and the licence's name are in the font's metadata. It has Latin, Greek and Cyrillic letters; any other
//! letter is drawn as a box. Its strokes are thin for small text, so the canvas widens them.

use ab_glyph::{Font, FontRef, OutlineCurve, Point};
use anyhow::Context;
use tiny_skia::{Path, PathBuilder};

/// Height of a capital letter as a share of the size of text; from the font's OS/2 table, 693 of 1000 units.
pub(crate) const CAPITAL: f64 = 0.693;

/// The embedded font.
#[derive(Debug, Clone)]
pub(crate) struct Typeface {
    font: FontRef<'static>,
    units_per_em: f32,
}

impl Typeface {
    /// Reads the embedded font.
    ///
    /// # Errors
    /// When the embedded bytes are not a font, which a test excludes.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let damaged = "the embedded font cannot be read: this build is damaged, build it again";
        let font = FontRef::try_from_slice(epaint_default_fonts::UBUNTU_LIGHT).context(damaged)?;
        let units_per_em = font.units_per_em().context(damaged)?;
        Ok(Self { font, units_per_em })
    }

    /// Width of `text` in pixels at `size` pixels per em.
    pub(crate) fn width(&self, text: &str, size: f64) -> f64 {
        self.layout(text).1 * size / f64::from(self.units_per_em)
    }

    /// `text`, or its beginning with an ellipsis, to fit `width` pixels at `size` pixels per em.
    pub(crate) fn fit(&self, text: &str, size: f64, width: f64) -> String {
        if self.width(text, size) <= width {
            return text.to_string();
        }
        let letters: Vec<char> = text.chars().collect();
        (0..letters.len())
            .rev()
            .map(|end| letters[..end].iter().collect::<String>().trim_end().to_string() + "…")
            .find(|short| self.width(short, size) <= width)
            .unwrap_or_default()
    }

    /// The outline of `text` at `size` pixels per em: its baseline starts at the origin, y points down. `None` if
    /// nothing of it is visible.
    pub(crate) fn outline(&self, text: &str, size: f64) -> Option<Path> {
        let scale = size as f32 / self.units_per_em;
        let mut path = PathBuilder::new();
        for (glyph, x) in self.layout(text).0 {
            let Some(outline) = self.font.outline(glyph) else { continue };
            let place = |p: Point| ((p.x + x as f32) * scale, -p.y * scale);
            let mut pen = None;
            for curve in &outline.curves {
                let (OutlineCurve::Line(start, end)
                | OutlineCurve::Quad(start, _, end)
                | OutlineCurve::Cubic(start, _, _, end)) = *curve;
                if pen != Some(start) {
                    if pen.is_some() {
                        path.close();
                    }
                    let (x, y) = place(start);
                    path.move_to(x, y);
                }
                let (x, y) = place(end);
                match *curve {
                    OutlineCurve::Line(..) => path.line_to(x, y),
                    OutlineCurve::Quad(_, control, _) => {
                        let (cx, cy) = place(control);
                        path.quad_to(cx, cy, x, y);
                    }
                    OutlineCurve::Cubic(_, first, second, _) => {
                        let ((ax, ay), (bx, by)) = (place(first), place(second));
                        path.cubic_to(ax, ay, bx, by, x, y);
                    }
                }
                pen = Some(end);
            }
            if pen.is_some() {
                path.close();
            }
        }
        path.finish()
    }

    /// The glyphs of `text` with their x positions, and the width of the whole, in font units.
    fn layout(&self, text: &str) -> (Vec<(ab_glyph::GlyphId, f64)>, f64) {
        let mut glyphs: Vec<(ab_glyph::GlyphId, f64)> = Vec::new();
        let mut x = 0.0;
        for letter in text.chars() {
            let glyph = self.font.glyph_id(letter);
            if let Some(&(before, _)) = glyphs.last() {
                x += f64::from(self.font.kern_unscaled(before, glyph));
            }
            glyphs.push((glyph, x));
            x += f64::from(self.font.h_advance_unscaled(glyph));
        }
        (glyphs, x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capital_has_the_height_of_the_constant() {
        let bounds = Typeface::new().unwrap().outline("H", 1000.0).unwrap().bounds();
        assert!((f64::from(-bounds.top()) / 1000.0 - CAPITAL).abs() < 0.002, "{bounds:?}");
        assert!(bounds.bottom().abs() < 1.0, "{bounds:?}");
    }

    #[test]
    fn text_is_as_wide_as_measured() {
        let font = Typeface::new().unwrap();
        let drawn = f64::from(font.outline("on_state", 100.0).unwrap().bounds().right());
        let measured = font.width("on_state", 100.0);
        assert!(drawn <= measured && drawn > measured - 12.0, "{drawn} {measured}");
    }

    #[test]
    fn greek_and_cyrillic_names_have_letters_and_any_other_name_a_box_for_each() {
        let font = Typeface::new().unwrap();
        let missing = font.font.glyph_id('\u{10ffff}');
        for name in ["όλα_καλά", "ВКЛЮЧЕНО", "насос_№3", "kolísání", "Größe"] {
            assert!(name.chars().all(|letter| font.font.glyph_id(letter) != missing), "{name}");
        }
        for name in ["運転中", "يعمل", "פועל", "🔧"] {
            let drawn = font.outline(name, 20.0).unwrap().bounds();
            assert!(drawn.height() > 10.0 && drawn.width() > 0.5 * font.width(name, 20.0) as f32, "{name}: {drawn:?}");
        }
    }

    #[test]
    fn text_that_does_not_fit_ends_in_an_ellipsis() {
        let font = Typeface::new().unwrap();
        let short = font.fit("a_very_long_class_name", 20.0, 80.0);
        assert!(short.ends_with('…') && short.starts_with("a_v"), "{short}");
        assert!(font.width(&short, 20.0) <= 80.0);
        assert_eq!(font.fit("off", 20.0, 80.0), "off");
    }
}
