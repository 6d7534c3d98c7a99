//! The order of the work: first what teaches the most.
//!
//! A stretch comes first if the model is unsure of it, and if it sounds unlike all that has been decided already (the farthest
//! first, Gonzalez, "Clustering to minimize the maximum intercluster distance", 1985):
//!
//! ```text
//! value = (1.02 - confidence) * distance to the nearest decided stretch
//! ```
//!
//! with the distance of mean log-mel spectra. The confidence is 0 without a model, and where the anomaly score is at the alarm
//! level, as the model has not learned such a sound. The 0.02 keeps the order of stretches that the model is certain of.

use super::material::Proposal;

/// How unsure the model is, 0.02 to 1.02.
pub(super) fn uncertainty(proposal: Option<&Proposal>) -> f64 {
    let known = proposal.filter(|proposal| proposal.anomaly.is_none_or(|score| score < 1.0));
    1.02 - known.map_or(0.0, |proposal| proposal.confidence.clamp(0.0, 1.0))
}

/// A stretch that waits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    /// How unsure the model is of it.
    pub uncertainty: f64,
    /// Squared distance to the nearest decided stretch; infinite without one.
    pub distance: f64,
    /// Its length in seconds: among equals the longest is first.
    pub seconds: f64,
}

/// The place of the first one.
pub(super) fn first(candidates: impl Iterator<Item = (usize, Candidate)>) -> Option<usize> {
    // Without a decided stretch all distances are infinite, and the uncertainty alone decides.
    let value = |one: &Candidate| {
        if one.distance.is_finite() { one.uncertainty * one.distance.sqrt() } else { one.uncertainty }
    };
    let order = |a: &Candidate, b: &Candidate| value(a).total_cmp(&value(b)).then(a.seconds.total_cmp(&b.seconds));
    let mut best: Option<(usize, Candidate)> = None;
    for (place, one) in candidates {
        if best.as_ref().is_none_or(|(_, best)| order(&one, best).is_gt()) {
            best = Some((place, one));
        }
    }
    best.map(|(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proposal(confidence: f64, anomaly: Option<f32>) -> Proposal {
        Proposal { label: "on".into(), confidence, anomaly }
    }

    #[test]
    fn an_unusual_sound_counts_as_unsure_however_confident_the_model_is() {
        assert_eq!(uncertainty(None), 1.02);
        assert!(uncertainty(Some(&proposal(0.99, Some(1.2)))) > uncertainty(Some(&proposal(0.5, Some(0.9)))));
        assert!(uncertainty(Some(&proposal(1.0, None))) > 0.0);
    }

    #[test]
    fn the_unsure_and_the_far_are_first_and_among_equals_the_longest() {
        let of = |values: &[(f64, f64, f64)]| {
            let candidate = |(place, &(uncertainty, distance, seconds)): (usize, &(f64, f64, f64))| {
                (place, Candidate { uncertainty, distance, seconds })
            };
            first(values.iter().enumerate().map(candidate))
        };
        assert_eq!(of(&[(0.1, f64::INFINITY, 9.0), (0.5, f64::INFINITY, 1.0)]), Some(1));
        assert_eq!(of(&[(0.5, 4.0, 1.0), (0.5, 9.0, 1.0), (0.2, 16.0, 1.0)]), Some(1));
        assert_eq!(of(&[(1.0, 4.0, 1.0), (1.0, 4.0, 3.0), (1.0, 4.0, 3.0)]), Some(1));
        assert_eq!(of(&[]), None);
    }
}
