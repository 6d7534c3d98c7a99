//! A log-mel spectrogram: level over time and frequency, with an axis in hertz and a scale in decibels.

use monitor_core::log_mel::BANDS;

use super::axes::{Axis, Frame};
use super::canvas::{Align, Canvas};
use super::log_mel::{DECIBELS, band_centres, frequency_axis};
use super::theme::{Rgb, SMALL, SOFT_INK, TEXT};
use super::ticks::ticks;

/// Width of the scale with its labels, right of the spectrogram, pixels.
pub(super) const SCALE: f64 = 96.0;
/// Distance from the spectrogram to the scale, and width of the scale, pixels.
const GAP: f64 = 14.0;
const BAR: f64 = 16.0;

/// The axis of frequencies.
pub(super) fn axis() -> Axis {
    Axis { label: "frequency (Hz)".to_string(), ..frequency_axis(&band_centres()) }
}

/// Draws `columns` [time x bands], ln(magnitude + 0.001), evenly over `width` pixels: each pixel across is the mean of its
/// columns, low bands at the bottom.
pub(super) fn draw(
    canvas: &mut Canvas,
    columns: &[[f32; BANDS]],
    (left, top): (f64, f64),
    (width, height): (f64, f64),
) {
    // The edges of the bands lie half a band beyond the centres that the axis is made of.
    let half = height / BANDS as f64 / 2.0;
    let bare = Axis { high: 1.0, ..Axis::default() };
    Frame { left, top: top + half, width, height: height - 2.0 * half, x: bare, y: axis() }.draw(canvas);
    let (low, high) = limits(columns);
    let pixels = (width as usize).min(columns.len()).max(1);
    let (across, up) = (width / pixels as f64, height / BANDS as f64);
    for pixel in 0..pixels {
        let from = pixel * columns.len() / pixels;
        let of = &columns[from..((pixel + 1) * columns.len() / pixels).max(from + 1)];
        for band in 0..BANDS {
            let mean = of.iter().map(|column| f64::from(column[band])).sum::<f64>() / of.len() as f64;
            let corner = (left + pixel as f64 * across, top + (BANDS - 1 - band) as f64 * up);
            canvas.rectangle(corner, (across + 0.5, up), heat((mean * DECIBELS - low) / (high - low)));
        }
    }
    canvas.outline((left, top), (width, height));
    scale(canvas, (left + width + GAP, top), height, (low, high));
}

/// The levels of the darkest and the lightest colour, dB: percentiles, because single extremes would leave the rest pale.
fn limits(columns: &[[f32; BANDS]]) -> (f64, f64) {
    let mut cells: Vec<f32> = columns.as_flattened().to_vec();
    cells.sort_by(f32::total_cmp);
    let rank = |share: f64| cells.get(((share * cells.len() as f64) as usize).min(cells.len().saturating_sub(1)));
    let [low, high] = [0.01, 0.99].map(|share| rank(share).map_or(0.0, |cell| f64::from(*cell) * DECIBELS));
    (low, high.max(low + 1.0))
}

/// Draws which colour stands for which level.
fn scale(canvas: &mut Canvas, (left, top): (f64, f64), height: f64, (low, high): (f64, f64)) {
    let steps = height.round().max(1.0) as usize;
    for step in 0..steps {
        let share = 1.0 - step as f64 / steps as f64;
        canvas.rectangle((left, top + step as f64), (BAR, 1.0), heat(share));
    }
    canvas.outline((left, top), (BAR, height));
    for (level, label) in ticks(low, high, 4) {
        // The outermost labels stay within the height of the scale.
        let y = top + (high - level) / (high - low) * height;
        let y = y.clamp(top + SMALL / 2.0, top + height - SMALL / 2.0);
        canvas.text(&label, (left + BAR + 6.0, y), Align::Start, SMALL, SOFT_INK);
    }
    canvas.text_up("dB", (left + SCALE - GAP - TEXT / 2.0, top + height / 2.0), Align::Middle, TEXT, SOFT_INK);
}

/// Colour of `share`, 0 to 1: dark to light through blue and orange. Lightness rises throughout, so that it is read without
/// colour too.
pub(super) fn heat(share: f64) -> Rgb {
    const STOPS: [[f64; 3]; 5] =
        [[10.0, 12.0, 30.0], [40.0, 50.0, 120.0], [150.0, 60.0, 120.0], [240.0, 140.0, 60.0], [255.0, 240.0, 190.0]];
    let at = if share.is_finite() { share.clamp(0.0, 1.0) * 4.0 } else { 0.0 };
    let from = (at as usize).min(3);
    let mixed = |part: usize| STOPS[from][part] + (at - from as f64) * (STOPS[from + 1][part] - STOPS[from][part]);
    let [r, g, b] = [0, 1, 2].map(|part| mixed(part).round() as u8);
    (r, g, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_decibels_and_single_extremes_are_left_out() {
        let mut columns = vec![[0.0_f32; BANDS]; 100];
        columns[50] = [std::f32::consts::LN_10; BANDS];
        columns[0][0] = -50.0;
        let (low, high) = limits(&columns);
        assert!(low.abs() < 1e-3 && (high - 20.0).abs() < 1e-3, "{low} {high}");
    }

    #[test]
    fn a_lighter_colour_is_a_higher_level() {
        let light = |share: f64| {
            let (r, g, b) = heat(share);
            0.2126 * f64::from(r) + 0.7152 * f64::from(g) + 0.0722 * f64::from(b)
        };
        assert!((0..20).all(|step| light(f64::from(step + 1) / 20.0) > light(f64::from(step) / 20.0)));
    }
}
