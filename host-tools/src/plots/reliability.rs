//! `reliability.png`: accuracy over confidence.

use super::Picture;
use super::axes::{Axis, Frame};
use super::canvas::{Canvas, Pen};
use super::legend::{Key, header, header_height};
use super::theme::{MARGIN, Mark, Rgb, SOFT_INK, TRAINING, pattern, tint};
use super::ticks::ticks;

const SIDE: f64 = 620.0;
const COUNTS: f64 = 130.0;
const BETWEEN: f64 = 30.0;

/// Windows of similar confidence.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Bar {
    /// Number of windows.
    pub windows: usize,
    /// Mean confidence, `0..=1`.
    pub confidence: f64,
    /// Share of right windows, `0..=1`.
    pub accuracy: f64,
}

/// Draws `bins`, equally wide from confidence 0 to 1: accuracy over confidence, and below it the number of windows.
///
/// # Errors
/// When there is no window to draw.
pub(crate) fn draw(title: &str, subtitle: &str, bins: &[Bar]) -> anyhow::Result<Picture> {
    let most = bins.iter().map(|bin| bin.windows).max().unwrap_or(0);
    anyhow::ensure!(most > 0, "there is no window whose reliability could be drawn");
    let axis = |label: &str| Axis { low: 0.0, high: 1.0, ticks: ticks(0.0, 1.0, 6), label: label.into() };
    let high = most as f64 * 1.08;
    let counts = Axis { low: 0.0, high, ticks: ticks(0.0, high, 3), label: "windows".into() };
    let bare = Axis { ticks: ticks(0.0, 1.0, 6).into_iter().map(|(at, _)| (at, String::new())).collect(), ..axis("") };
    // Room for the discs at 1.
    let accuracy = Axis { high: 1.03, ..axis("share of the windows that is right") };

    let measure = Canvas::new(1.0, 1.0)?;
    let room = Frame::left_room(&measure, &accuracy).max(Frame::left_room(&measure, &counts));
    let width = 2.0 * MARGIN + room + SIDE;
    let ideal = Pen::solid(SOFT_INK, 1.6).dashed(7.0, 5.0);
    let legend = [
        (Key::Area(bar(), pattern(0)), "share that is right, number of windows".to_string()),
        (Key::Mark(Mark::Disc, TRAINING), "mean confidence of the windows of a bar".to_string()),
        (Key::Line(ideal), "confidence equals truth; a bar that ends below it: too sure".to_string()),
    ];
    let top = header_height(width, title, subtitle, &legend)?;
    let horizontal = axis("confidence: the highest probability of a window");
    let height = top + SIDE + BETWEEN + COUNTS + Frame::bottom_room(&horizontal) + MARGIN;
    let mut canvas = Canvas::new(width, height)?;
    header(&mut canvas, width, title, subtitle, &legend);

    let left = MARGIN + room;
    let main = Frame { left, top, width: SIDE, height: SIDE, x: bare, y: accuracy };
    let below = Frame { left, top: top + SIDE + BETWEEN, width: SIDE, height: COUNTS, x: horizontal, y: counts };
    main.draw(&mut canvas);
    below.draw(&mut canvas);
    for (index, bin) in bins.iter().enumerate().filter(|(_, bin)| bin.windows > 0) {
        let (from, to) = (index as f64 / bins.len() as f64, (index + 1) as f64 / bins.len() as f64);
        for (frame, value) in [(&main, bin.accuracy), (&below, bin.windows as f64)] {
            let (x, y) = frame.place(from, value);
            let (right, bottom) = frame.place(to, 0.0);
            canvas.rectangle((x + 1.5, y), (right - x - 3.0, bottom - y), bar());
        }
    }
    main.curve(&mut canvas, &[(0.0, 0.0), (1.0, 1.0)], ideal);
    for bin in bins.iter().filter(|bin| bin.windows > 0) {
        canvas.mark(Mark::Disc, main.place(bin.confidence, bin.accuracy), 5.5, TRAINING, 1.0);
    }
    Ok(canvas.finish())
}

/// Colour of a bar.
fn bar() -> Rgb {
    tint(TRAINING, 0.45)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_window_is_an_error_and_one_bin_is_a_picture() {
        assert!(draw("t", "s", &[Bar::default(); 15]).is_err());
        let mut bins = [Bar::default(); 15];
        bins[14] = Bar { windows: 3, confidence: 0.99, accuracy: 1.0 };
        assert!(draw("t", "s", &bins).unwrap().width() > 600);
    }
}
