//! From a window to its verdict: features, head, anomaly score.

use super::ready::{OwnedWindow, ReadyWindow};
use super::{Error, Spectra, Verdict};
use crate::MAX_CLASSES;
use crate::anomaly::{WindowValues, spectrum};
use crate::classifier::Classifier;
use crate::head::MAX_WIDTH;
use monitor_nn::{Block, Stream};

/// A classifier with its working memory.
#[derive(Debug)]
pub struct BackEnd<'m> {
    window: OwnedWindow,
    chain: Chain<'m>,
}

/// The classifier and its buffers, apart from the window so that both can be borrowed at once.
#[derive(Debug)]
struct Chain<'m> {
    classifier: Classifier<'m>,
    stream: Option<Stream<'m, 'm>>,
    features: [f32; MAX_WIDTH],
    probabilities: [f32; MAX_CLASSES],
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
        if classifier.classes() > MAX_CLASSES {
            return Err(Error::Classes(classifier.classes()));
        }
        let stream = classifier.stream(arena).map_err(|_| Error::Arena { needed, given })?;
        let chain =
            Chain { classifier, stream, features: [0.0; MAX_WIDTH], probabilities: [0.0; MAX_CLASSES], now_ns: None };
        Ok(Self { window: OwnedWindow::EMPTY, chain })
    }

    /// Measures [`Verdict::inference_ns`] by a clock in nanoseconds.
    pub fn set_clock(&mut self, now_ns: fn() -> u64) {
        self.chain.now_ns = Some(now_ns);
    }

    /// The classifier in use.
    pub fn classifier(&self) -> &Classifier<'m> {
        &self.chain.classifier
    }

    /// Computes a window that was copied; see [`super::FrontEnd::push_deferred`].
    pub fn compute(&mut self, window: &OwnedWindow, on_window: impl FnMut(&Verdict)) {
        self.chain.compute(window, on_window);
    }

    /// Computes a window of the front end.
    pub fn compute_ready(&mut self, ready: &ReadyWindow<'_>, on_window: impl FnMut(&Verdict)) {
        ready.copy_to(&mut self.window);
        self.chain.compute(&self.window, on_window);
    }
}

impl Chain<'_> {
    fn compute(&mut self, window: &OwnedWindow, mut on_window: impl FnMut(&Verdict)) {
        let features = &mut self.features[..self.classifier.kind().len()];
        let probabilities = &mut self.probabilities[..self.classifier.classes()];
        let now = || self.now_ns.map_or(0, |now| now());
        let before = now();
        self.classifier.run_next(&window.patch, self.stream.as_mut(), features, probabilities);
        let values = WindowValues { patch: &window.patch, features, rumble: &window.rumble };
        let z_scores = self.classifier.anomaly().map(|detector| detector.z_scores(&values));
        let normal = self.classifier.anomaly().and_then(|detector| detector.tables().spectra);
        let spectra = normal.map(|normal| Spectra { window: spectrum(&window.patch, &window.rumble), normal });
        on_window(&Verdict {
            index: window.index,
            start_sample: window.start_sample,
            probabilities,
            features,
            patch: &window.patch,
            rumble: &window.rumble,
            level_dbfs: window.level_dbfs,
            spans_gap: window.spans_gap,
            z_scores,
            spectra,
            inference_ns: now().saturating_sub(before),
        });
    }
}
