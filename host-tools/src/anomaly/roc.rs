//! Receiver operating characteristic of scores: area under it, in whole and at few false alarms, with bootstrap intervals.

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::Serialize;

/// False-positive rate up to which the partial area counts.
pub const PARTIAL: f64 = 0.1;
const DRAWS: usize = 200;

/// The curve: false-positive rate and true-positive rate, from (0, 0) to (1, 1); higher scores speak for an anomaly.
pub fn curve(scores: &[(f64, bool)]) -> Vec<(f64, f64)> {
    let mut sorted = scores.to_vec();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let positives = sorted.iter().filter(|(_, positive)| *positive).count().max(1) as f64;
    let negatives = sorted.iter().filter(|(_, positive)| !*positive).count().max(1) as f64;
    let (mut hits, mut false_alarms) = (0.0, 0.0);
    let mut points = vec![(0.0, 0.0)];
    // Equal scores are one step, in which both rates rise.
    for equal in sorted.chunk_by(|a, b| a.0 == b.0) {
        for (_, positive) in equal {
            if *positive { hits += 1.0 } else { false_alarms += 1.0 }
        }
        points.push((false_alarms / negatives, hits / positives));
    }
    points
}

/// Area under the curve up to the false-positive rate `most`, divided by `most`: 1 is perfect.
pub fn area(points: &[(f64, f64)], most: f64) -> f64 {
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

/// An area with its 95 % interval over resampled recordings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Area {
    /// Area under the curve.
    pub auc: f64,
    /// Partial area, up to a false-positive rate of 0.1, divided by that.
    pub pauc: f64,
    /// 2.5th and 97.5th percentile of the area when recordings are drawn anew.
    pub interval: [f64; 2],
}

/// Area of `recordings`: each with its scores and whether it is an anomaly. Recordings are what is drawn in the bootstrap.
pub fn measure(recordings: &[(Vec<f64>, bool)], seed: u64) -> Area {
    let flat = |chosen: &[usize]| -> Vec<(f64, bool)> {
        let of = |&index: &usize| recordings[index].0.iter().map(move |score| (*score, recordings[index].1));
        chosen.iter().flat_map(of).collect()
    };
    let whole = curve(&flat(&(0..recordings.len()).collect::<Vec<_>>()));
    let sides: [Vec<usize>; 2] =
        [true, false].map(|side| (0..recordings.len()).filter(|index| recordings[*index].1 == side).collect());
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut draws: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let mut draw = Vec::new();
            for side in sides.iter().filter(|side| !side.is_empty()) {
                draw.extend((0..side.len()).map(|_| side[random.gen_range(0..side.len())]));
            }
            area(&curve(&flat(&draw)), 1.0)
        })
        .collect();
    draws.sort_by(f64::total_cmp);
    let at = |share: f64| draws[((share * DRAWS as f64) as usize).min(DRAWS - 1)];
    Area { auc: area(&whole, 1.0), pauc: area(&whole, PARTIAL), interval: [at(0.025), at(0.975)] }
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
    fn the_interval_encloses_the_area() {
        let recordings: Vec<_> = (0..20).map(|i| (vec![f64::from((i * 7) % 20), f64::from(i)], i % 3 == 0)).collect();
        let found = measure(&recordings, 1);
        assert!(found.interval[0] <= found.auc && found.auc <= found.interval[1], "{found:?}");
        assert_eq!(found, measure(&recordings, 1));
    }
}
