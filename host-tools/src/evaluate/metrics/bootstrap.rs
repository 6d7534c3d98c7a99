//! Confidence intervals by resampling recordings.
//!
//! Windows of one recording are nearly equal, so recordings are the sampling unit and are drawn again (with replacement,
//! within each class, so that no class vanishes). The 95 % interval lies between the percentiles of
//! 1000 draws (Efron and Tibshirani, "An introduction to the bootstrap", 1993, chapter 13). With few recordings it is too
//! narrow: what is right for each of two recordings is right for every draw. So it is widened to the exact interval of a
//! share of as many recordings, by Clopper and Pearson (Biometrika 26, 1934). The share of right windows of a recording
//! varies at most as much as right or wrong, so that interval is wide enough.

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::Serialize;

use super::Figures;
use super::binomial::exact;

const DRAWS: usize = 1000;
/// Seed of the draws only: equal figures have equal intervals.
const SEED: u64 = 1;

/// Interval that holds 95 % of the draws.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Interval {
    /// 2.5th percentile.
    pub low: f64,
    /// 97.5th percentile.
    pub high: f64,
}

impl std::fmt::Display for Interval {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.3} to {:.3}", self.low, self.high)
    }
}

/// Intervals of the figures by window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Intervals {
    /// Of the accuracy.
    pub accuracy: Interval,
    /// Of the macro-F1.
    pub macro_f1: Interval,
}

/// Intervals for windows of `recordings[i]`, of class `labels[i]`, predicted as `predicted[i]`; `None` without a window.
pub(crate) fn intervals(recordings: &[usize], labels: &[usize], predicted: &[usize]) -> Option<Intervals> {
    // Renumbered: few of a model's hundreds of classes occur.
    let seen: std::collections::BTreeSet<usize> = labels.iter().chain(predicted).copied().collect();
    let number: BTreeMap<usize, usize> = seen.into_iter().zip(0..).collect();
    let names: Vec<String> = number.keys().map(usize::to_string).collect();
    let mut classes: BTreeMap<usize, BTreeMap<usize, Vec<(usize, usize)>>> = BTreeMap::new();
    for ((recording, label), predicted) in recordings.iter().zip(labels).zip(predicted) {
        let of_class = classes.entry(*label).or_default();
        of_class.entry(*recording).or_default().push((number[label], number[predicted]));
    }
    let classes: Vec<Vec<Vec<(usize, usize)>>> =
        classes.into_values().map(|recordings| recordings.into_values().collect()).collect();
    let count: usize = classes.iter().map(Vec::len).sum();
    if count == 0 {
        return None;
    }
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(SEED);
    let (mut accuracy, mut macro_f1) = (Vec::with_capacity(DRAWS), Vec::with_capacity(DRAWS));
    for _ in 0..DRAWS {
        let mut drawn: Vec<&[(usize, usize)]> = Vec::new();
        for recordings in &classes {
            drawn.extend((0..recordings.len()).map(|_| recordings[rng.gen_range(0..recordings.len())].as_slice()));
        }
        let figures = Figures::from_pairs(&names, drawn.into_iter().flatten().copied());
        accuracy.push(figures.accuracy);
        macro_f1.push(figures.macro_average.f1);
    }
    let all = Figures::from_pairs(&names, classes.iter().flatten().flatten().copied());
    let wide = |drawn: Interval, figure: f64| {
        let exact = exact(figure, count);
        Interval { low: drawn.low.min(exact.low), high: drawn.high.max(exact.high) }
    };
    Some(Intervals {
        accuracy: wide(middle(accuracy), all.accuracy),
        macro_f1: wide(middle(macro_f1), all.macro_average.f1),
    })
}

fn middle(mut values: Vec<f64>) -> Interval {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
    Interval { low: at(0.025), high: at(0.975) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten recordings of ten windows, of which the first `wrong` are predicted wrongly throughout.
    fn of(wrong: usize) -> Option<Intervals> {
        let recordings: Vec<usize> = (0..100).map(|row| row / 10).collect();
        let labels: Vec<usize> = recordings.iter().map(|recording| recording % 2).collect();
        let predicted: Vec<usize> =
            recordings.iter().zip(&labels).map(|(r, l)| if *r < wrong { 1 - l } else { *l }).collect();
        intervals(&recordings, &labels, &predicted)
    }

    #[test]
    fn a_recording_predicted_wrongly_makes_the_interval_wide() {
        let found = of(2).unwrap();
        // Each class: one of five recordings. A draw leaves both out, or takes several.
        assert!(found.accuracy.low <= 0.6 && found.accuracy.high == 1.0, "{found:?}");
        assert!(found.macro_f1.low < 0.8, "{found:?}");
        assert_eq!(of(2), of(2));
    }

    #[test]
    fn what_is_always_right_has_an_interval_as_wide_as_its_number_of_recordings_allows() {
        let found = of(0).unwrap().macro_f1;
        assert!(found.high == 1.0 && (found.low - 0.6915).abs() < 1e-4, "{found:?}");
        // One recording of each of two classes.
        let one = intervals(&[0, 0, 1], &[0, 0, 1], &[0, 0, 1]).unwrap().accuracy;
        assert!(one.high == 1.0 && (one.low - 0.1581).abs() < 1e-4, "{one:?}");
        assert_eq!(intervals(&[], &[], &[]), None);
    }
}
