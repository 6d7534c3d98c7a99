//! Classification of one window: features, then class probabilities from a trained head or from YAMNet's own classifier.

use crate::MAX_CLASSES;
use crate::anomaly::Detector;
use crate::features::{self, EMBEDDING_LEN, Extractor, FeatureKind};
use crate::gain::Gain;
use crate::graph::{self, Parts};
use crate::head::{self, Dense, Head};
use crate::window::Patch;
use monitor_nn::{self as nn, Block, Network, Stream};

/// Stage after the features.
#[derive(Clone, Debug)]
enum Output<'m> {
    /// None: the caller needs only features (training).
    Features,
    /// YAMNet's own classifier.
    Scores,
    /// A trained head.
    Head(Head<'m>),
}

/// Computes features, class probabilities and, optionally, an anomaly score. Cheap to clone: clones share weights.
#[derive(Clone, Debug)]
pub struct Classifier<'m> {
    extractor: Extractor<'m>,
    output: Output<'m>,
    anomaly: Option<Detector<'m>>,
    gain: Gain,
}

impl<'m> Classifier<'m> {
    /// Creates a classifier that computes features and no probabilities, for training.
    ///
    /// # Errors
    /// [`Error::Features`] if `kind` requires a network and none is given, or its embedding has the wrong width.
    pub fn features(kind: FeatureKind, network: Option<Network<'m>>) -> Result<Self, Error> {
        let extractor = Extractor::new(kind, network).map_err(Error::Features)?;
        Ok(Self { extractor, output: Output::Features, anomaly: None, gain: Gain::NONE })
    }

    /// Creates a classifier that computes log-mel features only. Requires no model.
    pub fn log_mel() -> Self {
        let extractor = Extractor::log_mel();
        Self { extractor, output: Output::Features, anomaly: None, gain: Gain::NONE }
    }

    /// Creates a classifier with a trained head on features of `kind`.
    ///
    /// # Errors
    /// [`Error::Features`] as for [`features`](Self::features); [`Error::HeadWidth`] if the head does not take
    /// `kind.len()` features.
    pub fn trained(kind: FeatureKind, network: Option<Network<'m>>, head: Head<'m>) -> Result<Self, Error> {
        let extractor = Extractor::new(kind, network).map_err(Error::Features)?;
        let (wanted, given) = (head.features(), kind.len());
        if wanted != given {
            return Err(Error::HeadWidth { wanted, given });
        }
        Ok(Self { extractor, output: Output::Head(head), anomaly: None, gain: Gain::NONE })
    }

    /// Creates a classifier with YAMNet's own 521 classes; the features are the embedding.
    ///
    /// # Errors
    /// [`Error::Features`] if the embedding has the wrong width; [`Error::NoScores`] if the network has no classifier.
    pub fn yamnet(network: Network<'m>) -> Result<Self, Error> {
        if network.scores_len() == 0 {
            return Err(Error::NoScores);
        }
        let extractor = Extractor::new(FeatureKind::Yamnet, Some(network)).map_err(Error::Features)?;
        Ok(Self { extractor, output: Output::Scores, anomaly: None, gain: Gain::NONE })
    }

    /// Creates the classifier of a recognised model file: its trained head, or YAMNet's classes for the plain base model.
    /// `network` is the file's body; `None` if the file has no body.
    ///
    /// # Errors
    /// If the parts do not match each other.
    pub fn from_parts(parts: &Parts<'m>, network: Option<Network<'m>>) -> Result<Self, Error> {
        let classifier = match (&parts.output, network) {
            (graph::Output::Head { kind, head }, network) => {
                let layers = head.layers.iter().map(|layer| Dense {
                    weights: layer.weights,
                    bias: layer.bias,
                    relu: layer.relu,
                });
                Self::trained(*kind, network, Head::new(layers).map_err(Error::Head)?)
            }
            (graph::Output::Scores { .. }, Some(network)) => Self::yamnet(network),
            (graph::Output::Scores { .. }, None) => Err(Error::NoScores),
        };
        Ok(classifier?.with_gain(parts.gain))
    }

    /// Returns this classifier with `detector` as its anomaly detector; `None` removes it.
    pub fn with_anomaly(self, detector: Option<Detector<'m>>) -> Self {
        Self { anomaly: detector, ..self }
    }

    /// Returns the trained head; `None` without one.
    pub fn head(&self) -> Option<&Head<'m>> {
        match &self.output {
            Output::Head(head) => Some(head),
            Output::Features | Output::Scores => None,
        }
    }

    /// Returns this classifier with `head` in place of its own; it may have other classes.
    ///
    /// # Errors
    /// [`Error::HeadWidth`] if it does not take this classifier's features.
    pub fn with_head(self, head: Head<'m>) -> Result<Self, Error> {
        let (wanted, given) = (head.features(), self.kind().len());
        if wanted != given {
            return Err(Error::HeadWidth { wanted, given });
        }
        Ok(Self { output: Output::Head(head), ..self })
    }

    /// Returns this classifier with `gain` as its input gain, which the front end applies ([`crate::pipeline::FrontEnd`]).
    pub fn with_gain(self, gain: Gain) -> Self {
        Self { gain, ..self }
    }

    /// Returns the input gain.
    pub fn gain(&self) -> Gain {
        self.gain
    }

    /// Returns the anomaly detector; `None` if the model has none.
    pub fn anomaly(&self) -> Option<&Detector<'m>> {
        self.anomaly.as_ref()
    }

    /// Returns the int8 network; `None` for log-mel features.
    pub fn network(&self) -> Option<&Network<'m>> {
        self.extractor.network()
    }

    /// Returns the feature kind.
    pub fn kind(&self) -> FeatureKind {
        self.extractor.kind()
    }

    /// Number of probabilities; 0 if only features are computed.
    pub fn classes(&self) -> usize {
        match &self.output {
            Output::Features => 0,
            Output::Scores => self.extractor.network().map_or(0, Network::scores_len),
            Output::Head(head) => head.classes(),
        }
    }

    /// Arena length, in blocks of 64 bytes, that [`stream`](Self::stream) requires; sufficient for [`run`](Self::run).
    pub fn arena_len(&self) -> usize {
        self.extractor.arena_len()
    }

    /// Returns a stream of windows for [`run_next`](Self::run_next); `None` for log-mel features.
    ///
    /// # Errors
    /// [`nn::Error::Memory`] if `arena` is shorter than [`arena_len`](Self::arena_len).
    pub fn stream<'a>(&self, arena: &'a mut [Block]) -> Result<Option<Stream<'m, 'a>>, nn::Error> {
        self.extractor.stream(arena)
    }

    /// Computes one window: writes `self.kind().len()` values to `features` and `self.classes()` values, each 0 to 1, to
    /// `probabilities`. Shorter slices receive the values that fit.
    ///
    /// # Errors
    /// [`nn::Error::Memory`] if `arena` is shorter than [`arena_len`](Self::arena_len).
    pub fn run(
        &self,
        patch: &Patch,
        arena: &mut [Block],
        features: &mut [f32],
        probabilities: &mut [f32],
    ) -> Result<(), nn::Error> {
        self.run_with(patch, features, probabilities, |network, features, scores| {
            network.features(patch, arena, features, scores)
        })
    }

    /// Computes the next window as [`run`](Self::run) does, with the same result, and reuses what it shares with the windows
    /// before. `stream` is from [`stream`](Self::stream) of this classifier; without it the features of the network are zeros.
    pub fn run_next(
        &self,
        patch: &Patch,
        stream: Option<&mut Stream<'_, '_>>,
        features: &mut [f32],
        probabilities: &mut [f32],
    ) {
        // Nothing in it fails.
        let _ = self.run_with(patch, features, probabilities, |_, features, scores| {
            features.fill(0.0);
            if let Some(stream) = stream {
                stream.features(patch, features, scores);
            }
            Ok(())
        });
    }

    fn run_with(
        &self,
        patch: &Patch,
        features: &mut [f32],
        probabilities: &mut [f32],
        run_network: impl FnOnce(&Network<'m>, &mut [f32], &mut [i8]) -> Result<(), nn::Error>,
    ) -> Result<(), nn::Error> {
        let mut scores = [0; MAX_CLASSES];
        let wanted = if matches!(self.output, Output::Scores) { self.classes() } else { 0 };
        let scores = &mut scores[..wanted.min(MAX_CLASSES)];
        self.extractor.extract(patch, features, |network, features| run_network(network, features, scores))?;
        for (out, score) in probabilities.iter_mut().zip(scores) {
            *out = (f32::from(*score) + 128.0) / 256.0;
        }
        if let Output::Head(head) = &self.output {
            head.run(features, probabilities);
        }
        Ok(())
    }
}

/// Why a model cannot classify. Fatal: the file does not match this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The features cannot be computed.
    #[error(transparent)]
    Features(features::Error),
    /// The network cannot be run.
    #[error(transparent)]
    Network(nn::Error),
    /// The head cannot be run.
    #[error(transparent)]
    Head(head::Error),
    /// The head's number of inputs differs from the length of its feature kind.
    #[error("the model's head takes {wanted} features and its feature kind has {given}; train it again")]
    HeadWidth {
        /// Inputs of the head.
        wanted: usize,
        /// Features of the kind.
        given: usize,
    },
    /// The file has no classifier of its own.
    #[error("the model gives {count} embedding values but no classes; use a trained model", count = EMBEDDING_LEN)]
    NoScores,
}
