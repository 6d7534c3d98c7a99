//! One quantity of one state, compared with its own past: a cumulative sum (CUSUM) in both directions.
//!
//! C = max(0, C + d - 1), d in deviations of the reference; it leaves 0 at the onset of a shift and signals at 8. E. S. Page,
//! Continuous inspection schemes, Biometrika 41 (1954) 100-115. Half of the smallest shift that is to be found, 2 deviations, is
//! subtracted each day, so that smaller changes never add up.
//!
//! The reference, mean and variance, is learned on site and updated while nothing signals, over at most 60 days, so that it
//! follows the seasons. D. M. Hawkins, Self-starting CUSUM charts for location and scale, The Statistician 36 (1987) 299-315.

/// Days after which a reference is complete: two weeks, weekends included.
pub(super) const LEARNED: u16 = 14;

/// Days that a reference reaches back.
const MEMORY: f32 = 60.0;

/// Deviations that are subtracted each day.
const ALLOWANCE: f32 = 1.0;

/// Largest deviations of a day that count, so that one day cannot signal.
const LARGEST: f32 = 6.0;

/// Sum that signals: at [`LARGEST`] two days.
const LIMIT: f32 = 8.0;

/// Largest sum: a shift that is over is withdrawn within a week.
const HIGHEST: f32 = 12.0;

/// A sum in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Sum {
    /// 0 to [`HIGHEST`].
    value: f32,
    /// The last day at 0.
    pub(super) before: u16,
    /// The day after it that has left 0.
    pub(super) onset: u16,
}

impl Sum {
    fn add(&mut self, deviations: f32, before: u16, at: u16) {
        if self.value <= 0.0 {
            (self.before, self.onset) = (before, at);
        }
        self.value = (self.value + deviations - ALLOWANCE).clamp(0.0, HIGHEST);
    }

    /// Whether it signals.
    pub(super) fn signals(&self) -> bool {
        self.value >= LIMIT
    }
}

/// A quantity with its reference.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Quantity {
    /// Days in the reference, at most [`MEMORY`].
    days: f32,
    mean: f32,
    variance: f32,
    /// Shifts upwards.
    pub(super) up: Sum,
    /// Shifts downwards.
    pub(super) down: Sum,
}

impl Quantity {
    /// Adds the value of day `at`; `before` is the day of the last one. `least`: smallest deviation, in the unit of the value.
    /// `known`: the reference is complete.
    pub(super) fn add(&mut self, value: f32, least: f32, known: bool, before: u16, at: u16) {
        let mut value = value;
        if known {
            let deviation = libm::fmaxf(libm::sqrtf(self.variance), least);
            let deviations = ((value - self.mean) / deviation).clamp(-LARGEST, LARGEST);
            self.up.add(deviations, before, at);
            self.down.add(-deviations, before, at);
            // An odd day widens the reference by a bounded amount.
            value = self.mean + deviation * deviations;
        }
        if self.up.value.max(self.down.value) <= LIMIT / 2.0 {
            self.days = libm::fminf(self.days + 1.0, MEMORY);
            let step = value - self.mean;
            self.mean += step / self.days;
            // Exact until the memory is full; then old days fade.
            self.variance += (step * (value - self.mean) - self.variance) / self.days;
        }
    }
}
