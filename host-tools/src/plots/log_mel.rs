//! The mean log-mel spectrum of each class with its standard deviation.
//!
//! One panel per class with the same axes and the other classes in grey: up to 12 classes stay readable, while curves and
//! deviations in one panel would cover each other.

use monitor_core::log_mel::{BANDS, HIGH_HZ, LOW_HZ};

use super::Picture;
use super::axes::{Axis, Frame};
use super::canvas::{Align, Canvas, Pen};
use super::legend::{header, header_height};
use super::theme::{INK, LINE, MARGIN, SMALL, SOFT_INK, TEXT, colour, tint};
use super::ticks::{range, ticks};

/// The mean spectrum of a class.
#[derive(Debug, Clone)]
pub(crate) struct Spectrum {
    /// Name of the class.
    pub class: String,
    /// Number of windows.
    pub windows: usize,
    /// Mean of each band over all columns, ln(magnitude + 0.001).
    pub mean: [f64; BANDS],
    /// Standard deviation of each band over all columns.
    pub deviation: [f64; BANDS],
}

/// Decibels in a step of 1 of the natural logarithm of a magnitude.
pub(super) const DECIBELS: f64 = 20.0 * std::f64::consts::LOG10_E;
/// The axis of levels: 0 dB is a magnitude of 1 in a band, -60 dB is silence, the constant in the logarithm.
pub(super) const LEVEL: &str = "level in the band (dB)";

const PANEL: (f64, f64) = (400.0, 230.0);
const GAP: (f64, f64) = (22.0, 46.0);

/// Draws one panel for each of `spectra`; `centres` are the centre frequencies of the bands in hertz, ascending.
///
/// # Errors
/// When there is no class to draw.
pub(crate) fn draw(
    title: &str,
    subtitle: &str,
    spectra: &[Spectrum],
    centres: &[f64; BANDS],
) -> anyhow::Result<Picture> {
    anyhow::ensure!(!spectra.is_empty(), "there is no class whose spectrum could be drawn");
    let columns = match spectra.len() {
        1..=4 => spectra.len().min(2),
        5..=9 => 3,
        _ => 4,
    };
    let rows = spectra.len().div_ceil(columns);
    let extremes = spectra.iter().flat_map(|s| {
        let ends = |(mean, deviation): (&f64, &f64)| [mean - deviation, mean + deviation];
        s.mean.iter().zip(&s.deviation).flat_map(ends).map(|value| value * DECIBELS)
    });
    let (low, high) = range(extremes);
    let vertical = Axis { low, high, ticks: ticks(low, high, 5), label: LEVEL.to_string() };
    let horizontal = frequency_axis(centres);

    // Few classes have larger panels.
    let panel = if columns <= 2 { (560.0, 300.0) } else { PANEL };
    let measure = Canvas::new(1.0, 1.0)?;
    let room = Frame::left_room(&measure, &vertical);
    let below = Frame::bottom_room(&horizontal);
    let width = 2.0 * MARGIN + room + columns as f64 * panel.0 + (columns - 1) as f64 * GAP.0;
    let top = header_height(width, title, subtitle, &[])? + TEXT + 8.0;
    let bottom = top + rows as f64 * panel.1 + (rows - 1) as f64 * GAP.1;
    let mut canvas = Canvas::new(width, bottom + below + MARGIN)?;
    header(&mut canvas, width, title, subtitle, &[]);

    for (index, spectrum) in spectra.iter().enumerate() {
        let (row, column) = (index / columns, index % columns);
        let left = MARGIN + room + column as f64 * (panel.0 + GAP.0);
        let top = top + row as f64 * (panel.1 + GAP.1);
        // Text only at the outer edges: the last panel of each column, the first of each row.
        let outer = index + columns >= spectra.len();
        let x = if outer { horizontal.clone() } else { bare(&horizontal) };
        let y = if column == 0 { vertical.clone() } else { bare(&vertical) };
        let frame = Frame { left, top, width: panel.0, height: panel.1, x, y };
        frame.draw(&mut canvas);
        for (other, behind) in spectra.iter().enumerate() {
            if other != index {
                let pen = Pen { opacity: 0.55, ..Pen::solid(tint(LINE, 0.8), 1.1) };
                frame.curve(&mut canvas, &curve(&behind.mean), pen);
            }
        }
        let spread = |sign: f64| -> [f64; BANDS] {
            std::array::from_fn(|band| spectrum.mean[band] + sign * spectrum.deviation[band])
        };
        frame.band(&mut canvas, &curve(&spread(1.0)), &curve(&spread(-1.0)), colour(index), 0.22);
        frame.curve(&mut canvas, &curve(&spectrum.mean), Pen::solid(colour(index), 2.4));
        let windows = format!("{} windows", spectrum.windows);
        let right = left + panel.0;
        let name_room = panel.0 - canvas.font().width(&windows, SMALL) - 14.0;
        let name = canvas.font().fit(&spectrum.class, TEXT, name_room);
        canvas.text(&name, (left, top - TEXT / 2.0 - 5.0), Align::Start, TEXT, INK);
        canvas.text(&windows, (right, top - TEXT / 2.0 - 5.0), Align::End, SMALL, SOFT_INK);
    }
    Ok(canvas.finish())
}

fn bare(axis: &Axis) -> Axis {
    let ticks = axis.ticks.iter().map(|(value, _)| (*value, String::new())).collect();
    Axis { ticks, label: String::new(), ..*axis }
}

fn curve(values: &[f64; BANDS]) -> Vec<(f64, f64)> {
    values.iter().enumerate().map(|(band, value)| (band as f64, value * DECIBELS)).collect()
}

/// Bands are evenly spaced, as in the network's input; round frequencies are marked between bands.
pub(super) fn frequency_axis(centres: &[f64; BANDS]) -> Axis {
    let round = [250.0, 500.0, 1000.0, 2000.0, 4000.0, 7000.0];
    let ticks = round.iter().filter_map(|&hertz| Some((band_of(centres, hertz)?, name(hertz)))).collect();
    Axis { low: 0.0, high: (BANDS - 1) as f64, ticks, label: "frequency (Hz), mel scale".to_string() }
}

fn name(hertz: f64) -> String {
    if hertz >= 1000.0 { format!("{}k", hertz / 1000.0) } else { format!("{hertz}") }
}

/// Position of `hertz` among the bands, linear between two centres; `None` outside.
fn band_of(centres: &[f64; BANDS], hertz: f64) -> Option<f64> {
    let above = centres.iter().position(|&centre| centre >= hertz)?;
    if above == 0 {
        return (centres[0] == hertz).then_some(0.0);
    }
    let (from, to) = (centres[above - 1], centres[above]);
    Some(above as f64 - (to - hertz) / (to - from))
}

/// Centre frequencies of YAMNet's mel bands in hertz: 64 triangles evenly spaced from 125 to 7500 Hz on the HTK mel scale,
/// `1127 ln(1 + f / 700)`.
pub(crate) fn band_centres() -> [f64; BANDS] {
    let mel = |hertz: f64| 1127.0 * (1.0 + hertz / 700.0).ln();
    let (low, high) = (mel(f64::from(LOW_HZ)), mel(f64::from(HIGH_HZ)));
    std::array::from_fn(|band| {
        let at = low + (high - low) * (band + 1) as f64 / (BANDS + 1) as f64;
        700.0 * ((at / 1127.0).exp() - 1.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spectra(count: usize) -> Vec<Spectrum> {
        (0..count)
            .map(|class| Spectrum {
                class: format!("state_with_a_rather_long_name_{class}"),
                windows: 120 + class,
                mean: std::array::from_fn(|b| {
                    let b = b as f64;
                    -1.0 - b * 0.04 + 1.2 * (-(b - 8.0 - 4.0 * class as f64).powi(2) / 20.0).exp()
                }),
                deviation: std::array::from_fn(|b| 0.3 + 0.1 * (b as f64 * 0.4).sin()),
            })
            .collect()
    }

    #[test]
    fn band_centres_rise_within_the_front_end_s_range() {
        let centres = band_centres();
        assert!(centres.windows(2).all(|w| w[0] < w[1]));
        assert!(centres[0] > 125.0 && centres[BANDS - 1] < 7500.0);
    }

    #[test]
    fn a_frequency_lies_between_its_bands() {
        let centres = band_centres();
        assert_eq!(band_of(&centres, centres[10]), Some(10.0));
        assert_eq!(band_of(&centres, 50.0), None);
        assert_eq!(band_of(&centres, 8000.0), None);
        let at = band_of(&centres, (centres[20] + centres[21]) / 2.0).unwrap();
        assert!((at - 20.5).abs() < 1e-9, "{at}");
    }

    #[test]
    fn two_classes_share_a_row_and_more_than_four_get_smaller_panels() {
        let size = |count| {
            let picture = draw("t", "s", &spectra(count), &band_centres()).unwrap();
            (picture.width(), picture.height())
        };
        assert_eq!(size(1).1, size(2).1);
        assert_eq!(size(3), size(4));
        assert!(size(3).1 > size(2).1);
        let per_panel = |count, columns| size(count).0 / columns;
        assert!(per_panel(7, 3) < per_panel(4, 2) && size(12).0 > size(7).0);
    }

    #[test]
    fn no_class_is_an_error() {
        assert!(draw("t", "s", &[], &band_centres()).is_err());
    }
}
