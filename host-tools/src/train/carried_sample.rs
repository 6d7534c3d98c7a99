//! The sample of training windows that the model carries, for a refit on the device ([`monitor_core::training_sample`]).
//!
//! Windows to fit are drawn from those that the head was trained on, windows to validate by from the held-out groups, the same
//! number of each class, spread evenly over its groups and within them over time. Where nothing was held out, groups that the head
//! was trained on take their place, and where a class has one group alone, other windows of it; the flags state both.

use std::collections::BTreeMap;

use monitor_core::training_sample::{ClassSummary, Flags, Header, SampleWindow, TrainingSample};
use ndarray::Axis;

use super::balance::weights;
use super::basics::seed;
use super::head::HeadKind;
use super::protocol::Outcome;
use super::strength;
use crate::data::feature_set::FeatureSet;
use crate::data::split;

/// Most bytes of the entry.
const MOST_BYTES: usize = 96 * 1024;
/// Most windows of a class to fit, and to validate by.
const MOST: [usize; 2] = [64, 32];
/// Least windows of a class; with fewer the model carries no sample.
const LEAST: usize = 6;
/// Standardised value of one unit: values beyond 127 of it, 7.9 deviations, are cut.
const STEP: f32 = 1.0 / 16.0;
/// Share of the windows to validate by where nothing was held out.
const SHARE: f64 = 0.2;

/// Writes the entry; `None` where there are too many classes for a sample. `augment` is the number of changed copies of each window
/// that the head was trained on.
pub(super) fn write(set: &FeatureSet, outcome: &Outcome, seed: u64, augment: u32) -> Option<Vec<u8>> {
    let classes = set.dataset.classes.len();
    let standardiser = &outcome.fitted.standardiser;
    let values = standardiser.kept().len();
    let room = MOST_BYTES.saturating_sub(64 + set.kind.len() / 8 + 8 * (values + classes)) / (4 + values.max(1));
    let of_class = (room / classes.max(1)).min(MOST[0] + MOST[1]);
    if of_class < LEAST || values == 0 {
        tracing::info!("the model carries no training sample: {classes} classes do not fit its {MOST_BYTES} bytes");
        return None;
    }
    let (labels, groups) = (set.labels(), set.groups());
    let (pools, flags) = pools(set, outcome, &labels, &groups, seed);
    let counts = [of_class - of_class / 3, (of_class / 3).min(MOST[1])].map(|count| count.min(MOST[0]));
    let chosen: Vec<Vec<usize>> = pools
        .iter()
        .zip(counts)
        .map(|(pool, count)| {
            (0..classes)
                .flat_map(|class| {
                    let own: Vec<usize> = pool.iter().copied().filter(|row| labels[*row] == class).collect();
                    spread(&own, &groups, count)
                })
                .collect()
        })
        .collect();
    let rows = chosen.concat();
    let x = standardiser.apply(set.x.select(Axis(0), &rows).view());
    let bytes = x.mapv(|value| ((value / STEP).round().clamp(-127.0, 127.0) as i8).cast_unsigned());
    let bytes = bytes.as_standard_layout();
    let windows: Vec<SampleWindow<'_>> = rows
        .iter()
        .zip(bytes.as_slice()?.chunks_exact(values))
        .map(|(row, values)| SampleWindow { class: labels[*row] as u16, group: groups[*row] as u16, values })
        .collect();
    let mut varying = vec![0_u8; set.kind.len() / 8];
    standardiser.kept().iter().for_each(|place| varying[place / 8] |= 1 << (place % 8));
    let (means, scales) = standardiser.constants();
    let [means, scales] =
        [means, scales].map(|numbers| numbers.iter().map(|number| *number as f32).collect::<Vec<_>>());
    let header = Header {
        kind: set.kind,
        flags,
        alpha: outcome.fitted.chosen.alpha.unwrap_or_else(|| strength::usual(set.kind.len())) as f32,
        temperature: outcome.fitted.calibration.temperature as f32,
        step: STEP,
        varying: &varying,
        means: &means,
        scales: &scales,
    };
    let summaries = summaries(&outcome.trained.iter().map(|row| labels[*row]).collect::<Vec<_>>(), classes, augment);
    let mut entry = Vec::new();
    TrainingSample::write(&header, &summaries, (&windows, chosen[0].len()), |part| entry.extend_from_slice(part));
    Some(entry)
}

/// Rows to fit and rows to validate by, each with every class that has windows for both.
fn pools(
    set: &FeatureSet,
    outcome: &Outcome,
    labels: &[usize],
    groups: &[usize],
    seed: u64,
) -> ([Vec<usize>; 2], Flags) {
    let mut flags = Flags {
        within_recording: set.dataset.within_recording,
        trained_on: false,
        linear: outcome.fitted.chosen.kind == HeadKind::Linear && set.dataset.classes.len() > 1,
    };
    let trained = &outcome.trained;
    let (mut fit, mut validate) = (trained.clone(), Vec::new());
    if let Some(held_out) = &outcome.held_out {
        validate.clone_from(&held_out.rows);
    } else {
        let of = |of: &[usize]| trained.iter().map(|row| of[*row]).collect::<Vec<_>>();
        if let Some(fold) = split::hold_out(&of(labels), &of(groups), SHARE, seed::derive(seed, "carried sample")) {
            let back = |positions: Vec<usize>| positions.into_iter().map(|at| trained[at]).collect();
            (fit, validate) = (back(fold.train), back(fold.test));
            flags.trained_on = true;
        }
    }
    for class in 0..set.dataset.classes.len() {
        let of_class = |rows: &[usize]| rows.iter().copied().filter(|row| labels[*row] == class).collect::<Vec<_>>();
        if !of_class(&validate).is_empty() {
            continue;
        }
        // Every third window of the only group; its neighbours are much like it.
        let moved: Vec<usize> = of_class(&fit).into_iter().skip(1).step_by(3).collect();
        if !moved.is_empty() {
            (flags.within_recording, flags.trained_on) = (true, true);
            fit.retain(|row| moved.binary_search(row).is_err());
            validate.extend(moved);
        }
    }
    ([fit, validate], flags)
}

/// At most `count` of `rows`: as many of each group as there are, and within a group evenly spaced.
fn spread(rows: &[usize], groups: &[usize], count: usize) -> Vec<usize> {
    let mut by_group: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    rows.iter().for_each(|row| by_group.entry(groups[*row]).or_default().push(*row));
    let mut sizes: Vec<usize> = by_group.values().map(Vec::len).collect();
    sizes.sort_unstable();
    // The most of each group so that all together are at most `count`: small groups leave their room to the others.
    let (mut left, mut most) = (count, 0);
    for (place, size) in sizes.iter().enumerate() {
        most = left / (sizes.len() - place);
        left -= (*size).min(most);
    }
    while most > 0 && sizes.iter().map(|size| (*size).min(most)).sum::<usize>() > count {
        most -= 1;
    }
    let mut chosen: Vec<usize> = by_group
        .values()
        .flat_map(|group| {
            let count = group.len().min(most);
            (0..count).map(move |place| group[place * group.len() / count])
        })
        .collect();
    chosen.sort_unstable();
    chosen
}

/// Windows of each class that were trained on, with their weights.
fn summaries(labels: &[usize], classes: usize, augment: u32) -> Vec<ClassSummary> {
    let mut summaries = vec![ClassSummary { windows: 0, weight: 0.0 }; classes];
    for (label, weight) in labels.iter().zip(weights(labels, classes)) {
        let summary = &mut summaries[*label];
        // A window's copies have its weight each.
        (summary.windows, summary.weight) = (summary.windows + 1, weight as f32 * (augment + 1) as f32);
    }
    summaries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_spread_over_groups_and_over_time() {
        // Groups of 40, 2 and 40 windows.
        let groups: Vec<usize> = (0..82).map(|row| if row < 40 { 0 } else { 1 + usize::from(row >= 42) }).collect();
        let rows: Vec<usize> = (0..82).collect();
        let chosen = spread(&rows, &groups, 12);
        let of_group = |group: usize| chosen.iter().filter(|row| groups[**row] == group).count();
        assert_eq!([of_group(0), of_group(1), of_group(2)], [5, 2, 5]);
        assert!(chosen.contains(&0) && chosen.contains(&32) && chosen.contains(&74), "{chosen:?}");
        assert_eq!(spread(&rows, &groups, 500), rows);
        assert!(spread(&[], &groups, 5).is_empty());
        assert_eq!(spread(&(0..80).collect::<Vec<_>>(), &[[0; 40], [1; 40]].concat(), 13).len(), 12);
    }

    #[test]
    fn every_class_has_the_same_sum_of_weights_and_copies_count() {
        let found = summaries(&[0, 0, 0, 2], 3, 1);
        assert_eq!(found.iter().map(|class| class.windows).collect::<Vec<_>>(), [3, 0, 1]);
        let sums: Vec<f32> = found.iter().map(|class| class.windows as f32 * class.weight).collect();
        assert!((sums[0] - 4.0).abs() < 1e-5 && sums[1] == 0.0 && (sums[2] - 4.0).abs() < 1e-5, "{sums:?}");
    }
}
