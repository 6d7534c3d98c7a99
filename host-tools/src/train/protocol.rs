//! What is done with a data set, and in which order, so that every figure stands on sound that the head it is about has
//! never heard.
//!
//! 1. **Hold out.** About a fifth of the windows (`--hold-out`), whole groups of every class, are put aside. Nothing looks
//!    at them until the end. Where a class has only one group, or there are too few, nothing is held out and that is said.
//! 2. **Fit.** On the rest, kind of head, regularisation and epochs are chosen on grouped inner folds, and the chosen head
//!    is fitted to all of the rest ([`super::fit`]). This is the head that is exported, and it has never heard what was
//!    held out; so the held-out figures are about the very file, and `evaluate` on the same data can tell the recordings
//!    apart by the hashes in it. `--hold-out 0` gives the head everything, and no held-out figures.
//! 3. **Cross-validate.** Steps 1 and 2 depend on which groups were drawn. So the whole procedure is repeated over grouped
//!    folds of *all* recordings and the predictions are pooled ([`super::cross_validate`]): the figure to quote. It
//!    is about the procedure on as much data, not about the file.
//! 4. **Compare.** Hybrid features hold the others as columns: linear heads with one fixed regularisation, on the same
//!    folds and on these columns, say what each kind is worth on equal terms, with nothing chosen.
//!
//! Within one recording (too few files to hold any out) groups are blocks of a file, and every figure is marked
//! [`WITHIN_RECORDING`](crate::dataset::WITHIN_RECORDING).

use anyhow::{Context, ensure};
use monitor_core::features::{EMBEDDING_LEN, FeatureKind};

use super::candidate::HeadChoice;
use super::cross_validation::{CrossValidation, Predictions, Procedure, cross_validate};
use super::fit::{Effort, Fitted, fit};
use super::samples::{Copies, Samples};
use super::validate::inner_folds;
use super::{TrainedHead, seed};
use crate::features::{Augmented, FeatureSet};
use crate::measured::sessions;
use crate::split::{self, Fold};
use crate::ui::Ui;

/// What the user decides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Heads to try.
    pub choice: HeadChoice,
    /// Folds of the cross-validation; `None`: five, or fewer so that each holds back every class; 0: none.
    pub folds: Option<usize>,
    /// Share of the windows to hold out, 0 to 0.5.
    pub hold_out: f64,
    /// Decides everything random.
    pub seed: u64,
    /// Changed copies of each recording that training hears too.
    pub augment: u32,
}

/// Folds where the user does not say.
const FOLDS: usize = 5;

/// Everything that came out.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The head to export.
    pub fitted: Fitted,
    /// Rows it learned from.
    pub trained: Vec<usize>,
    /// What it says about the rows held out.
    pub held_out: Option<Predictions>,
    /// The procedure, cross-validated.
    pub cross_validation: Option<CrossValidation>,
    /// Linear heads with one regularisation on the columns of each feature kind: hybrid, yamnet, logmel; else empty.
    pub comparison: Vec<(FeatureKind, CrossValidation)>,
    /// For each row the number of its recording session.
    pub sessions: Vec<usize>,
}

/// Runs the protocol on `set`; where there are changed `copies` of its windows, every step that learns from a window learns
/// from its copies too, and no figure is about them.
///
/// # Errors
/// When there are fewer than two classes or nothing can be learned.
pub fn run(set: &FeatureSet, copies: Option<&Augmented>, settings: &Settings, ui: &Ui) -> anyhow::Result<Outcome> {
    let (labels, groups) = (set.labels(), set.groups());
    let copies = copies.map(|copies| Copies { x: copies.x.view(), of: &copies.of });
    let classes = set.dataset.classes.len();
    let samples = Samples { x: set.x.view(), labels: &labels, groups: &groups, classes, copies };
    let mut values = set.x.iter().chain(copies.iter().flat_map(|copies| copies.x));
    ensure!(values.all(|value| value.is_finite()), "a feature is not a number: please report this");

    let count = settings.folds.unwrap_or_else(|| FOLDS.min(split::most_folds(&labels, &groups)));
    let progress = ui.progress("training", count.min(set.dataset.groups.len()) as u64 + 1);
    let held_out = split::hold_out(&labels, &groups, settings.hold_out, seed::derive(settings.seed, "hold out"));
    let fold = held_out.unwrap_or_else(|| Fold { train: (0..labels.len()).collect(), test: Vec::new() });
    let inner = inner_folds(&samples, &fold.train, settings.seed);
    let fitted =
        fit(&samples, &fold.train, &inner, Effort::whole(settings.choice), settings.seed).context("training failed")?;
    progress.inc(1);
    let held_out = (!fold.test.is_empty()).then(|| predictions(&samples, &fitted.head, fold.test));

    let mut comparison = Vec::new();
    let mut cross_validation = None;
    if count > 0 {
        let done = || progress.inc(1);
        match cross_validate(&samples, count, Procedure::Chosen(settings.choice), settings.seed, done) {
            Ok(result) => cross_validation = Some(result),
            Err(error) => ui.say(format!("note: no cross-validation: {error:#}")),
        }
    }
    if cross_validation.is_some() && set.kind == FeatureKind::Hybrid {
        for (kind, columns) in [
            (FeatureKind::Hybrid, 0..FeatureKind::Hybrid.len()),
            (FeatureKind::Yamnet, 0..EMBEDDING_LEN),
            (FeatureKind::LogMel, EMBEDDING_LEN..FeatureKind::Hybrid.len()),
        ] {
            let samples = samples.columns(columns);
            let result = cross_validate(&samples, count, Procedure::PlainLinear, settings.seed, || {})?;
            comparison.push((kind, result));
        }
    }
    progress.finish_and_clear();
    Ok(Outcome {
        fitted,
        trained: fold.train,
        held_out,
        cross_validation,
        comparison,
        sessions: sessions(&set.dataset, &set.rows),
    })
}

fn predictions(samples: &Samples<'_>, head: &TrainedHead, rows: Vec<usize>) -> Predictions {
    let probabilities = head.probabilities(samples.features_of(&rows).view());
    Predictions { rows, probabilities }
}
