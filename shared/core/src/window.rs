//! The last 96 log-mel columns in a fixed ring; says when a window is due.
//!
//! A window is what the network looks at: 96 columns, 15600 samples, 0.975 s. Window `k` covers columns
//! `[k * hop, k * hop + 96)`: the first is due with column 96, whatever the hop, and with a hop above 96 the columns between
//! two windows belong to none. Each column is stored once; a window is copied out only when one is due. 24.6 kB.

use core::fmt;
use core::num::NonZeroU32;

use heapless::HistoryBuf;

use crate::log_mel::{self, Column};

/// Columns of one window.
pub const COLUMNS: usize = 96;
/// Samples at 16 kHz that one window covers: 15600.
pub const SAMPLES: usize = (COLUMNS - 1) * log_mel::HOP + log_mel::WINDOW;
/// Duration of one window in seconds: 0.975.
pub const SECONDS: f64 = SAMPLES as f64 / log_mel::RATE_HZ as f64;
/// Columns from one window to the next unless the user says otherwise: 0.48 s.
pub const DEFAULT_HOP: u32 = 48;

/// The columns of one window, oldest first.
pub type Patch = [Column; COLUMNS];

// The network takes a window as it is.
const _: () = assert!(COLUMNS == monitor_nn::PATCH_COLUMNS && log_mel::BANDS == monitor_nn::PATCH_BANDS);

/// Why a ring cannot be made. Fatal: the configuration is wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Error {
    /// The hop is zero columns: a window would be due for ever.
    ZeroHop,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ZeroHop => f.write_str("the hop between windows is 0 columns; give at least 1 (10 ms)"),
        }
    }
}

impl core::error::Error for Error {}

/// Ring of the last [`COLUMNS`] columns.
#[derive(Clone, Debug)]
pub struct WindowRing {
    columns: HistoryBuf<Column, COLUMNS>,
    hop: NonZeroU32,
    /// Columns still to come until a window is due; at least 1.
    missing: u32,
}

impl WindowRing {
    /// An empty ring that makes a window due every `hop_columns` columns (10 ms each), any number from 1.
    ///
    /// # Errors
    /// [`Error::ZeroHop`].
    pub const fn new(hop_columns: u32) -> Result<Self, Error> {
        match NonZeroU32::new(hop_columns) {
            Some(hop) => Ok(Self { columns: HistoryBuf::new(), hop, missing: COLUMNS as u32 }),
            None => Err(Error::ZeroHop),
        }
    }

    /// Columns from one window to the next.
    #[must_use]
    pub const fn hop_columns(&self) -> u32 {
        self.hop.get()
    }

    /// Has windows come every `hop_columns` columns from now on; the next one at most so many columns from now.
    ///
    /// # Errors
    /// [`Error::ZeroHop`].
    pub fn set_hop_columns(&mut self, hop_columns: u32) -> Result<(), Error> {
        self.hop = NonZeroU32::new(hop_columns).ok_or(Error::ZeroHop)?;
        if self.columns.is_full() {
            self.missing = self.missing.min(hop_columns);
        }
        Ok(())
    }

    /// Takes the next column. `true`: a window ends with it, to be had from [`copy_to`](Self::copy_to) until the next push.
    pub fn push(&mut self, column: &Column) -> bool {
        self.columns.write(*column);
        self.missing -= 1;
        let due = self.missing == 0;
        if due {
            self.missing = self.hop.get();
        }
        due
    }

    /// Copies the last 96 columns, oldest first. Before 96 columns have come the oldest ones are zeros.
    pub fn copy_to(&self, patch: &mut Patch) {
        let (older, newer) = self.columns.as_slices();
        let missing = COLUMNS - older.len() - newer.len();
        patch[..missing].fill([0.0; log_mel::BANDS]);
        let (first, second) = patch[missing..].split_at_mut(older.len());
        first.copy_from_slice(older);
        second.copy_from_slice(newer);
    }

    /// Forgets all columns: the next column is the first of window 0.
    pub fn reset(&mut self) {
        self.columns.clear();
        self.missing = COLUMNS as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of column `j` in each of its bands.
    fn column(j: u32) -> Column {
        [j as f32; log_mel::BANDS]
    }

    /// First and last column of every window within the first `count` columns.
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
    fn a_window_covers_15600_samples() {
        assert_eq!(SAMPLES, 15_600);
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
