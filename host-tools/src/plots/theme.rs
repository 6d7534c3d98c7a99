//! Sizes, marks and neutral colours of all pictures; the colours of states and levels are those of [`palette`].

use monitor_model::palette::{self, Pattern};
pub(crate) use monitor_model::palette::{Rgb, pattern, state as colour};

/// Background.
pub(crate) const PAPER: Rgb = palette::LIGHT_PAPER;
/// Text.
pub(crate) const INK: Rgb = (32, 36, 41);
/// Secondary text: tick labels, subtitles.
pub(crate) const SOFT_INK: Rgb = (88, 96, 105);
/// Frame of a plot, ticks.
pub(crate) const LINE: Rgb = (139, 148, 158);
/// Grid.
pub(crate) const GRID: Rgb = (228, 231, 235);

/// Size of a title, pixels.
pub(crate) const TITLE: f64 = 26.0;
/// Size of subtitles, legends and axis labels, pixels.
pub(crate) const TEXT: f64 = 18.0;
/// Size of tick labels and notes, pixels.
pub(crate) const SMALL: f64 = 16.0;
/// Empty border around a picture, pixels.
pub(crate) const MARGIN: f64 = 28.0;
/// Width of a curve, pixels.
pub(crate) const CURVE: f64 = 2.2;

/// Colour of training windows in a training run.
pub(crate) const TRAINING: Rgb = palette::STATES[0];
/// Colour of validation windows in a training run.
pub(crate) const VALIDATION: Rgb = palette::STATES[1];

/// The shape that stands for a class in a scatter plot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Mark {
    /// A disc.
    Disc,
    /// A triangle, point up.
    Triangle,
    /// A square.
    Square,
    /// A square on its corner.
    Diamond,
}

/// The mark of class `index`: as often as its pattern in an area.
pub(crate) fn mark(index: usize) -> Mark {
    match palette::pattern(index) {
        Pattern::Plain => Mark::Disc,
        Pattern::Rising => Mark::Triangle,
        Pattern::Falling => Mark::Square,
        Pattern::Upright => Mark::Diamond,
    }
}

/// `colour` mixed with the paper: 1 is the colour, 0 the paper.
pub(crate) fn tint(colour: Rgb, strength: f64) -> Rgb {
    let mix = |a: u8, paper: u8| (f64::from(a) * strength + f64::from(paper) * (1.0 - strength)).round() as u8;
    (mix(colour.0, PAPER.0), mix(colour.1, PAPER.1), mix(colour.2, PAPER.2))
}
