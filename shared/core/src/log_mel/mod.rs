//! YAMNet's front end, streaming: one column of 64 log-mel bands per 160 samples.
//!
//! Each column is computed once, whatever the overlap of windows. The steps are those of the graph inside the base model:
//! periodic Hann window of 400 samples, zero padding to 512, real FFT, magnitude, 64 HTK mel bands from 125 to 7500 Hz,
//! `ln(x + 0.001)`. Hann and mel weights equal the base model's bit for bit. Sums have one fixed order and no step depends on
//! the target, so equal samples give equal columns on every target.
//!
//! Compared with the reference kernels (whose FFT uses f64), the quantised columns of all 16 golden clips differ in fewer
//! than one value of a thousand, by one step; see `tests/log_mel_golden.rs`.
//!
//! Memory: 1.6 kB of state, about 7 kB of stack, 7.7 kB of tables.

mod fft;
mod ln;
mod mel;
mod spectrum;

pub use mel::{HANN, mel_weight};

/// Sample rate of the front end, in Hz.
pub const RATE_HZ: u32 = 16_000;
/// Mel bands of a column.
pub const BANDS: usize = 64;
/// Step between columns, in samples (10 ms).
pub const HOP: usize = 160;
/// Samples per column (25 ms).
pub const WINDOW: usize = 400;
/// Points of the Fourier transform; zeros are appended to the window.
pub const FFT: usize = 512;
/// Frequency bins of the magnitude spectrum, 31.25 Hz apart from 0 to 8000 Hz.
pub const BINS: usize = FFT / 2 + 1;
/// Lower edge of the first mel band in Hz.
pub const LOW_HZ: f32 = 125.0;
/// Upper edge of the last mel band in Hz.
pub const HIGH_HZ: f32 = 7500.0;
/// Added to every band before the logarithm, so silence is `ln(0.001)` = -6.9078.
pub const FLOOR: f32 = 0.001;

/// Natural logarithm of (mel-weighted magnitude + [`FLOOR`]) of each band, lowest band first.
pub type Column = [f32; BANDS];

/// Computes log-mel columns from a stream of 16 kHz samples.
///
/// Column `j` covers samples `[160 j, 160 j + 400)` since the start or the last [`reset`](Self::reset), however the stream is
/// divided into blocks.
#[derive(Clone, Debug)]
pub struct LogMel {
    /// Samples of the next column, oldest first.
    pending: [f32; WINDOW],
    /// Number of valid samples in `pending`; less than `WINDOW` between calls.
    filled: usize,
}

impl LogMel {
    /// Creates an empty front end.
    #[must_use]
    pub const fn new() -> Self {
        Self { pending: [0.0; WINDOW], filled: 0 }
    }

    /// Appends samples (16 kHz, mono, full scale 1) and calls `sink` with every completed column, in order.
    ///
    /// Samples should be finite, as [`crate::pcm`] guarantees. A sample that is not finite makes the bands of the columns
    /// that cover it unspecified and has no other effect.
    pub fn push(&mut self, samples: &[f32], mut sink: impl FnMut(&Column)) {
        let mut rest = samples;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(WINDOW - self.filled));
            self.pending[self.filled..self.filled + now.len()].copy_from_slice(now);
            self.filled += now.len();
            rest = later;
            if self.filled == WINDOW {
                sink(&column(&self.pending));
                self.pending.copy_within(HOP.., 0);
                self.filled = WINDOW - HOP;
            }
        }
    }

    /// Discards the samples of the incomplete column: the next sample is the first of a new column.
    pub fn reset(&mut self) {
        self.filled = 0;
    }
}

impl Default for LogMel {
    fn default() -> Self {
        Self::new()
    }
}

/// Computes the column of one 400-sample window.
fn column(samples: &[f32; WINDOW]) -> Column {
    let mut column = mel::bands(&spectrum::magnitudes(samples));
    for band in &mut column {
        *band = ln::ln(*band + FLOOR);
    }
    column
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A deterministic signal with energy in every band.
    fn signal(len: usize) -> Vec<f32> {
        let mut state = 1_u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 16_777_216.0 - 0.5
        };
        (0..len).map(|n| 0.3 * libm::sinf(n as f32 * 0.4) + 0.2 * noise()).collect()
    }

    fn columns_of(pieces: &[&[f32]]) -> Vec<Column> {
        let mut front_end = LogMel::new();
        let mut columns = Vec::new();
        for piece in pieces {
            front_end.push(piece, |column| columns.push(*column));
        }
        columns
    }

    #[test]
    fn a_column_comes_with_sample_400_and_with_every_160th_after_it() {
        let samples = signal(400 + 3 * 160);
        assert_eq!(columns_of(&[&samples[..399]]).len(), 0);
        assert_eq!(columns_of(&[&samples[..400]]).len(), 1);
        assert_eq!(columns_of(&[&samples[..559]]).len(), 1);
        assert_eq!(columns_of(&[&samples]).len(), 4);
    }

    #[test]
    fn silence_is_the_logarithm_of_the_floor() {
        let columns = columns_of(&[&[0.0; WINDOW]]);
        assert_eq!(columns, [[libm::logf(FLOOR); BANDS]]);
    }

    #[test]
    fn a_tone_is_largest_in_the_band_around_its_frequency() {
        // The middle of bin 60.
        let samples: Vec<f32> =
            (0..WINDOW).map(|n| (core::f64::consts::TAU * 1875.0 * n as f64 / 16_000.0).sin() as f32).collect();
        let column = columns_of(&[&samples])[0];
        let loudest = (0..BANDS).max_by(|&a, &b| column[a].total_cmp(&column[b])).unwrap();
        let closest = (0..BANDS).max_by(|&a, &b| mel_weight(a, 60).total_cmp(&mel_weight(b, 60))).unwrap();
        assert_eq!(loudest, closest);
    }

    #[test]
    fn after_a_reset_nothing_of_the_past_remains() {
        let samples = signal(900);
        let mut front_end = LogMel::new();
        front_end.push(&samples[..700], |_| ());
        front_end.reset();
        let mut columns = Vec::new();
        front_end.push(&samples, |column| columns.push(*column));
        assert_eq!(columns, columns_of(&[&samples]));
    }

    #[test]
    fn non_finite_samples_affect_only_the_columns_that_cover_them() {
        let mut samples = signal(400 + 160 * 6);
        let clean = columns_of(&[&samples]);
        samples[410] = f32::NAN;
        samples[411] = f32::INFINITY;
        let affected = columns_of(&[&samples]);
        assert_eq!(affected[0], clean[0]);
        assert_eq!(affected[3..], clean[3..]);
    }

    proptest! {
        #[test]
        fn columns_do_not_depend_on_the_size_of_the_blocks(cuts in prop::collection::vec(0_usize..2000, 0..12)) {
            let samples = signal(2000);
            let mut cuts = cuts;
            cuts.extend([0, samples.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[f32]> = cuts.windows(2).map(|cut| &samples[cut[0]..cut[1]]).collect();
            prop_assert_eq!(columns_of(&pieces), columns_of(&[&samples]));
        }
    }
}
