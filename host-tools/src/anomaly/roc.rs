//! Receiver operating characteristic (ROC) of scores: total area and area at few false alarms, with bootstrap intervals.
//!
//! Scores of several folds are combined in two ways. [`mean_over`] folds: an area within each fold, then their mean; every
//! comparison is between scores of one fit, as on a device. [`pooled`]: one area over the scores of all folds together; scores
//! of different fits are compared with each other as well, so it also falls when their scales differ.

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::Serialize;

/// False-positive rate that bounds the partial area.
pub(crate) const PARTIAL: f64 = 0.1;
const DRAWS: usize = 200;

/// The curve: false-positive rate and true-positive rate, from (0, 0) to (1, 1); higher scores indicate an anomaly.
pub(crate) fn curve(scores: &[(f64, bool)]) -> Vec<(f64, f64)> {
    let mut sorted = scores.to_vec();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let positives = sorted.iter().filter(|(_, positive)| *positive).count().max(1) as f64;
    let negatives = sorted.iter().filter(|(_, positive)| !*positive).count().max(1) as f64;
    let (mut hits, mut false_alarms) = (0.0, 0.0);
    let mut points = vec![(0.0, 0.0)];
    // Equal scores are one step in which both rates rise.
    for equal in sorted.chunk_by(|a, b| a.0 == b.0) {
        for (_, positive) in equal {
            if *positive { hits += 1.0 } else { false_alarms += 1.0 }
        }
        points.push((false_alarms / negatives, hits / positives));
    }
    points
}

/// Area under the curve up to the false-positive rate `most`, divided by `most`: 1 is perfect.
pub(crate) fn area(points: &[(f64, f64)], most: f64) -> f64 {
    let part = |pair: &[(f64, f64)]| {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        let end = x1.min(most);
        if end <= x0 {
            return 0.0;
        }
        let y = y0 + (y1 - y0) * (end - x0) / (x1 - x0);
        (end - x0) * (y0 + y) / 2.0
    };
    points.windows(2).map(part).sum::<f64>() / most
}

/// The curve's height at each of `at`, ascending, 0 to 1, for vertical averaging of curves (Fawcett, "An introduction to ROC
/// analysis", 2006, section 7).
fn heights(points: &[(f64, f64)], at: &[f64]) -> Vec<f64> {
    let height = |x: f64| {
        let next = points.partition_point(|point| point.0 <= x);
        match (points[..next].last(), points.get(next)) {
            (Some((x0, y0)), Some((x1, y1))) => y0 + (y1 - y0) * (x - x0) / (x1 - x0),
            (Some((_, y)), None) => *y,
            (None, _) => 0.0,
        }
    };
    at.iter().map(|x| height(*x)).collect()
}

/// What a curve shows, as sentences without terms of statistics.
pub(crate) fn in_words(points: &[(f64, f64)]) -> String {
    let detected = heights(points, &[0.05]).into_iter().sum::<f64>();
    format!(
        "At a level that 5 of 100 windows of normal sound exceed, {:.0} of 100 windows of other sound exceed it. The closer a curve \
         comes to the upper left corner, the better.",
        100.0 * detected
    )
}

/// The vertical mean of several curves.
pub(crate) fn mean_curve(curves: &[Vec<(f64, f64)>]) -> Vec<(f64, f64)> {
    let at: Vec<f64> = (0..=500).map(|step| f64::from(step) / 500.0).collect();
    let mut sums = vec![0.0; at.len()];
    for curve in curves {
        sums.iter_mut().zip(heights(curve, &at)).for_each(|(sum, height)| *sum += height);
    }
    let mean = at.into_iter().zip(sums).map(|(x, sum)| (x, sum / curves.len().max(1) as f64));
    std::iter::once((0.0, 0.0)).chain(mean).collect()
}

/// A recording: the scores of its windows, and whether it is an anomaly.
pub(crate) type Recording = (Vec<f64>, bool);

/// An area with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Area {
    /// Area under the curve.
    pub auc: f64,
    /// Partial area, up to a false-positive rate of 0.1, divided by that.
    pub pauc: f64,
    /// 2.5th and 97.5th percentile of the area in the bootstrap.
    pub interval: [f64; 2],
}

/// Curve over the scores of all `recordings` together.
pub(crate) fn curve_of(recordings: &[Recording]) -> Vec<(f64, f64)> {
    curve(&points(recordings.iter()))
}

/// Area over the scores of all `recordings` together; the interval is by resampling recordings.
pub(crate) fn pooled(recordings: &[Recording], seed: u64) -> Area {
    let of = |chosen: &[usize]| curve(&points(chosen.iter().map(|index| &recordings[*index])));
    let sides = [true, false].map(|side| places(recordings, side));
    let whole = curve_of(recordings);
    let interval = interval(seed, |random| {
        let drawn: Vec<usize> = sides.iter().flat_map(|side| draw(side, random)).collect();
        area(&of(&drawn), 1.0)
    });
    Area { auc: area(&whole, 1.0), pauc: area(&whole, PARTIAL), interval }
}

/// Mean over the folds of the area within each; the interval is by resampling folds and the anomalous recordings, which are
/// the same in every fold and in the same order.
pub(crate) fn mean_over(folds: &[Vec<Recording>], seed: u64) -> Area {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let whole: Vec<_> = folds.iter().map(|fold| curve_of(fold)).collect();
    let areas = |most: f64| whole.iter().map(|curve| area(curve, most)).collect::<Vec<_>>();
    let all: Vec<usize> = (0..folds.len()).collect();
    let sides: Vec<[Vec<usize>; 2]> = folds.iter().map(|fold| [true, false].map(|side| places(fold, side))).collect();
    let others: Vec<usize> = (0..sides.first().map_or(0, |[others, _]| others.len())).collect();
    let interval = interval(seed, |random| {
        let others = draw(&others, random);
        let drawn = draw(&all, random).into_iter().map(|fold| {
            let [anomalies, normal] = &sides[fold];
            let chosen = others.iter().filter_map(|other| anomalies.get(*other)).chain(normal);
            area(&curve(&points(chosen.map(|index| &folds[fold][*index]))), 1.0)
        });
        mean(&drawn.collect::<Vec<_>>())
    });
    Area { auc: mean(&areas(1.0)), pauc: mean(&areas(PARTIAL)), interval }
}

fn points<'a>(recordings: impl Iterator<Item = &'a Recording>) -> Vec<(f64, bool)> {
    recordings.flat_map(|(scores, anomaly)| scores.iter().map(move |score| (*score, *anomaly))).collect()
}

/// Positions in `recordings` of the anomalies, or of the others.
fn places(recordings: &[Recording], anomalies: bool) -> Vec<usize> {
    (0..recordings.len()).filter(|index| recordings[*index].1 == anomalies).collect()
}

/// Draws as many as there are, with replacement.
fn draw(places: &[usize], random: &mut Xoshiro256PlusPlus) -> Vec<usize> {
    places.iter().map(|_| places[random.gen_range(0..places.len())]).collect()
}

/// 2.5th and 97.5th percentile of many draws.
fn interval(seed: u64, drawn: impl Fn(&mut Xoshiro256PlusPlus) -> f64) -> [f64; 2] {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut areas: Vec<f64> = (0..DRAWS).map(|_| drawn(&mut random)).collect();
    areas.sort_by(f64::total_cmp);
    [0.025, 0.975].map(|share| areas[((share * DRAWS as f64) as usize).min(DRAWS - 1)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_are_those_of_the_definition() {
        let perfect = curve(&[(2.0, true), (1.0, false)]);
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        near(area(&perfect, 1.0), 1.0);
        near(area(&perfect, 0.1), 1.0);
        let reversed = curve(&[(1.0, true), (2.0, false)]);
        near(area(&reversed, 1.0), 0.0);
        // Equal scores are a coin.
        let equal = curve(&[(1.0, true), (1.0, false)]);
        near(area(&equal, 1.0), 0.5);
        near(area(&equal, 0.1), 0.05);
        // Three of four pairs in the right order.
        let mixed = curve(&[(4.0, true), (3.0, false), (2.0, true), (1.0, false)]);
        near(area(&mixed, 1.0), 0.75);
    }

    #[test]
    fn the_sentence_gives_what_five_false_alarms_in_a_hundred_detect() {
        assert!(in_words(&[(0.0, 0.0), (0.05, 0.8), (1.0, 1.0)]).contains("exceed, 80 of 100 windows of other sound"));
        assert!(in_words(&[(0.0, 0.0), (1.0, 1.0)]).contains("exceed, 5 of 100"));
    }

    #[test]
    fn the_interval_encloses_the_area() {
        let recordings: Vec<_> = (0..20).map(|i| (vec![f64::from((i * 7) % 20), f64::from(i)], i % 3 == 0)).collect();
        let folds: Vec<_> = recordings.chunks(5).map(<[Recording]>::to_vec).collect();
        for found in [pooled(&recordings, 1), mean_over(&folds, 1)] {
            assert!(found.interval[0] <= found.auc && found.auc <= found.interval[1], "{found:?}");
        }
        assert_eq!(mean_over(&folds, 1), mean_over(&folds, 1));
    }

    #[test]
    fn folds_on_different_scales_are_separated_within_each_and_not_when_pooled() {
        let fold = |shift: f64| vec![(vec![shift, 1.0 + shift], false), (vec![2.0 + shift, 3.0 + shift], true)];
        let folds = [fold(0.0), fold(10.0)];
        assert_eq!(mean_over(&folds, 1).auc, 1.0);
        // Both anomalies of the first fold lie below both normal recordings of the second: 4 * 2 of 4 * 4 pairs are right,
        // and the 4 of the second fold against the first.
        assert_eq!(pooled(&folds.concat(), 1).auc, 0.75);
    }

    #[test]
    fn the_area_under_the_mean_curve_is_the_mean_area() {
        let curves =
            [curve(&[(4.0, true), (3.0, false), (2.0, true), (1.0, false)]), curve(&[(2.0, true), (1.0, false)])];
        assert!((area(&mean_curve(&curves), 1.0) - 0.875).abs() < 2e-3);
    }
}
