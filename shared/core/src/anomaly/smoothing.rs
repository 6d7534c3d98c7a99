//! The mean of each detector's z-scores over the last seconds, which is what is compared with the levels.

use super::{Input, ZScores};

/// Time over which z-scores are averaged, in seconds. Longer than a knock, shorter than a person waits.
pub const SMOOTHING_S: f32 = 5.0;

/// Most windows of the mean; at hops below 40 ms they cover less than [`SMOOTHING_S`].
const MOST: usize = 128;

/// The last z-scores of every detector. 2 kB, no clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Smoother {
    /// In the order of [`Input::ALL`]; 0 where there is no detector.
    ring: [[f32; Input::ALL.len()]; MOST],
    next: usize,
    count: usize,
    windows: usize,
}

impl Smoother {
    /// An empty mean for windows that are `hop_s` seconds apart.
    pub fn new(hop_s: f32) -> Self {
        // `as` saturates and turns NaN into 0.
        let windows = (libm::roundf(SMOOTHING_S / hop_s) as usize).clamp(1, MOST);
        Self { ring: [[0.0; Input::ALL.len()]; MOST], next: 0, count: 0, windows }
    }

    /// Windows of a full mean, 1 to 128.
    pub fn windows(&self) -> usize {
        self.windows
    }

    /// Whether the mean covers at least half of its time. Before that it varies too much to be compared with a level.
    pub fn settled(&self) -> bool {
        2 * self.count >= self.windows
    }

    /// Drops all windows: what follows is not the same sound.
    pub fn reset(&mut self) {
        self.count = 0;
    }

    /// Adds a window and returns the mean of each detector over the last ones, the oldest added first.
    pub fn push(&mut self, z: &ZScores) -> ZScores {
        self.ring[self.next] = z.map(|z| z.unwrap_or(0.0));
        self.next = (self.next + 1) % MOST;
        self.count = (self.count + 1).min(self.windows);
        let first = self.next + MOST - self.count;
        let mut sums = [0.0; Input::ALL.len()];
        for at in 0..self.count {
            sums.iter_mut().zip(&self.ring[(first + at) % MOST]).for_each(|(sum, z)| *sum += z);
        }
        core::array::from_fn(|input| z[input].map(|_| sums[input] / self.count as f32))
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
    fn the_mean_covers_five_seconds_and_no_more() {
        let mut smoother = Smoother::new(0.48);
        assert_eq!(smoother.windows(), 10);
        let means: std::vec::Vec<_> = (0..20).map(|at| smoother.push(&z(at as f32))[1].unwrap()).collect();
        assert_eq!((means[0], means[1], means[9], means[19]), (0.0, 0.5, 4.5, 14.5));
        assert_eq!(smoother.push(&z(0.0))[0], None);
    }

    #[test]
    fn it_is_settled_from_half_of_its_windows_on_and_empty_after_a_reset() {
        let mut smoother = Smoother::new(0.48);
        let settled: std::vec::Vec<_> = (0..6)
            .map(|_| {
                smoother.push(&z(1.0));
                smoother.settled()
            })
            .collect();
        assert_eq!(settled, [false, false, false, false, true, true]);
        smoother.reset();
        assert!(!smoother.settled());
        assert_eq!(smoother.push(&z(7.0))[1], Some(7.0));
    }

    #[test]
    fn any_hop_gives_a_mean_of_1_to_128_windows() {
        let at_hop = |hop_s| Smoother::new(hop_s).windows();
        assert_eq!([0.01, 0.1, 1.0, 10.0, 0.0, -1.0, f32::NAN].map(at_hop), [128, 50, 5, 1, 128, 1, 1]);
    }
}
