//! YAMNet's front end, streaming: one column of 64 log-mel bands per 160 samples.
//!
//! Each column is computed once and never again, however the windows that it belongs to overlap. The steps are those of the
//! graph inside the base model: 400-sample periodic Hann, zeros up to 512 points, real FFT, magnitude, 64 HTK mel bands from
//! 125 to 7500 Hz, `ln(x + 0.001)`. Hann and mel weights equal the base model's bit for bit; sums run in one fixed order and
//! no step depends on the target, so that equal samples give equal columns everywhere.
//!
//! Against the reference kernels (which transform in f64) the quantised columns of all 16 golden clips differ in fewer than
//! one cell of a thousand, by one step; see `tests/log_mel_golden.rs`.
//!
//! Memory: 1.6 kB of state, about 4 kB of stack, 3.6 kB of tables.

mod ln;
mod mel;
mod spectrum;

pub use mel::{HANN, mel_weight};

/// Rate of the samples that this front end takes, in Hz.
pub const RATE_HZ: u32 = 16_000;
/// Mel bands of a column.
pub const BANDS: usize = 64;
/// Samples from one column to the next (10 ms).
pub const HOP: usize = 160;
/// Samples that a column is computed from (25 ms).
pub const WINDOW: usize = 400;
/// Points of the Fourier transform; the window is padded with zeros at its end.
pub const FFT: usize = 512;
/// Frequency bins of the magnitude spectrum, 31.25 Hz apart from 0 to 8000 Hz.
pub const BINS: usize = FFT / 2 + 1;
/// Lower edge of the first mel band in Hz.
pub const LOW_HZ: f32 = 125.0;
/// Upper edge of the last mel band in Hz.
pub const HIGH_HZ: f32 = 7500.0;
/// What is added to every band before the logarithm, so that silence is `ln(0.001)` = -6.9078.
pub const FLOOR: f32 = 0.001;

/// Natural logarithm of (mel-weighted magnitude + [`FLOOR`]) of each band, low to high.
pub type Column = [f32; BANDS];

/// Turns a stream of 16 kHz samples into log-mel columns.
///
/// Column `j` covers samples `[160 j, 160 j + 400)` since the start or the last [`reset`](Self::reset), whatever the size of
/// the pieces pushed.
#[derive(Clone, Debug)]
pub struct LogMel {
    /// The samples of the column to come, oldest first.
    pending: [f32; WINDOW],
    /// How many of them have arrived; less than `WINDOW` between calls.
    filled: usize,
}

impl LogMel {
    /// A front end that has heard nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { pending: [0.0; WINDOW], filled: 0 }
    }

    /// Takes samples (16 kHz, mono, full scale 1) and calls `sink` with every column that they complete, in order.
    ///
    /// Samples are meant to be finite, as `pcm` makes them. A sample that is not costs the columns that cover it (their
    /// bands are then unspecified values), nothing else.
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

    /// Forgets the samples that have not made a column yet: the next sample is the first of a new column.
    pub fn reset(&mut self) {
        self.filled = 0;
    }
}

impl Default for LogMel {
    fn default() -> Self {
        Self::new()
    }
}

/// The column of one 400-sample window.
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

    /// A deterministic mixture that fills every band.
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
    fn a_tone_is_loudest_in_the_band_around_its_frequency() {
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
    fn samples_that_are_not_numbers_spoil_only_the_columns_that_cover_them() {
        let mut samples = signal(400 + 160 * 6);
        let clean = columns_of(&[&samples]);
        samples[410] = f32::NAN;
        samples[411] = f32::INFINITY;
        let spoilt = columns_of(&[&samples]);
        assert_eq!(spoilt[0], clean[0]);
        assert_eq!(spoilt[3..], clean[3..]);
    }

    proptest! {
        #[test]
        fn columns_do_not_depend_on_the_size_of_the_pieces(cuts in prop::collection::vec(0_usize..2000, 0..12)) {
            let samples = signal(2000);
            let mut cuts = cuts;
            cuts.extend([0, samples.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[f32]> = cuts.windows(2).map(|cut| &samples[cut[0]..cut[1]]).collect();
            prop_assert_eq!(columns_of(&pieces), columns_of(&[&samples]));
        }
    }
}
