//! Clips that are left out in turn.

use std::collections::BTreeMap;

use monitor_core::decision::DecisionConfig;

use super::scores::{Predicted, argmax};
use super::solve::Solver;
use super::{Comparison, LabelledClip, LeftOut};
use crate::regression::Weights;

/// Most groups that are left out one by one; of more, a fifth at a time.
const ONE_BY_ONE: usize = 12;
/// Parts of more groups.
const PARTS: usize = 5;

/// Share of the right windows of a class that exceed its confidence, its range in hundredths, and the least number of such
/// windows: as in training (`host-tools/src/train/calibration.rs`).
const KEPT: f64 = 0.95;
const CONFIDENCES: (f64, f64) = (40.0, 80.0);
const FEWEST: usize = 20;

/// Places of the clips to leave out together: whole groups. Groups of one class are spread over the folds.
pub(super) fn folds(clips: &[LabelledClip]) -> Vec<Vec<usize>> {
    let mut groups: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    let mut first: BTreeMap<usize, usize> = BTreeMap::new();
    for (place, clip) in clips.iter().enumerate().filter(|(_, clip)| !clip.windows.is_empty()) {
        // A group may have clips of several classes: it is filed under the first.
        let class = *first.entry(clip.group).or_insert(clip.class);
        groups.entry((class, clip.group)).or_default().push(place);
    }
    let count = if groups.len() > ONE_BY_ONE { PARTS } else { groups.len() };
    let mut folds = vec![Vec::new(); count];
    for (place, group) in groups.into_values().enumerate() {
        folds[place % count].extend(group);
    }
    folds
}

/// Predictions of clips by fits without them.
#[derive(Debug, Default)]
pub(super) struct OutOfFold {
    pub(super) clips: Vec<LeftOut>,
    /// Windows of the clips, by the model's own head and by the fits.
    windows: [Vec<Predicted>; 2],
}

impl OutOfFold {
    /// Adds the clips of `fold`, which `without` was not fitted to.
    pub(super) fn add(&mut self, solver: &Solver<'_>, without: &Weights, fold: &[usize]) {
        for &place in fold {
            let Some(clip) = solver.clips.get(place) else { continue };
            let class = clip.clip.class;
            let before: Vec<Predicted> =
                clip.clip.windows.iter().map(|features| solver.before(features, class)).collect();
            let after: Vec<Predicted> = clip.windows.iter().map(|x| solver.after(without, x, class)).collect();
            self.clips.push(LeftOut { clip: place, class, predicted: [choice(&before), choice(&after)] });
            self.windows[0].extend(before);
            self.windows[1].extend(after);
        }
    }

    /// The comparison on the windows of the first `known` classes; `None` without any.
    pub(super) fn known(&self, known: usize) -> Option<Comparison> {
        let of = |windows: &[Predicted]| -> Vec<Predicted> {
            windows.iter().filter(|window| window.class < known).cloned().collect()
        };
        let [before, after] = [of(&self.windows[0]), of(&self.windows[1])];
        (!after.is_empty()).then(|| Comparison::new(&before, &after))
    }

    /// The confidence that 95 % of the right windows of `class` exceed, in hundredths.
    pub(super) fn confidence(&self, class: usize) -> u8 {
        let own = self.windows[1].iter().filter(|window| window.class == class && window.choice() == class);
        let mut right: Vec<f64> = own.map(|window| 100.0 * window.probabilities[class]).collect();
        right.sort_by(f64::total_cmp);
        let below = (right.len() as f64 * (1.0 - KEPT)) as usize;
        match right.get(below) {
            Some(confidence) if right.len() >= FEWEST => confidence.clamp(CONFIDENCES.0, CONFIDENCES.1) as u8,
            _ => (DecisionConfig::default().confidence * 100.0).round() as u8,
        }
    }
}

/// The class of the highest mean probability.
fn choice(windows: &[Predicted]) -> usize {
    let mut sums = vec![0.0; windows.first().map_or(0, |window| window.probabilities.len())];
    for window in windows {
        sums.iter_mut().zip(&window.probabilities).for_each(|(sum, p)| *sum += p);
    }
    argmax(&sums)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clip(class: usize, group: usize) -> LabelledClip {
        LabelledClip { windows: vec![vec![0.0]], class, group }
    }

    #[test]
    fn few_groups_are_left_out_one_by_one_and_many_a_fifth_at_a_time() {
        let few: Vec<_> = (0..8).map(|place| clip(place % 2, place / 2)).collect();
        let parts = folds(&few);
        assert_eq!(parts.len(), 4);
        assert!(parts.iter().all(|part| part.len() == 2 && few[part[0]].group == few[part[1]].group));
        let many: Vec<_> = (0..40).map(|place| clip(place / 20, place)).collect();
        let parts = folds(&many);
        assert_eq!(parts.len(), 5);
        // Groups of each class are spread.
        assert!(parts.iter().all(|part| part.iter().filter(|place| many[**place].class == 0).count() == 4));
        assert!(folds(&[]).is_empty());
    }

    #[test]
    fn a_class_with_few_right_windows_has_the_default_confidence() {
        let mut found = OutOfFold::default();
        let window = |p: f64| Predicted { probabilities: vec![1.0 - p, p], class: 1 };
        found.windows[1] = (0..19).map(|_| window(0.75)).collect();
        assert_eq!(found.confidence(1), (DecisionConfig::default().confidence * 100.0).round() as u8);
        found.windows[1].push(window(0.74));
        assert_eq!(found.confidence(1), 75);
    }
}
