//! From the smoothed z-scores of the detectors to one score, and the zone that it lies in.

use super::{Input, ZScores};

/// Largest position of a score, so that it stays finite: e^19.
const LARGEST: f32 = 20.0;

/// Two values of a detector's smoothed z-score: where the highest of an unseen group of normal sound usually lies, and its
/// alarm level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Mean over the groups of the highest value of each.
    pub typical: f32,
    /// The alarm level, above `typical`.
    pub alarm: f32,
}

impl Interval {
    /// Position of `z`: 0 at the usual highest value of normal sound, 1 at the alarm level.
    pub fn position(&self, z: f32) -> f32 {
        (z - self.typical) / (self.alarm - self.typical)
    }
}

/// The intervals of all detectors and the warning level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Levels {
    /// In the order of [`Input::ALL`]; `None` without a detector.
    pub intervals: [Option<Interval>; Input::ALL.len()],
    /// Score from which there is a warning: above 0, at most 1.
    pub warning: f32,
}

impl Levels {
    /// The position of each detector and the highest of them; `None` if no detector has a value.
    pub fn positions(&self, z: &ZScores) -> (ZScores, Option<f32>) {
        let each: ZScores = core::array::from_fn(|input| Some(self.intervals[input]?.position(z[input]?)));
        (each, each.iter().flatten().copied().reduce(f32::max))
    }

    /// The score of smoothed z-scores, above 0: 1 at the alarm level of the first detector to reach its own.
    pub fn score(&self, z: &ZScores) -> Option<f32> {
        self.positions(z).1.map(score)
    }
}

/// The score at a position on the interval of a detector: exp(position - 1).
pub fn score(position: f32) -> f32 {
    libm::expf(libm::fminf(position, LARGEST) - 1.0)
}

/// Severity in four steps, as in ISO 20816: what a person should do about the sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Zone {
    /// As in training: nothing.
    Normal,
    /// Near the warning level, or above it for a moment.
    Watch,
    /// Lastingly above the warning level: look at the machine when there is time.
    Warning,
    /// Lastingly above the alarm level: look at the machine now.
    Alarm,
}

impl Zone {
    /// All of them, the least severe first.
    pub const ALL: [Self; 4] = [Self::Normal, Self::Watch, Self::Warning, Self::Alarm];

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Watch => "watch",
            Self::Warning => "warning",
            Self::Alarm => "alarm",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels() -> Levels {
        let mut intervals = [None; Input::ALL.len()];
        intervals[0] = Some(Interval { typical: 1.0, alarm: 3.0 });
        intervals[2] = Some(Interval { typical: 0.0, alarm: 10.0 });
        Levels { intervals, warning: 0.7 }
    }

    #[test]
    fn the_score_is_1_where_the_first_detector_reaches_its_level() {
        let mut z = [None; Input::ALL.len()];
        assert_eq!(levels().score(&z), None);
        (z[0], z[2]) = (Some(3.0), Some(2.0));
        assert_eq!(levels().score(&z), Some(1.0));
        (z[0], z[2]) = (Some(1.0), Some(10.0));
        assert_eq!(levels().score(&z), Some(1.0));
        z[2] = None;
        assert_eq!(levels().score(&z), Some(libm::expf(-1.0)));
    }

    #[test]
    fn any_value_has_a_finite_score_from_0_up() {
        for position in [f32::MIN, -1e3, 0.0, 1e3, f32::MAX, f32::INFINITY, f32::NEG_INFINITY] {
            assert!(score(position).is_finite() && score(position) >= 0.0);
        }
    }
}
