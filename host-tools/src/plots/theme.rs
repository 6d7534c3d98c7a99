//! Colours, sizes and marks of all pictures.
//!
//! Class colours are those of Okabe and Ito ("Color Universal Design", 2008), which people with any common colour
//! blindness can distinguish; its yellow is left out because it is hardly visible on white, its black is softened. With more
//! than seven classes colours repeat, so a class also has a mark: 28 classes differ.

/// A colour: red, green, blue, 0..=255.
pub(crate) type Rgb = (u8, u8, u8);

/// Background.
pub(crate) const PAPER: Rgb = (255, 255, 255);
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
pub(crate) const TRAINING: Rgb = CLASSES[0];
/// Colour of validation windows in a training run.
pub(crate) const VALIDATION: Rgb = CLASSES[1];

const CLASSES: [Rgb; 7] =
    [(0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167), (230, 159, 0), (86, 180, 233), (64, 64, 64)];

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

/// The colour of class `index`; repeats after seven.
pub(crate) fn colour(index: usize) -> Rgb {
    CLASSES[index % CLASSES.len()]
}

/// The mark of class `index`; repeats after four, so that colour and mark together repeat after 28.
pub(crate) fn mark(index: usize) -> Mark {
    [Mark::Disc, Mark::Triangle, Mark::Square, Mark::Diamond][index % 4]
}

/// `colour` mixed with the paper: 1 is the colour, 0 the paper.
pub(crate) fn tint(colour: Rgb, strength: f64) -> Rgb {
    let mix = |a: u8, paper: u8| (f64::from(a) * strength + f64::from(paper) * (1.0 - strength)).round() as u8;
    (mix(colour.0, PAPER.0), mix(colour.1, PAPER.1), mix(colour.2, PAPER.2))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn twenty_eight_classes_differ_in_colour_or_mark() {
        let seen: HashSet<_> = (0..28).map(|class| (colour(class), mark(class))).collect();
        assert_eq!(seen.len(), 28);
    }
}
