//! The means of each detector's z-scores over the last seconds, which are what is compared with the levels.
//!
//! There are two spans. The short one reports a fault soon. The long one, twice as many windows, varies less within a group of normal
//! sound, so that a faint fault reaches its level where the short one's mean does not. It is used from where the short one is full.

use super::{Input, ZScores};

/// Times over which z-scores are averaged, in seconds, the shortest first: longer than a knock, shorter than a person waits. Whole
/// windows may cover a little less or more.
pub const SPANS_S: [f32; SPANS] = [5.0, 10.0];

/// Number of spans.
pub const SPANS: usize = 2;

/// Mean z-scores over each span, in the order of [`SPANS_S`].
pub type Means = [ZScores; SPANS];

/// Most windows of the long mean; at hops below 40 ms they cover less than its span.
const MOST: usize = 256;

/// The last z-scores of every detector. 4 kB, no clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Smoother {
    /// In the order of [`Input::ALL`]; 0 where there is no detector.
    ring: [[f32; Input::ALL.len()]; MOST],
    next: usize,
    count: usize,
    windows: [usize; SPANS],
}

impl Smoother {
    /// Empty means for windows that are `hop_s` seconds apart.
    pub fn new(hop_s: f32) -> Self {
        // `as` saturates and turns NaN into 0.
        let short = (libm::roundf(SPANS_S[0] / hop_s) as usize).clamp(1, MOST / 2);
        Self { ring: [[0.0; Input::ALL.len()]; MOST], next: 0, count: 0, windows: [short, 2 * short] }
    }

    /// Windows of a full mean over the short span, 1 to 128.
    pub fn windows(&self) -> usize {
        self.windows[0]
    }

    /// Whether the mean over `span`, an index into [`SPANS_S`], covers at least half of its time. Before that it varies too much to
    /// be compared with a level.
    pub fn settled(&self, span: usize) -> bool {
        2 * self.count >= self.windows[span]
    }

    /// Drops all windows: what follows is not the same sound.
    pub fn reset(&mut self) {
        self.count = 0;
    }

    /// Adds a window and returns the means of each detector over the last ones, settled or not.
    pub fn push(&mut self, z: &ZScores) -> Means {
        self.ring[self.next] = z.map(|z| z.unwrap_or(0.0));
        self.next = (self.next + 1) % MOST;
        self.count = (self.count + 1).min(MOST);
        self.windows.map(|windows| self.mean(windows.min(self.count), z))
    }

    /// Means over the last `count` windows, 1 to 256, the oldest added first, of the detectors that have a value in `z`.
    fn mean(&self, count: usize, z: &ZScores) -> ZScores {
        let first = self.next + MOST - count;
        let mut sums = [0.0; Input::ALL.len()];
        for at in 0..count {
            sums.iter_mut().zip(&self.ring[(first + at) % MOST]).for_each(|(sum, z)| *sum += z);
        }
        core::array::from_fn(|input| z[input].map(|_| sums[input] / count as f32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn z(value: f32) -> ZScores {
        let mut z = [None; Input::ALL.len()];
        z[1] = Some(value);
        z
    }

    #[test]
    fn the_means_cover_five_and_ten_seconds_and_no_more() {
        let mut smoother = Smoother::new(0.48);
        assert_eq!(smoother.windows(), 10);
        let of = |means: Means| means.map(|mean| mean[1].unwrap());
        let means: std::vec::Vec<_> = (0..40).map(|at| of(smoother.push(&z(at as f32)))).collect();
        assert_eq!((means[0], means[1], means[9]), ([0.0, 0.0], [0.5, 0.5], [4.5, 4.5]));
        assert_eq!((means[19], means[39]), ([14.5, 9.5], [34.5, 29.5]));
        assert_eq!(smoother.push(&z(0.0))[0][0], None);
    }

    #[test]
    fn each_is_settled_from_half_of_its_windows_on_and_empty_after_a_reset() {
        let mut smoother = Smoother::new(0.48);
        let settled = |span: usize| {
            let mut smoother = Smoother::new(0.48);
            (1..20)
                .find(|_| {
                    smoother.push(&z(1.0));
                    smoother.settled(span)
                })
                .unwrap()
        };
        assert_eq!([0, 1].map(settled), [5, 10]);
        (0..40).for_each(|_| {
            smoother.push(&z(1.0));
        });
        smoother.reset();
        assert!(!smoother.settled(0) && !smoother.settled(1));
        assert_eq!(smoother.push(&z(7.0)).map(|mean| mean[1]), [Some(7.0); SPANS]);
    }

    #[test]
    fn any_hop_gives_a_mean_of_1_to_128_windows_and_one_of_twice_as_many() {
        let at_hop = |hop_s| Smoother::new(hop_s).windows;
        assert_eq!([0.01, 0.1, 1.0].map(at_hop), [[128, 256], [50, 100], [5, 10]]);
        assert_eq!([10.0, 0.0, -1.0, f32::NAN].map(at_hop), [[1, 2], [128, 256], [1, 2], [1, 2]]);
    }
}
