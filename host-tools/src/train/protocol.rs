//! The training protocol: its order ensures that every figure is measured on sound that its head was not trained on.
//!
//! 1. **Hold out.** About a fifth of the windows (`--hold-out`), whole groups of every class, are set aside and not used
//!    until the end. If a class has only one group, or there are too few, nothing is held out, which the report states.
//! 2. **Fit.** On the rest, kind of head, regularisation and epochs are chosen on grouped inner folds, and the chosen head
//!    is trained on all of the rest ([`super::fit`]). This head is exported, and it was not trained on what was held out; so
//!    the held-out figures are about the exported file, and `evaluate` on the same data recognises the recordings by the
//!    hashes in it. With `--hold-out 0` the head is trained on everything, and there are no held-out figures.
//!    The anomaly score needs no recordings held out, because its levels leave groups out in turn: it is fitted to all normal
//!    sound, and the file has the hashes of what the score alone has seen.
//! 3. **Cross-validate.** Steps 1 and 2 depend on which groups were drawn. So the whole procedure is repeated over grouped
//!    folds of *all* recordings and the predictions are pooled ([`super::cross_validation`]): the figure to quote. It
//!    describes the procedure on that amount of data, not the exported file. If the temperatures of the folds do not lower the
//!    calibration error, neither they nor that of the exported head are used.
//! 4. **Compare.** Hybrid features hold the other kinds as columns: linear heads with one fixed regularisation, on the same
//!    folds and these columns, compare the kinds on equal terms.
//!
//! One class skips all of this ([`one_class`]).
//!
//! Within one recording (too few files to hold any out) groups are blocks of a file, and every figure is marked
//! [`WITHIN_RECORDING`](crate::data::dataset::WITHIN_RECORDING).

use anyhow::{Context, ensure};
use monitor_core::features::FeatureKind;
use rayon::prelude::*;

use super::basics::seed;
use super::candidate::HeadChoice;
use super::cross_validation::{CrossValidation, Predictions, Procedure, cross_validate};
use super::fit::{Effort, Fitted, fit};
use super::head::TrainedHead;
use super::one_class;
use super::progress::{self, FitProgress};
use super::samples::{Copies, Samples};
use super::validate::inner_folds;
use crate::console::Ui;
use crate::data::feature_set::FeatureSet;
use crate::data::split::{self, Fold};
use crate::evaluate::measured::sessions;
use crate::features::Augmented;

/// Settings of a training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Settings {
    /// Heads to try.
    pub choice: HeadChoice,
    /// Folds of the cross-validation; `None`: five, or fewer so that each holds back every class; 0: none.
    pub folds: Option<usize>,
    /// Share of the windows to hold out, 0 to 0.5.
    pub hold_out: f64,
    /// Random seed.
    pub seed: u64,
    /// Number of changed copies of each recording to train on.
    pub augment: u32,
}

/// Default number of folds.
const FOLDS: usize = 5;

/// Result of the protocol.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// The head to export.
    pub fitted: Fitted,
    /// Rows it was trained on.
    pub trained: Vec<usize>,
    /// Its predictions for the held-out rows.
    pub held_out: Option<Predictions>,
    /// Cross-validation of the procedure.
    pub cross_validation: Option<CrossValidation>,
    /// Linear heads with one regularisation on the columns of each feature kind: all, the part of the network, logmel; else empty.
    pub comparison: Vec<(FeatureKind, CrossValidation)>,
    /// For each row the number of its recording session.
    pub sessions: Vec<usize>,
}

/// Runs the protocol on `set`. Every step that trains on a window also trains on its changed `copies`, if any; no figure
/// includes them.
///
/// # Errors
/// When no head can be trained.
pub(super) fn run(
    set: &FeatureSet,
    copies: Option<&Augmented>,
    settings: &Settings,
    ui: &Ui,
) -> anyhow::Result<Outcome> {
    if set.dataset.classes.len() == 1 {
        return Ok(one_class::outcome(set));
    }
    let (labels, groups) = (set.labels(), set.groups());
    let copies = copies.map(|copies| Copies { x: copies.x.view(), of: &copies.of });
    let classes = set.dataset.classes.len();
    let mut values = set.x.iter().chain(copies.iter().flat_map(|copies| copies.x));
    ensure!(values.all(|value| value.is_finite()), "a feature is not a number; please report this");
    let samples = Samples::new(set.x.view(), &labels, &groups, classes, copies);

    let count = settings.folds.unwrap_or_else(|| FOLDS.min(split::most_folds(&labels, &groups)));
    let bar = ui.progress("training", progress::total(settings.choice, count.min(set.dataset.groups.len()) + 1));
    let held_out = split::hold_out(&labels, &groups, settings.hold_out, seed::derive(settings.seed, "hold out"));
    let fold = held_out.unwrap_or_else(|| Fold { train: (0..labels.len()).collect(), test: Vec::new() });
    let inner = inner_folds(&samples, &fold.train, settings.seed);
    let effort = Effort::whole(settings.choice);
    let (fitted, validated) = rayon::join(
        || fit(&samples, &fold.train, &inner, effort, settings.seed, &FitProgress::new(&bar, settings.choice)),
        || {
            let procedure = Procedure::Chosen(settings.choice);
            (count > 0).then(|| cross_validate(&samples, count, procedure, settings.seed, Some(&bar)))
        },
    );
    let mut fitted = fitted.context("training failed")?;
    let mut cross_validation = None;
    match validated {
        Some(Ok(result)) => {
            fitted.decide_on_temperature(result.calibration);
            cross_validation = Some(result);
        }
        Some(Err(error)) => tracing::info!("no cross-validation: {error:#}"),
        None => {}
    }
    let held_out = (!fold.test.is_empty()).then(|| predictions(&samples, &fitted.head, fold.test));
    let network_alone = match set.kind {
        FeatureKind::Hybrid => Some(FeatureKind::Yamnet),
        FeatureKind::Texture => Some(FeatureKind::Tap),
        _ => None,
    };
    let kinds = network_alone.filter(|_| cross_validation.is_some()).map(|network_alone| {
        [
            (set.kind, 0..set.kind.len()),
            (network_alone, 0..set.kind.network_len()),
            (FeatureKind::LogMel, set.kind.network_len()..set.kind.len()),
        ]
    });
    let comparison = kinds
        .into_par_iter()
        .flatten()
        .map(|(kind, columns)| {
            let samples = samples.columns(columns);
            Ok((kind, cross_validate(&samples, count, Procedure::PlainLinear, settings.seed, None)?))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    bar.finish_and_clear();
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
    let probabilities = samples.probabilities(head, &rows);
    Predictions { rows, probabilities }
}
