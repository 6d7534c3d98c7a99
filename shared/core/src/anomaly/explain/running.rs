//! The mean spectrum of the last seconds.

use super::spectrum::{SPECTRUM_LEN, Spectrum};
use crate::anomaly::SPANS_S;

/// An exponential mean. It needs no memory of the windows, and varies like a plain mean over the shortest of [`SPANS_S`]: its weight is
/// 2 / (windows of that + 1).
#[derive(Debug, Clone, PartialEq)]
pub struct SpectrumMean {
    mean: Spectrum,
    /// Windows so far.
    count: u32,
    /// Least weight of a new window.
    weight: f32,
    /// Number of the window that must come next.
    next: u64,
}

impl SpectrumMean {
    /// An empty mean for windows that are `hop_s` seconds apart.
    pub fn new(hop_s: f32) -> Self {
        let windows = libm::fmaxf(libm::roundf(SPANS_S[0] / hop_s), 1.0);
        Self { mean: [0.0; SPECTRUM_LEN], count: 0, weight: 2.0 / (windows + 1.0), next: 0 }
    }

    /// Whether it covers at least half of that time.
    pub fn settled(&self) -> bool {
        // A weight of 2 / (n + 1) is that of n windows.
        (self.count + 1) as f32 * self.weight >= 1.0
    }

    /// Adds window `index`; after a jump of `index` the mean starts anew.
    pub fn push(&mut self, index: u64, spectrum: &Spectrum) {
        self.count = if index == self.next { self.count.saturating_add(1) } else { 1 };
        self.next = index.wrapping_add(1);
        let weight = libm::fmaxf(1.0 / self.count as f32, self.weight);
        self.mean.iter_mut().zip(spectrum).for_each(|(mean, band)| *mean += weight * (band - *mean));
    }

    /// The mean; `None` before the first window.
    pub fn get(&self) -> Option<&Spectrum> {
        (self.count > 0).then_some(&self.mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_as_a_plain_mean_and_then_forgets_within_seconds() {
        let mut mean = SpectrumMean::new(0.48);
        assert!(mean.get().is_none() && !mean.settled());
        (0..3).for_each(|index| mean.push(index, &[index as f32; SPECTRUM_LEN]));
        assert!((mean.get().unwrap()[7] - 1.0).abs() < 1e-6);
        (3..40).for_each(|index| mean.push(index, &[10.0; SPECTRUM_LEN]));
        assert!(mean.settled() && (mean.get().unwrap()[0] - 10.0).abs() < 0.01);
        mean.push(50, &[4.0; SPECTRUM_LEN]);
        assert_eq!((mean.get().unwrap()[0], mean.settled()), (4.0, false));
    }
}
