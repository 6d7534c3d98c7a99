//! Cuts a few long files into contiguous blocks, so that part of a class can be held out.
//!
//! Blocks are separated by a gap of one window: no window of one block shares a sample with a window of another.
//! Neighbouring blocks still sound alike, so figures from them are optimistic and marked so.

use std::ops::Range;

/// Gap between blocks, in seconds: one window.
const GAP_S: f64 = monitor_core::window::SECONDS;
/// Length that blocks have at least where the files allow it, so that gaps take at most a fifth.
const GOOD_S: f64 = 4.0;
/// Length that blocks have always: one window and the tail of the front end.
const SHORTEST_S: f64 = 1.0;
/// Blocks of a class at most: more do not improve a split.
const MOST: usize = 10;
/// Blocks that a class should have even if they are short: one for each fold of the default cross-validation.
const WANTED: usize = 5;

/// The blocks of a file of `seconds`, one of `files` in its class, in seconds.
pub(super) fn cut(seconds: f64, files: usize) -> Vec<Range<f64>> {
    // How many blocks of a length fit, with gaps between.
    let fit = |length: f64| ((seconds + GAP_S) / (length + GAP_S)) as usize;
    let wanted = WANTED.div_ceil(files).min(fit(SHORTEST_S));
    let count = fit(GOOD_S).min(MOST.div_ceil(files)).max(wanted).max(1);
    let length = (seconds - (count - 1) as f64 * GAP_S) / count as f64;
    (0..count)
        .map(|number| {
            let start = number as f64 * (length + GAP_S);
            start..(start + length).min(seconds)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_cover_the_file_but_for_one_window_between_them() {
        for (seconds, files, count) in [(400.0, 1, 10), (400.0, 2, 5), (12.0, 1, 5), (3.0, 1, 2), (1.5, 2, 1)] {
            let blocks = cut(seconds, files);
            assert_eq!(blocks.len(), count, "{seconds} s");
            assert_eq!(blocks[0].start, 0.0);
            assert!((blocks[count - 1].end - seconds).abs() < 1e-9);
            for pair in blocks.windows(2) {
                assert!((pair[1].start - pair[0].end - GAP_S).abs() < 1e-9);
            }
            assert!(blocks.iter().all(|block| block.end - block.start >= SHORTEST_S - 1e-9), "{seconds} s");
        }
    }
}
