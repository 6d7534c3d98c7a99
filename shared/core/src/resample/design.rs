//! Low-pass filter design: a sinc with a Kaiser window, in f64 with `libm`.
//!
//! Source: J. F. Kaiser, "Nonrecursive digital filter design using the I0-sinh window function", 1974.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "indices below 2^24, and coefficients rounded to f32"
)]

use core::f64::consts::PI;

use super::OUTPUT_HZ;
use super::plan::{Plan, Rows};

/// Shape parameter of the Kaiser window for a stop-band attenuation A of 90 dB: `0.1102 (A - 8.7)`.
const BETA: f64 = 0.1102 * (90.0 - 8.7);

/// Writes the coefficients of all rows. Row `r` is for an output sample that lies `r / rows` of an input period after its
/// preceding input sample; tap `k` weights the input sample `half - 1 - k` before that one (negative: after it).
pub(super) fn fill(plan: &Plan, coefficients: &mut [f32]) {
    let per_sample = f64::from(match plan.rows {
        Rows::Exact => plan.up,
        Rows::Interpolated(rows) => rows,
    });
    let half = plan.half() as f64;
    let cutoff = cutoff(plan.rate_hz);
    for (row, taps) in coefficients.chunks_exact_mut(plan.taps).enumerate() {
        let offset = row as f64 / per_sample + half - 1.0;
        for (tap, coefficient) in taps.iter_mut().enumerate() {
            let distance = offset - tap as f64;
            *coefficient = (cutoff * sinc(cutoff * distance) * kaiser(distance / half)) as f32;
        }
    }
}

/// Returns the middle of the transition band, 15/16 of half the lower rate, as a fraction of half the input rate.
fn cutoff(rate_hz: u32) -> f64 {
    15.0 / 16.0 * f64::from(OUTPUT_HZ.min(rate_hz)) / f64::from(rate_hz)
}

/// Returns `sin(pi x) / (pi x)`.
fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { libm::sin(PI * x) / (PI * x) }
}

/// Returns the Kaiser window at `x`: 1 in the middle, 0 outside `[-1, 1]`.
fn kaiser(x: f64) -> f64 {
    let inside = 1.0 - x * x;
    if inside < 0.0 { 0.0 } else { bessel_i0(BETA * libm::sqrt(inside)) / bessel_i0(BETA) }
}

/// Returns the modified Bessel function of the first kind and order 0, by its power series; `x` from 0 to 9.
fn bessel_i0(x: f64) -> f64 {
    let quarter_square = x * x / 4.0;
    let (mut term, mut sum) = (1.0, 1.0);
    // Terms fall below 1e-17 of the sum before the 32nd at x = 9.
    for k in 1..40 {
        let k = f64::from(k);
        term *= quarter_square / (k * k);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bessel_function_has_its_tabulated_values() {
        // Abramowitz and Stegun, table 9.8 (there times exp(-x)).
        assert!((bessel_i0(1.0) - 1.266_065_877_752_008_4).abs() < 1e-14);
        assert!((bessel_i0(9.0) / 1_093.588_354_511_374_7 - 1.0).abs() < 1e-13);
    }

    #[test]
    fn every_row_passes_a_constant_within_a_ten_thousandth() {
        for rate in [8000, 11_025, 22_050, 44_100, 48_000, 96_001, 192_000, 384_000] {
            let plan = Plan::new(rate).unwrap().unwrap();
            let mut coefficients = vec![0.0; plan.coefficients()];
            fill(&plan, &mut coefficients);
            for row in coefficients.chunks(plan.taps) {
                let sum: f64 = row.iter().map(|&weight| f64::from(weight)).sum();
                assert!((sum - 1.0).abs() < 1e-4, "{rate} Hz: {sum}");
            }
        }
    }
}
