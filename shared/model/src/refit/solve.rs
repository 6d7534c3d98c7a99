//! Fits to the sample and some of the clips.

use monitor_core::head::Head;

use super::base::Base;
use super::scores::Predicted;
use super::{Error, LabelledClip, MOST_OF_CLASS, MOST_WINDOWS};
use crate::regression::{self, Centre, Example, Scaling, Weights};

/// Least share of a class's weight that its windows of the sample keep, however many windows are labelled.
const LEAST_SHARE: f64 = 0.5;

/// Everything that the fits have in common.
pub(super) struct Solver<'a> {
    base: &'a Base<'a>,
    head: &'a Head<'a>,
    classes: usize,
    centre: Centre,
    /// Sum of the weights of the windows of each class.
    totals: Vec<f64>,
    /// The clips, with standardised features in place of their own.
    pub(super) clips: Vec<Standardised<'a>>,
}

/// A clip in standardised features.
pub(super) struct Standardised<'a> {
    pub(super) clip: &'a LabelledClip,
    pub(super) windows: Vec<Vec<f32>>,
}

impl<'a> Solver<'a> {
    pub(super) fn new(base: &'a Base<'a>, head: &'a Head<'a>, classes: usize, clips: &'a [LabelledClip]) -> Self {
        let mut totals: Vec<f64> =
            base.sample.classes().map(|class| f64::from(class.windows) * f64::from(class.weight)).collect();
        let occurring = totals.iter().filter(|total| **total > 0.0).count().max(1);
        let mean = totals.iter().sum::<f64>() / occurring as f64;
        totals.resize(classes, 0.0);
        totals.iter_mut().filter(|total| **total == 0.0).for_each(|total| *total = mean);
        let mut of_class = vec![0; classes];
        for clip in clips {
            of_class[clip.class] += clip.windows.len().min(MOST_WINDOWS);
        }
        let clips = clips
            .iter()
            .map(|clip| {
                let keep = MOST_OF_CLASS as f64 / of_class[clip.class].max(MOST_OF_CLASS) as f64;
                let count = (clip.windows.len().min(MOST_WINDOWS) as f64 * keep) as usize;
                let windows = evenly(clip.windows.len(), count.max(1)).filter_map(|at| clip.windows.get(at));
                Standardised { clip, windows: windows.map(|window| base.standardised(window)).collect() }
            })
            .collect();
        let mut solver = Self { base, head, classes, centre: Centre::origin(classes, base.values()), totals, clips };
        solver.centre = base.centre(head, solver.centre.clone(), &solver.examples(|_| false));
        solver
    }

    /// The windows of the sample and of the clips that are `used`. In each class all windows of the sample have one weight, and
    /// all of the clips; the same for both unless the sample would keep less than [`LEAST_SHARE`].
    fn examples(&self, used: impl Fn(usize) -> bool) -> Vec<Example<'_>> {
        let clips: Vec<&Standardised<'_>> =
            self.clips.iter().enumerate().filter(|(place, _)| used(*place)).map(|(_, clip)| clip).collect();
        let mut counts = vec![[0_usize; 2]; self.classes];
        self.base.fit.iter().for_each(|row| counts[row.class][0] += 1);
        clips.iter().for_each(|clip| counts[clip.clip.class][1] += clip.windows.len());
        let weight = |class: usize, labelled: usize| {
            let [carried, added] = counts[class].map(|count| count as f64);
            let share = if carried > 0.0 { (carried / (carried + added)).max(LEAST_SHARE) } else { 0.0 };
            let (share, count) = if labelled == 0 { (share, carried) } else { (1.0 - share, added) };
            self.totals[class] * share / count.max(1.0)
        };
        let carried =
            self.base.fit.iter().map(|row| Example { x: &row.x, class: row.class, weight: weight(row.class, 0) });
        let added = clips.iter().flat_map(|clip| {
            let class = clip.clip.class;
            clip.windows.iter().map(move |x| (x, class))
        });
        carried.chain(added.map(|(x, class)| Example { x, class, weight: weight(class, 1) })).collect()
    }

    /// Fits the clips whose places are `used`, from `start`.
    pub(super) fn fit(&self, used: impl Fn(usize) -> bool, start: Option<&Weights>) -> Result<Weights, Error> {
        let examples = self.examples(used);
        let start = start.unwrap_or(&self.centre.weights);
        let scaling = Scaling::none(self.base.values());
        let alpha = self.base.sample.alpha.into();
        regression::fit(&examples, &scaling, &self.centre, alpha, start, regression::ENOUGH)
            .map_err(Error::NotConverged)
    }

    /// The prediction of the model's own head for the features of a window.
    pub(super) fn before(&self, features: &[f32], class: usize) -> Predicted {
        let mut probabilities = vec![0.0; self.head.classes()];
        self.head.run(features, &mut probabilities);
        Predicted { probabilities: probabilities.into_iter().map(f64::from).collect(), class }
    }

    /// The prediction of `weights`, with the temperature, for a standardised window.
    pub(super) fn after(&self, weights: &Weights, x: &[f32], class: usize) -> Predicted {
        Predicted { probabilities: weights.probabilities(x, self.base.sample.temperature.into()), class }
    }
}

/// `count` places of `len`, evenly spaced.
fn evenly(len: usize, count: usize) -> impl Iterator<Item = usize> {
    let count = count.min(len);
    (0..count).map(move |place| place * len / count.max(1))
}
