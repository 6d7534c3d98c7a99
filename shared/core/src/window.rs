//! Ring of the last 96 log-mel columns; reports when a window is complete.
//!
//! A window is the input of the network: 96 columns, computed from 15600 samples (0.975 s). Window `k` covers columns
//! `[k * hop, k * hop + 96)`. The first window is complete with column 96 for every hop; with a hop above 96, the columns
//! between two windows belong to no window. Each column is stored once and copied only when a window is complete. Memory:
//! 24.6 kB.

use core::num::NonZeroU32;

use heapless::HistoryBuf;

use crate::log_mel::{self, Column};

/// Columns of one window, 10 ms apart.
pub const COLUMNS: usize = 96;
/// [`COLUMNS`] in the type of column counts.
#[expect(clippy::cast_possible_truncation, reason = "96")]
const COLUMNS_U32: u32 = COLUMNS as u32;
/// Samples at 16 kHz that one window covers: 15600.
pub const SAMPLES: usize = (COLUMNS - 1) * log_mel::HOP + log_mel::WINDOW;
/// Duration of one window in seconds: 0.975.
#[expect(clippy::cast_precision_loss, reason = "15600 is exact")]
pub const SECONDS: f64 = SAMPLES as f64 / log_mel::RATE_HZ as f64;
/// [`SECONDS`] in single precision.
#[expect(clippy::cast_precision_loss, reason = "15600 and 16000 are exact")]
pub const SECONDS_F32: f32 = SAMPLES as f32 / log_mel::RATE_HZ as f32;
/// Default step between windows, in columns: 0.48 s.
pub const DEFAULT_HOP: u32 = 48;

/// The columns of one window, oldest first: `[96][64]`.
pub type Patch = [Column; COLUMNS];

// The network takes a window without conversion.
const _: () = assert!(COLUMNS == monitor_nn::PATCH_COLUMNS && log_mel::BANDS == monitor_nn::PATCH_BANDS);

/// Why a ring cannot be created. Fatal: the configuration is wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// The hop is zero columns.
    #[error("the hop between windows is 0 columns; give at least 1 (10 ms)")]
    ZeroHop,
}

/// Ring of the last [`COLUMNS`] columns.
#[derive(Clone, Debug)]
pub struct WindowRing {
    columns: HistoryBuf<Column, COLUMNS>,
    hop: NonZeroU32,
    /// Columns missing until the next window is complete; at least 1.
    missing: u32,
}

impl WindowRing {
    /// Creates an empty ring with a window every `hop_columns` columns (10 ms each, at least 1).
    ///
    /// # Errors
    /// [`Error::ZeroHop`] if `hop_columns` is 0.
    pub const fn new(hop_columns: u32) -> Result<Self, Error> {
        match NonZeroU32::new(hop_columns) {
            Some(hop) => Ok(Self { columns: HistoryBuf::new(), hop, missing: COLUMNS_U32 }),
            None => Err(Error::ZeroHop),
        }
    }

    /// Step between windows, in columns.
    #[must_use]
    pub const fn hop_columns(&self) -> u32 {
        self.hop.get()
    }

    /// Changes the step between windows to `hop_columns` columns. The next window is at most that many columns away.
    ///
    /// # Errors
    /// [`Error::ZeroHop`] if `hop_columns` is 0.
    pub fn set_hop_columns(&mut self, hop_columns: u32) -> Result<(), Error> {
        self.hop = NonZeroU32::new(hop_columns).ok_or(Error::ZeroHop)?;
        if self.columns.is_full() {
            self.missing = self.missing.min(hop_columns);
        }
        Ok(())
    }

    /// Appends a column. Returns `true` if it completes a window; [`copy_to`](Self::copy_to) returns that window until the
    /// next push.
    pub fn push(&mut self, column: &Column) -> bool {
        self.columns.write(*column);
        self.missing -= 1;
        let complete = self.missing == 0;
        if complete {
            self.missing = self.hop.get();
        }
        complete
    }

    /// Copies the last 96 columns to `patch`, oldest first. Columns that have not been pushed yet are zeros.
    pub fn copy_to(&self, patch: &mut Patch) {
        let (older, newer) = self.columns.as_slices();
        let missing = COLUMNS - older.len() - newer.len();
        patch[..missing].fill([0.0; log_mel::BANDS]);
        let (first, second) = patch[missing..].split_at_mut(older.len());
        first.copy_from_slice(older);
        second.copy_from_slice(newer);
    }

    /// Removes all columns: the next column is the first of window 0.
    pub fn reset(&mut self) {
        self.columns.clear();
        self.missing = COLUMNS_U32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A column with the value `j` in every band.
    fn column(j: u32) -> Column {
        [j as f32; log_mel::BANDS]
    }

    /// Returns the first and last column of every window within the first `count` columns.
    fn windows(ring: &mut WindowRing, count: u32) -> Vec<(f32, f32)> {
        let mut patch = [[0.0; log_mel::BANDS]; COLUMNS];
        let mut found = Vec::new();
        for j in 0..count {
            if ring.push(&column(j)) {
                ring.copy_to(&mut patch);
                assert!(patch.windows(2).all(|pair| pair[1][0] == pair[0][0] + 1.0), "columns in order");
                found.push((patch[0][0], patch[COLUMNS - 1][63]));
            }
        }
        found
    }

    #[test]
    fn a_window_covers_15600_samples_and_lasts_0_975_seconds() {
        assert_eq!(SAMPLES, 15_600);
        assert_eq!((SECONDS, SECONDS_F32), (0.975, 0.975));
    }

    #[test]
    fn window_k_covers_the_96_columns_from_k_times_hop_for_any_hop() {
        for hop in [1, 10, 48, 95, 96, 97, 100, 250] {
            let found = windows(&mut WindowRing::new(hop).unwrap(), 1000);
            let expected: Vec<_> = (0..).map(|k| (k * hop) as f32).take_while(|first| first + 96.0 <= 1000.0).collect();
            assert_eq!(found, expected.iter().map(|first| (*first, first + 95.0)).collect::<Vec<_>>(), "hop {hop}");
        }
    }

    #[test]
    fn after_a_reset_windows_start_again_from_the_next_column() {
        let mut ring = WindowRing::new(48).unwrap();
        windows(&mut ring, 130);
        ring.reset();
        assert_eq!(windows(&mut ring, 150), [(0.0, 95.0), (48.0, 143.0)]);
    }

    #[test]
    fn a_hop_of_zero_is_refused() {
        assert_eq!(WindowRing::new(0).unwrap_err(), Error::ZeroHop);
    }

    #[test]
    fn before_96_columns_the_missing_oldest_ones_are_zeros() {
        let mut ring = WindowRing::new(1).unwrap();
        ring.push(&[7.0; 64]);
        let mut patch = [[1.0; 64]; COLUMNS];
        ring.copy_to(&mut patch);
        assert_eq!((patch[94][0], patch[95][0]), (0.0, 7.0));
    }
}
