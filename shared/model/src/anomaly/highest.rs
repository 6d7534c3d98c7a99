//! The highest mean z-scores of successive windows, which levels are set by.

use monitor_core::anomaly::{Input, Means, SPANS, Smoother, ZScores};

/// Returns the highest means over each span of a run of windows that are `hop_s` seconds apart. A mean of too few windows counts
/// only in a run that has no other. `None` without a detector, or without a window.
pub(super) fn highest(windows: impl ExactSizeIterator<Item = ZScores>, hop_s: f32) -> Means {
    let count = windows.len();
    let mut smoother = Smoother::new(hop_s);
    let mut highest = [[None; Input::ALL.len()]; SPANS];
    for (at, z) in windows.enumerate() {
        for (span, (highest, means)) in highest.iter_mut().zip(smoother.push(&z)).enumerate() {
            if smoother.settled(span) || at + 1 == count {
                raise(highest, &means);
            }
        }
    }
    highest
}

/// Replaces each value of `highest` by that of `found` where that is higher, or the only one.
pub(super) fn raise(highest: &mut ZScores, found: &ZScores) {
    for (highest, found) in highest.iter_mut().zip(found) {
        *highest = found.map(|found| highest.map_or(found, |highest| highest.max(found))).or(*highest);
    }
}
