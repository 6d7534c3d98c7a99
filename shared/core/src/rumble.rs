//! Rumble: the level of eight third octaves from 25 to 125 Hz, below the bands of the log-mel patch.
//!
//! Imbalance and misalignment lie at the rate of rotation, 1500 to 7500 a minute, where the patch begins only above. The samples at
//! 16 kHz are decimated to 1 kHz as they go by; a window's last 975 of them, the time of its patch, are transformed when it is
//! complete.
//!
//! ```text
//! x     = Hann(n) * sample(n)                           975 samples, the rest of 1024 is 0
//! P_b   = 2 / (1024 sum Hann^2) * sum of |X_k|^2 over the bins of band b    mean square of the band
//! value = ln(P_b + 1e-10)                              absolute: the input's gain matters
//! ```
//!
//! Bands are the base-ten third octaves 10^(n/10) Hz, n = 14 to 21, with edges at a 20th of a decade (IEC 61260-1).

use core::f32::consts::TAU;

use crate::log_mel::RATE_HZ;
use crate::window;

/// Number of bands.
pub const BANDS: usize = 8;
/// Nominal mid-band frequencies, in Hz.
pub const NOMINAL_HZ: [f32; BANDS] = [25.0, 31.5, 40.0, 50.0, 63.0, 80.0, 100.0, 125.0];

/// Samples at 16 kHz for one at 1 kHz.
const DECIMATION: usize = 16;
/// Samples of a window at 1 kHz.
const SAMPLES: usize = window::SAMPLES / DECIMATION;
/// Length of the transform.
const FFT: usize = 1024;
/// Power below which a band counts as silent: -100 dB of full scale, a few steps of 16-bit samples.
pub const FLOOR: f32 = 1e-10;

/// Taps of the decimation filter: a Blackman window's transition, 5.5 / 128 of 16 kHz, lies between 150 and 850 Hz, so that
/// nothing above folds into the bands (-74 dB).
const TAPS: usize = 128;
/// Middle of the transition as a fraction of 16 kHz.
const CUTOFF: f64 = 500.0 / 16_000.0;

/// First bin of each band and, last, the one after the last band: bins whose frequency k 1000 / 1024 Hz lies within the edges
/// 10^((n - 1/2) / 10) Hz, n = 14 to 22.
const EDGES: [usize; BANDS + 1] = [23, 29, 37, 46, 58, 73, 92, 115, 145];

const _: () = assert!(SAMPLES == 975 && SAMPLES <= FFT && RATE_HZ as usize == 1000 * DECIMATION);

/// Samples at 1 kHz whose filter contains a sample at 16 kHz.
const OVERLAP: usize = TAPS / DECIMATION;

/// The decimated sound of the last window. About 8 kB.
#[derive(Clone, Debug)]
pub struct Rumble {
    /// The filter by phase: `[sample since the last one at 1 kHz][sample at 1 kHz, the next first]`.
    taps: [[f32; OVERLAP]; DECIMATION],
    hann: [f32; SAMPLES],
    /// Sums of the next samples at 1 kHz, over what has arrived. Every sample adds to all of them, oldest sample first: independent
    /// sums in a fixed order, where one sum after the other would wait for each addition.
    sums: [f32; OVERLAP],
    /// The last samples at 1 kHz, a ring.
    slow: [f32; SAMPLES],
    next_slow: usize,
    /// Samples since the last one at 1 kHz.
    phase: usize,
}

impl Default for Rumble {
    fn default() -> Self {
        Self::new()
    }
}

impl Rumble {
    /// No samples yet: silence.
    pub fn new() -> Self {
        Self {
            taps: by_phase(&low_pass()),
            hann: core::array::from_fn(|n| 0.5 - 0.5 * libm::cosf(TAU * n as f32 / SAMPLES as f32)),
            sums: [0.0; OVERLAP],
            slow: [0.0; SAMPLES],
            next_slow: 0,
            phase: 0,
        }
    }

    /// The next sample does not continue the sound so far: the filter starts anew, and the window keeps its older samples, as
    /// the patch keeps its older columns.
    pub fn reset(&mut self) {
        self.sums = [0.0; OVERLAP];
        self.phase = 0;
    }

    /// Processes samples at 16 kHz.
    pub fn push(&mut self, samples: &[f32]) {
        let mut rest = samples;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(DECIMATION - self.phase));
            rest = later;
            // A copy stays in registers, where each sample would otherwise wait until the sums of the one before are stored.
            let mut sums = self.sums;
            for (sample, taps) in now.iter().zip(&self.taps[self.phase..]) {
                sums.iter_mut().zip(taps).for_each(|(sum, tap)| *sum += sample * tap);
            }
            self.sums = sums;
            self.phase += now.len();
            if self.phase == DECIMATION {
                self.phase = 0;
                self.slow[self.next_slow] = self.sums[0];
                self.next_slow = (self.next_slow + 1) % SAMPLES;
                self.sums.rotate_left(1);
                self.sums[OVERLAP - 1] = 0.0;
            }
        }
    }

    /// ln of the mean square of each band over the last 975 ms, at least ln 1e-10; full scale is 1.
    pub fn bands(&self) -> [f32; BANDS] {
        let mut points = [0.0; FFT];
        let (newer, older) = self.slow.split_at(self.next_slow);
        for ((point, sample), weight) in points.iter_mut().zip(older.iter().chain(newer)).zip(&self.hann) {
            *point = sample * weight;
        }
        let spectrum = microfft::real::rfft_1024(&mut points);
        // The squares of a periodic Hann window add up to 3/8 of its length.
        let scale = 2.0 / (FFT as f32 * 0.375 * SAMPLES as f32);
        core::array::from_fn(|band| {
            let bins = &spectrum[EDGES[band]..EDGES[band + 1]];
            let power: f32 = bins.iter().map(|bin| bin.re * bin.re + bin.im * bin.im).sum();
            libm::logf(power * scale + FLOOR)
        })
    }
}

/// A sinc with a Blackman window, of unit gain at 0 Hz.
fn low_pass() -> [f32; TAPS] {
    use core::f64::consts::PI;
    let weight = |tap: usize| {
        let x = 2.0 * PI * CUTOFF * (tap as f64 - (TAPS - 1) as f64 / 2.0);
        let turn = 2.0 * PI * tap as f64 / (TAPS - 1) as f64;
        // The length is even, so that no tap lies at the middle, where x is 0.
        libm::sin(x) / x * (0.42 - 0.5 * libm::cos(turn) + 0.08 * libm::cos(2.0 * turn))
    };
    let sum: f64 = (0..TAPS).map(weight).sum();
    core::array::from_fn(|tap| (weight(tap) / sum) as f32)
}

/// The taps of `low_pass` in the order in which samples meet them. The sum that is finished next is at its last taps.
fn by_phase(low_pass: &[f32; TAPS]) -> [[f32; OVERLAP]; DECIMATION] {
    core::array::from_fn(|phase| core::array::from_fn(|next| low_pass[DECIMATION * (OVERLAP - 1 - next) + phase]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_at_1_khz_is_the_filter_s_sum_from_the_oldest_sample_on() {
        let samples: std::vec::Vec<f32> = (0..960).map(|n| libm::sinf(n as f32 * 1.7) + 0.3).collect();
        let mut rumble = Rumble::new();
        rumble.push(&samples);
        for (n, slow) in rumble.slow[..60].iter().enumerate() {
            let end = DECIMATION * (n + 1);
            let taps = low_pass();
            let sum = taps.iter().enumerate().fold(0.0, |sum, (tap, weight)| {
                let before_start = end + tap < TAPS;
                sum + if before_start { 0.0 } else { samples[end + tap - TAPS] } * weight
            });
            assert_eq!(*slow, sum, "{n}");
        }
    }

    /// The bands of two seconds of a sine of `hz` with the given amplitude.
    fn sine(hz: f64, amplitude: f64) -> [f32; BANDS] {
        let mut rumble = Rumble::new();
        for n in 0..32_000_u32 {
            let turn = core::f64::consts::TAU * hz * f64::from(n) / 16_000.0;
            rumble.push(&[(amplitude * libm::sin(turn)) as f32]);
        }
        rumble.bands()
    }

    #[test]
    fn the_edges_are_those_of_base_ten_third_octaves() {
        for (place, edge) in EDGES.iter().enumerate() {
            let hz = libm::pow(10.0, (14.0 + place as f64 - 0.5) / 10.0);
            assert_eq!(*edge, libm::ceil(hz * FFT as f64 / 1000.0) as usize, "{place}");
        }
    }

    #[test]
    fn a_sine_has_its_mean_square_in_its_own_band() {
        for (band, hz) in [25.1, 31.6, 39.8, 50.1, 63.1, 79.4, 100.0, 125.9].into_iter().enumerate() {
            let found = sine(hz, 0.1);
            let expected = f64::ln(0.005);
            assert!((f64::from(found[band]) - expected).abs() < 0.05, "{hz} Hz: {found:?}, {expected}");
            for (other, value) in found.iter().enumerate().filter(|(other, _)| other.abs_diff(band) > 1) {
                assert!(*value < found[band] - 6.0, "{hz} Hz in band {other}: {found:?}");
            }
        }
    }

    #[test]
    fn sound_above_the_bands_does_not_fold_into_them() {
        // At 1 kHz, 950 Hz is 50 Hz.
        for hz in [862.0, 900.0, 950.0, 1050.0, 1950.0, 7950.0] {
            let found = sine(hz, 1.0);
            assert!(found.iter().all(|value| *value < -15.0), "{hz} Hz: {found:?}");
        }
    }

    #[test]
    fn silence_lies_at_the_floor() {
        let mut rumble = Rumble::new();
        assert!(rumble.bands().iter().all(|value| *value == libm::logf(FLOOR)));
        (0..16_000).for_each(|n| rumble.push(&[if n / 160 % 2 == 0 { 0.5 } else { -0.5 }]));
        assert!(rumble.bands()[3] > -6.0);
    }

    #[test]
    fn the_size_of_the_blocks_does_not_matter() {
        let samples: std::vec::Vec<f32> = (0..20_000).map(|n| libm::sinf(n as f32 * 0.02) * 0.3).collect();
        let of = |size: usize| {
            let mut rumble = Rumble::new();
            samples.chunks(size).for_each(|chunk| rumble.push(chunk));
            rumble.bands()
        };
        assert_eq!(of(1), of(80));
        assert_eq!(of(16), of(333));
    }
}
