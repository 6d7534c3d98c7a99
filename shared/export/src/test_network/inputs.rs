//! Inputs that reach every part of an activation's range.

use monitor_core::log_mel::{BANDS, FLOOR};
use monitor_core::window::{COLUMNS, Patch, SAMPLES};

use super::graph::PATCH;
use super::random::Random;

/// Lowest log-mel value, that of silence: ln(0.001), to six digits.
const SILENCE: f32 = -6.907_755;
/// Width of the range that the quantised patch covers.
const SPAN: f32 = 12.2;

/// Eight log-mel patches: noise, silence, noise beyond the range, levels in time, levels in frequency, ramps, values half
/// way between two quantised ones, and soft noise.
pub fn patches() -> Vec<Patch> {
    let mut random = Random::new(2);
    let rows: Vec<f32> = (0..COLUMNS).map(|_| SILENCE + SPAN * random.unit()).collect();
    let bands: Vec<f32> = (0..BANDS).map(|_| SILENCE + SPAN * random.unit()).collect();
    let mut patch = |cell: &dyn Fn(usize, usize, f32) -> f32| -> Patch {
        std::array::from_fn(|column| std::array::from_fn(|band| cell(column, band, random.unit())))
    };
    vec![
        patch(&|_, _, unit| SILENCE + SPAN * unit),
        patch(&|_, _, _| SILENCE),
        patch(&|_, _, unit| 80.0 * (unit - 0.5)),
        patch(&|column, _, unit| rows[column / 12 * 12] + unit),
        patch(&|_, band, unit| bands[band] + unit),
        patch(&|column, band, _| SILENCE + SPAN * ((3 * column + 5 * band) % 97) as f32 / 97.0),
        patch(&|_, _, unit| ((unit * 255.0).floor() - 144.0 + 0.5) * PATCH.0),
        patch(&|_, _, unit| -3.0 + 0.5 * unit),
    ]
}

/// Three windows at 16 kHz: loud noise, a triangle wave in soft noise, and pulses.
pub fn waveforms() -> Vec<Vec<f32>> {
    let mut random = Random::new(3);
    let mut wave = |sample: &dyn Fn(usize, f32) -> f32| -> Vec<f32> {
        (0..SAMPLES).map(|n| sample(n, random.unit() - 0.5)).collect()
    };
    vec![
        wave(&|_, noise| noise),
        wave(&|n, noise| ((n * 7 % 256) as f32 / 128.0 - 1.0).abs() * 0.5 - 0.25 + noise / 32.0),
        wave(&|n, noise| if n % 800 < 100 { noise } else { noise / 256.0 }),
    ]
}

const _: () = assert!(FLOOR == 0.001, "the value of silence is its logarithm");
