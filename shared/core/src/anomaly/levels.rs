//! From the mean z-scores of the detectors to one score, and the zone that it lies in.

use super::{Input, Means, SPANS, ZScores};

/// Largest position of a score, so that it stays finite: e^19.
const LARGEST: f32 = 20.0;

/// How many times as far from its level rumble counts as it is, below the level. Rumble is absolute: the place, the gain and the load
/// move it far below its level without a fault, and as it is that would hide what the tap finds there. Levels stay where they are.
const RUMBLE_BELOW: f32 = 1.5;

/// Two values of a detector's mean z-score over one span: where the highest of an unseen group of normal sound usually lies, and
/// its alarm level.
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
    /// In the order of [`Input::ALL`], each for the spans in the order of [`SPANS_S`](super::SPANS_S); `None` without a detector.
    pub intervals: [Option<[Interval; SPANS]>; Input::ALL.len()],
    /// Score from which there is a warning: above 0, at most 1.
    pub warning: f32,
}

/// The position of a detector, 1 at its alarm level, as it counts beside the others.
pub fn counted(input: Input, position: f32) -> f32 {
    if input == Input::Rumble && position < 1.0 { 1.0 + RUMBLE_BELOW * (position - 1.0) } else { position }
}

impl Levels {
    /// The position of each detector as it counts, the higher of those of its means, and the highest of all; `None` if no detector
    /// has a value.
    pub fn positions(&self, means: &Means) -> (ZScores, Option<f32>) {
        let each: ZScores = Input::ALL.map(|input| {
            let at = input as usize;
            let intervals = self.intervals[at]?;
            let of_spans =
                intervals.iter().zip(means).filter_map(|(interval, mean)| Some(interval.position(mean[at]?)));
            of_spans.reduce(f32::max).map(|position| counted(input, position))
        });
        (each, each.iter().flatten().copied().reduce(f32::max))
    }

    /// The score of mean z-scores, above 0: 1 at the first alarm level that one of them reaches.
    pub fn score(&self, means: &Means) -> Option<f32> {
        self.positions(means).1.map(score)
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
        intervals[0] = Some([Interval { typical: 1.0, alarm: 3.0 }, Interval { typical: 0.5, alarm: 2.5 }]);
        intervals[2] = Some([Interval { typical: 0.0, alarm: 10.0 }; SPANS]);
        Levels { intervals, warning: 0.7 }
    }

    #[test]
    fn the_score_is_1_where_the_first_mean_reaches_its_level() {
        let mut means = [[None; Input::ALL.len()]; SPANS];
        assert_eq!(levels().score(&means), None);
        (means[0][0], means[0][2]) = (Some(3.0), Some(2.0));
        assert_eq!(levels().score(&means), Some(1.0));
        (means[0][0], means[0][2]) = (Some(1.0), Some(10.0));
        assert_eq!(levels().score(&means), Some(1.0));
        means[0][2] = None;
        assert_eq!(levels().score(&means), Some(libm::expf(-1.0)));
        means[1][0] = Some(2.5);
        assert_eq!(levels().score(&means), Some(1.0));
    }

    #[test]
    fn below_its_level_rumble_counts_as_half_as_far_again_and_the_others_as_they_are() {
        let positions = [-1.0, 0.0, 0.5, 1.0, 2.0];
        assert_eq!(positions.map(|position| counted(Input::Rumble, position)), [-2.0, -0.5, 0.25, 1.0, 2.0]);
        for input in [Input::Embedding, Input::Statistics, Input::Tap] {
            assert_eq!(positions.map(|position| counted(input, position)), positions);
        }
        let mut levels = levels();
        levels.intervals[Input::Rumble as usize] = Some([Interval { typical: 0.0, alarm: 10.0 }; SPANS]);
        let mut means = [[None; Input::ALL.len()]; SPANS];
        (means[0][0], means[0][Input::Rumble as usize]) = (Some(2.0), Some(5.0));
        let (each, highest) = levels.positions(&means);
        assert_eq!((each[Input::Rumble as usize], highest), (Some(0.25), Some(0.5)));
    }

    #[test]
    fn any_value_has_a_finite_score_from_0_up() {
        for position in [f32::MIN, -1e3, 0.0, 1e3, f32::MAX, f32::INFINITY, f32::NEG_INFINITY] {
            assert!(score(position).is_finite() && score(position) >= 0.0);
        }
    }
}
