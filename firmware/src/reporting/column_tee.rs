//! Columns of the log-mel spectrogram on their way from inference to the page: a lock-free ring of bounded size.
//!
//! Passing on allocates nothing and never waits: a column that finds the ring full is dropped and counted. While nobody draws
//! the spectrogram nothing is passed on.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use monitor_core::log_mel::{BANDS, Column};
use monitor_core::window::Patch;
use ringbuf::traits::{Consumer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

/// Columns that may wait: 5 s.
const ROOM: usize = 512;

/// Smallest and largest value that are told apart, natural logarithms of magnitudes.
const RANGE: [f32; 2] = [-7.0, 7.0];

/// A column for drawing: from `!` for the smallest value to `~` for the largest, 93 steps of 1.3 dB. Characters, so that a
/// message of text contains them as they are.
pub type DrawnColumn = [u8; BANDS];

/// A column's characters.
fn drawn(column: &Column) -> DrawnColumn {
    let [least, most] = RANGE;
    // A cast saturates, and makes 0 of what is no number.
    column.map(|value| b'!' + ((value - least) * (93.0 / (most - least))).clamp(0.0, 93.0) as u8)
}

#[derive(Debug, Default)]
struct Counts {
    wanted: Arc<AtomicBool>,
    dropped: AtomicU64,
}

/// The end that inference writes to.
pub struct ColumnWriter {
    columns: HeapProd<DrawnColumn>,
    counts: Arc<Counts>,
}

impl ColumnWriter {
    /// Passes the newest `count` columns of a window on, if they are wanted.
    pub(crate) fn push(&mut self, patch: &Patch, count: usize) {
        if !self.counts.wanted.load(Relaxed) {
            return;
        }
        for column in &patch[patch.len().saturating_sub(count)..] {
            if self.columns.try_push(drawn(column)).is_err() {
                self.counts.dropped.fetch_add(1, Relaxed);
            }
        }
    }
}

/// The end that the page reads from.
pub struct ColumnReader {
    columns: HeapCons<DrawnColumn>,
    counts: Arc<Counts>,
}

impl ColumnReader {
    /// The oldest column.
    pub fn read(&mut self) -> Option<DrawnColumn> {
        self.columns.try_pop()
    }

    /// Columns that found no room so far.
    pub fn dropped(&self) -> u64 {
        self.counts.dropped.load(Relaxed)
    }

    /// To be set while columns are wanted.
    pub fn wanted(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.counts.wanted)
    }
}

/// A ring of 32 kB.
pub fn column_tee() -> (ColumnWriter, ColumnReader) {
    let (columns_in, columns_out) = HeapRb::new(ROOM).split();
    let counts = Arc::<Counts>::default();
    (ColumnWriter { columns: columns_in, counts: Arc::clone(&counts) }, ColumnReader { columns: columns_out, counts })
}

/// Holds the reading end while no page has it.
#[derive(Clone, Default)]
pub struct ColumnTee(Arc<Mutex<Option<ColumnReader>>>);

impl ColumnTee {
    /// Deposits the reading end.
    pub(crate) fn put(&self, reader: ColumnReader) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(reader);
    }

    /// Takes the reading end, if it is there.
    pub fn take(&self) -> Option<ColumnReader> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl std::fmt::Debug for ColumnTee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ColumnTee")
    }
}

#[cfg(test)]
mod tests {
    use monitor_core::window::COLUMNS;

    use super::*;

    #[test]
    fn the_newest_columns_of_a_window_are_passed_on_while_they_are_wanted_and_what_has_no_room_is_counted() {
        let (mut writer, mut reader) = column_tee();
        let mut patch = [[0.0; BANDS]; COLUMNS];
        (0..COLUMNS).for_each(|column| patch[column] = [column as f32 / 10.0 - 7.0; BANDS]);
        writer.push(&patch, 2);
        assert_eq!(reader.read(), None);
        reader.wanted().store(true, Relaxed);
        writer.push(&patch, 2);
        assert_eq!(reader.read(), Some(drawn(&patch[COLUMNS - 2])));
        assert_eq!((reader.read(), reader.read()), (Some(drawn(&patch[COLUMNS - 1])), None));
        (0..ROOM).for_each(|_| writer.push(&patch, 2));
        assert_eq!(reader.dropped(), ROOM as u64);
        // A hop longer than a window.
        writer.push(&patch, 100);
    }

    #[test]
    fn every_value_is_a_printable_character() {
        let mut column = [0.0; BANDS];
        column[..6].copy_from_slice(&[-9.0, -7.0, 7.0, f32::INFINITY, f32::NAN, -6.9]);
        assert_eq!(drawn(&column)[..7], *b"!!~~!!O");
    }
}
