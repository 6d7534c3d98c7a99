//! Refits a model's head on the device to clips that were labelled on site.
//!
//! A fit needs windows of every class, and a device has those of its own clips alone. So training stores a sample in the model
//! ([`monitor_core::training_sample`]), and [`refit`] fits the linear head to both ([`crate::regression`]), with the strength that
//! training chose, around the model's own head. A class may be added. The result replaces the head only if it is no worse: on the
//! windows of the sample that are in no fit, and on the clips, each left out in turn ([`acceptance`]).
//!
//! Every refit starts from the model's own head and takes all labels so far, so that errors do not add up.
//!
//! Cost: 13 fits of some 30 evaluations each; for 300 windows of 640 features in 5 classes 2 million multiplications an
//! evaluation. Memory: the windows in f32.

pub mod acceptance;
mod base;
pub mod overlay;
mod scores;
mod solve;
mod trial;

use monitor_core::head::Head;
use monitor_core::training_sample::TrainingSample;

use base::Base;
use scores::{Predicted, log_loss, macro_f1};
use solve::Solver;

/// Least number of groups of a new class: of fewer, leaving one out shows nothing.
pub const LEAST_GROUPS: usize = 3;
/// Most windows of one clip that are used: more resemble each other.
pub const MOST_WINDOWS: usize = 64;
/// Most windows of the clips of one class.
const MOST_OF_CLASS: usize = 512;

/// Windows of a clip with one label.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledClip {
    /// Features of each window, not standardised.
    pub windows: Vec<Vec<f32>>,
    /// Its class: below the number of classes of [`refit`].
    pub class: usize,
    /// Clips of one group are left out together.
    pub group: usize,
}

/// A figure before, by the model's own head, and after the refit.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Comparison {
    /// Windows that the figures are of.
    pub windows: usize,
    /// Macro-F1, 0 to 1.
    pub macro_f1: [f64; 2],
    /// Mean cross-entropy in nats, every class equally weighted.
    pub log_loss: [f64; 2],
}

impl Comparison {
    fn new(before: &[Predicted], after: &[Predicted]) -> Self {
        Self {
            windows: after.len(),
            macro_f1: [macro_f1(before), macro_f1(after)],
            log_loss: [log_loss(before), log_loss(after)],
        }
    }
}

/// A clip, predicted without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftOut {
    /// Place among the clips.
    pub clip: usize,
    /// Its class.
    pub class: usize,
    /// The class by the model's own head and by a refit to the other clips: that of the highest mean probability.
    pub predicted: [usize; 2],
}

/// The result of a refit.
#[derive(Debug, Clone, PartialEq)]
pub struct Refitted {
    /// Weights `[classes x features]`, row-major, for features that are not standardised; temperature included.
    pub weights: Vec<f32>,
    /// One for each class.
    pub bias: Vec<f32>,
    /// Confidence of each class that the model does not have, in hundredths.
    pub new_confidence: Vec<u8>,
    /// On the windows of the sample that are in no fit.
    pub validation: Comparison,
    /// On the windows of clips of classes that the model has, each left out in turn; `None` without such clips.
    pub known: Option<Comparison>,
    /// The clips, each left out in turn.
    pub left_out: Vec<LeftOut>,
}

/// Fits `classes` classes, of which the model has the first ones, to `sample` and `clips`. `head` is the model's own. Calls
/// `on_round` before each of the rounds with its number, from 1, and the number of all.
///
/// # Errors
/// [`Error`].
pub fn refit(
    sample: TrainingSample<'_>,
    head: &Head<'_>,
    classes: usize,
    clips: &[LabelledClip],
    on_round: &mut dyn FnMut(usize, usize),
) -> Result<Refitted, Error> {
    let known = head.classes();
    let classes = classes.max(known);
    let is_own = sample.classes().len() == known && sample.kind.len() == head.features();
    if !is_own || clips.iter().any(|clip| clip.class >= classes) {
        return Err(Error::OtherHead);
    }
    if let Some(class) = (known..classes).find(|class| groups_of(clips, *class) < LEAST_GROUPS) {
        return Err(Error::TooFewClips { class, groups: groups_of(clips, class) });
    }
    let base = Base::new(sample);
    let solver = Solver::new(&base, head, classes, clips);
    let folds = trial::folds(clips);
    let rounds = folds.len() + 1;
    on_round(1, rounds);
    let whole = solver.fit(|_| true, None)?;
    let mut out_of_fold = trial::OutOfFold::default();
    for (round, fold) in folds.iter().enumerate() {
        on_round(round + 2, rounds);
        let without = solver.fit(|clip| !fold.contains(&clip), Some(&whole))?;
        out_of_fold.add(&solver, &without, fold);
    }
    let (weights, bias) = base.folded(&whole);
    let validation = Comparison::new(
        &base.validate.iter().map(|row| solver.before(&base.features(&row.x), row.class)).collect::<Vec<_>>(),
        &base.validate.iter().map(|row| solver.after(&whole, &row.x, row.class)).collect::<Vec<_>>(),
    );
    Ok(Refitted {
        weights,
        bias,
        new_confidence: (known..classes).map(|class| out_of_fold.confidence(class)).collect(),
        validation,
        known: out_of_fold.known(known),
        left_out: out_of_fold.clips,
    })
}

/// Number of groups of the clips of `class`.
fn groups_of(clips: &[LabelledClip], class: usize) -> usize {
    let groups = clips.iter().filter(|clip| clip.class == class && !clip.windows.is_empty()).map(|clip| clip.group);
    groups.collect::<std::collections::BTreeSet<_>>().len()
}

/// Why there is no result.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Error {
    /// The sample is of another model than the head.
    #[error("the model's training sample is of another head; export the model again")]
    OtherHead,
    /// A new class has too few clips.
    #[error("class {class} has {groups} clips; a new class needs at least {LEAST_GROUPS}")]
    TooFewClips {
        /// The class.
        class: usize,
        /// Groups of its clips.
        groups: usize,
    },
    /// The search for the weights ended away from the minimum.
    #[error("the fit did not converge (gradient {0:.1e} per window); check the labels")]
    NotConverged(f64),
}
