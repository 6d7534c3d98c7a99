//! The spectrum of a window in 72 bands from 22 Hz to 7.4 kHz, in decibels: what an explanation compares with normal sound.
//!
//! The eight third octaves of [`rumble`] come first, then the mel bands of the patch. Neighbours meet: an edge of a mel band is
//! taken halfway, in mel, between its own peak and the next, and the lowest lies at 140 Hz, where the rumble ends (141 Hz).
//!
//! Levels are means of the power over the window, as a sound level meter forms them, not of its logarithm: knocks of some
//! milliseconds hardly move the mean of the logarithm.

use core::f32::consts::{LN_2, LOG2_E};

use crate::log_mel::{self, HIGH_HZ, LOW_HZ};
use crate::rumble;
use crate::window::{COLUMNS, Patch};

/// Number of bands.
pub const SPECTRUM_LEN: usize = rumble::BANDS + log_mel::BANDS;

/// Level of each band in dB, in the order of frequency.
pub type Spectrum = [f32; SPECTRUM_LEN];

/// Decibels of a natural logarithm of power: 10 / ln 10.
const POWER_DB: f32 = 4.342_945;

/// The spectrum of a window: its rumble, and the power of each band of its patch, averaged over the columns.
pub fn spectrum(patch: &Patch, rumble: &[f32; rumble::BANDS]) -> Spectrum {
    let mut powers = [0.0; log_mel::BANDS];
    for column in patch {
        powers.iter_mut().zip(column).for_each(|(sum, cell)| *sum += power(*cell));
    }
    core::array::from_fn(|band| {
        let ln_power = match rumble.get(band) {
            Some(value) => *value,
            None => libm::logf(powers[band - rumble::BANDS] / COLUMNS as f32),
        };
        POWER_DB * ln_power
    })
}

/// 2^23: the numbers from here to its double are the integers.
const TO_INTEGER: f32 = 8_388_608.0;

/// The square of the number of which `ln` is the natural logarithm, within 0.0004 dB: 6,144 calls a window, hence no `expf`.
fn power(ln: f32) -> f32 {
    // 2^exponent = 2^whole 2^part; the polynomial is the series of 2^part. NaN remains NaN.
    let exponent = (2.0 * LOG2_E * ln).clamp(-60.0, 60.0) + 127.0;
    // Adding 2^23 rounds to an integer, which then is in the last bits. A cast saturates, and compilers do not vectorise it.
    let near = (exponent + TO_INTEGER) - TO_INTEGER;
    let whole = if near > exponent { near - 1.0 } else { near };
    let part = exponent - whole;
    let series =
        1.0 + part * (LN_2 + part * (0.240_226_5 + part * (0.055_504_1 + part * (0.009_618_1 + part * 0.001_333_3))));
    f32::from_bits((whole + TO_INTEGER).to_bits() << 23) * series
}

/// The lower edge of `band` in Hz; that of the number of bands is the upper edge of the last.
pub(super) fn edge_hz(band: usize) -> f32 {
    if band < rumble::BANDS {
        return libm::powf(10.0, (13.5 + band as f32) / 10.0);
    }
    let (low, high) = (mel(LOW_HZ), mel(HIGH_HZ));
    let step = (high - low) / (log_mel::BANDS + 1) as f32;
    let at = low + ((band - rumble::BANDS) as f32 + 0.5) * step;
    700.0 * (libm::expf(at / 1127.0) - 1.0)
}

/// A frequency on the HTK mel scale.
fn mel(hz: f32) -> f32 {
    1127.0 * libm::logf(1.0 + hz / 700.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bands_meet_and_rise() {
        let edges: std::vec::Vec<f32> = (0..=SPECTRUM_LEN).map(edge_hz).collect();
        assert!(edges.windows(2).all(|pair| pair[0] < pair[1]), "{edges:?}");
        assert!((edges[0] - 22.387).abs() < 0.01 && (edges[rumble::BANDS - 1] - 112.2).abs() < 0.1, "{edges:?}");
        // The last third octave ends at 141.25 Hz.
        assert!((edges[rumble::BANDS] - 141.25).abs() < 2.0 && (edges[SPECTRUM_LEN] - 7356.0).abs() < 1.0, "{edges:?}");
    }

    #[test]
    fn the_power_is_that_of_the_logarithm() {
        for step in -700..700 {
            let ln = step as f32 / 100.0;
            let error_db = 10.0 * libm::log10(f64::from(power(ln)) / libm::exp(2.0 * f64::from(ln)));
            assert!(error_db.abs() < 5e-4, "{ln}: {error_db} dB");
        }
        assert!([f32::MAX, f32::MIN, f32::INFINITY, f32::NAN].map(power).iter().all(|power| !power.is_infinite()));
    }

    #[test]
    fn a_band_has_the_mean_power_of_its_columns_and_the_rumble_its_own() {
        // One column of 96 at magnitude 10, the others at 1: a mean power of (95 + 100) / 96.
        let patch: Patch =
            core::array::from_fn(|j| [if j == 7 { core::f32::consts::LN_10 } else { 0.0 }; log_mel::BANDS]);
        let found = spectrum(&patch, &[core::f32::consts::LN_10; rumble::BANDS]);
        let expected = 10.0 * libm::log10f(195.0 / 96.0);
        assert!(found[..rumble::BANDS].iter().all(|level| (level - 10.0).abs() < 1e-4), "{found:?}");
        assert!(found[rumble::BANDS..].iter().all(|level| (level - expected).abs() < 1e-3), "{found:?} {expected}");
    }
}
