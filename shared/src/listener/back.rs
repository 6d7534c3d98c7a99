//! What is made of a window: features, then the head.

use super::{Error, Verdict, front::Due};
use crate::classifier::{Classifier, MAX_PROBABILITIES};
use crate::head::MAX_WIDTH;
use crate::log_mel::BANDS;
use crate::nn::Block;
use crate::window::{COLUMNS, Patch};

/// A classifier with the memory that it works in.
#[derive(Debug)]
pub struct BackEnd<'m> {
    classifier: Classifier<'m>,
    arena: &'m mut [Block],
    patch: Patch,
    features: [f32; MAX_WIDTH],
    probabilities: [f32; MAX_PROBABILITIES],
    now_ns: Option<fn() -> u64>,
}

impl<'m> BackEnd<'m> {
    /// A back end that works in `arena`, at least [`Classifier::arena_len`] blocks.
    ///
    /// # Errors
    /// [`Error::Arena`], [`Error::Classes`].
    pub fn new(classifier: Classifier<'m>, arena: &'m mut [Block]) -> Result<Self, Error> {
        let (needed, given) = (classifier.arena_len(), arena.len());
        if given < needed {
            return Err(Error::Arena { needed, given });
        }
        if classifier.classes() > MAX_PROBABILITIES {
            return Err(Error::Classes(classifier.classes()));
        }
        Ok(Self {
            classifier,
            arena,
            patch: [[0.0; BANDS]; COLUMNS],
            features: [0.0; MAX_WIDTH],
            probabilities: [0.0; MAX_PROBABILITIES],
            now_ns: None,
        })
    }

    /// Has every verdict say how long features and head took, by a clock in nanoseconds.
    pub fn set_clock(&mut self, now_ns: fn() -> u64) {
        self.now_ns = Some(now_ns);
    }

    /// The classifier in use.
    pub fn classifier(&self) -> &Classifier<'m> {
        &self.classifier
    }

    /// Computes the window that is due.
    pub(super) fn window(&mut self, due: &Due<'_>, on_window: &mut impl FnMut(&Verdict)) {
        due.ring.copy_to(&mut self.patch);
        let features = &mut self.features[..self.classifier.kind().len()];
        let probabilities = &mut self.probabilities[..self.classifier.classes()];
        let now = || self.now_ns.map_or(0, |now| now());
        let before = now();
        // The arena's length was checked at construction; nothing else can fail.
        let ran = self.classifier.run(&self.patch, self.arena, features, probabilities);
        debug_assert!(ran.is_ok());
        let anomaly = self.classifier.anomaly().and_then(|detector| detector.score(&self.patch, features));
        on_window(&Verdict {
            index: due.index,
            start_sample: due.start_sample,
            probabilities,
            features,
            patch: &self.patch,
            level_dbfs: due.level.dbfs(),
            spans_gap: due.spans_gap,
            anomaly,
            inference_ns: now().saturating_sub(before),
        });
    }
}
