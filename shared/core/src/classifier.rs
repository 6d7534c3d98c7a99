//! What a window is taken for: features, then the head, or YAMNet's own scores, or nothing but the features.

use core::fmt;

use crate::anomaly::Detector;
use crate::features::{self, EMBEDDING_LEN, Extractor, FeatureKind};
use crate::graph::{self, Parts};
use crate::head::{self, Dense, Head};
use crate::window::Patch;
use monitor_nn::{self as nn, Block, Network, body::MAX_SCORES};

/// Most probabilities a classifier gives: YAMNet's own classes are the most there are.
pub const MAX_PROBABILITIES: usize = MAX_SCORES;

/// What follows the features.
#[derive(Clone, Debug)]
enum Output<'m> {
    /// Nothing: the features are what is wanted (training).
    Features,
    /// YAMNet's own classifier.
    Scores,
    /// A trained head.
    Head(Head<'m>),
}

/// Features and what is made of them. Cheap to copy; copies share weights.
#[derive(Clone, Debug)]
pub struct Classifier<'m> {
    extractor: Extractor<'m>,
    output: Output<'m>,
    anomaly: Option<Detector<'m>>,
}

impl<'m> Classifier<'m> {
    /// Only features, no probabilities: what training uses.
    ///
    /// # Errors
    /// [`Error::Features`] if `kind` needs a network and none is given.
    pub fn features(kind: FeatureKind, network: Option<Network<'m>>) -> Result<Self, Error> {
        let extractor = Extractor::new(kind, network).map_err(Error::Features)?;
        Ok(Self { extractor, output: Output::Features, anomaly: None })
    }

    /// Log-mel features only: needs no model at all.
    pub fn log_mel() -> Self {
        let extractor = Extractor::log_mel();
        Self { extractor, output: Output::Features, anomaly: None }
    }

    /// A trained head on features of `kind`.
    ///
    /// # Errors
    /// [`Error::Features`]; [`Error::HeadWidth`] if the head takes another number of features.
    pub fn trained(kind: FeatureKind, network: Option<Network<'m>>, head: Head<'m>) -> Result<Self, Error> {
        let extractor = Extractor::new(kind, network).map_err(Error::Features)?;
        let (wanted, given) = (head.features(), kind.len());
        if wanted != given {
            return Err(Error::HeadWidth { wanted, given });
        }
        Ok(Self { extractor, output: Output::Head(head), anomaly: None })
    }

    /// YAMNet's own 521 classes; the features are the embedding.
    ///
    /// # Errors
    /// [`Error::Features`]; [`Error::NoScores`] if the network has no classifier of its own.
    pub fn yamnet(network: Network<'m>) -> Result<Self, Error> {
        if network.scores_len() == 0 {
            return Err(Error::NoScores);
        }
        let extractor = Extractor::new(FeatureKind::Yamnet, Some(network)).map_err(Error::Features)?;
        Ok(Self { extractor, output: Output::Scores, anomaly: None })
    }

    /// What a recognised model file is for: its own head, or YAMNet's classes for the plain base model. `network` is the
    /// file's body, where it has one.
    ///
    /// # Errors
    /// If the parts do not fit each other.
    pub fn of(parts: &Parts<'m>, network: Option<Network<'m>>) -> Result<Self, Error> {
        match (&parts.output, network) {
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
        }
    }

    /// The same, with an anomaly score of each window.
    pub fn with_anomaly(self, detector: Option<Detector<'m>>) -> Self {
        Self { anomaly: detector, ..self }
    }

    /// What scores how unlike normal sound a window is, where the model says it.
    pub fn anomaly(&self) -> Option<&Detector<'m>> {
        self.anomaly.as_ref()
    }

    /// Which features.
    pub fn kind(&self) -> FeatureKind {
        self.extractor.kind()
    }

    /// Number of probabilities: 0 where only features are wanted.
    pub fn classes(&self) -> usize {
        match &self.output {
            Output::Features => 0,
            Output::Scores => self.extractor.network().map_or(0, Network::scores_len),
            Output::Head(head) => head.classes(),
        }
    }

    /// Blocks of arena that [`run`](Self::run) needs.
    pub fn arena_len(&self) -> usize {
        self.extractor.arena_len()
    }

    /// Writes features and probabilities of a window: `self.kind().len()` and `self.classes()` values.
    ///
    /// # Errors
    /// [`nn::Error::Memory`] if `arena` is too short.
    pub fn run(
        &self,
        patch: &Patch,
        arena: &mut [Block],
        features: &mut [f32],
        probabilities: &mut [f32],
    ) -> Result<(), nn::Error> {
        let mut scores = [0; MAX_SCORES];
        let wanted = if matches!(self.output, Output::Scores) { self.classes() } else { 0 };
        let scores = &mut scores[..wanted.min(MAX_SCORES)];
        self.extractor.extract(patch, arena, features, scores)?;
        for (out, score) in probabilities.iter_mut().zip(scores) {
            *out = (f32::from(*score) + 128.0) / 256.0;
        }
        if let Output::Head(head) = &self.output {
            head.run(features, probabilities);
        }
        Ok(())
    }
}

/// Why a model cannot classify. Fatal: the file does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The features cannot be computed.
    Features(features::Error),
    /// The network cannot be run.
    Network(nn::Error),
    /// The head cannot be run.
    Head(head::Error),
    /// The head takes another number of features than its feature kind has.
    HeadWidth {
        /// What the head takes.
        wanted: usize,
        /// What there is.
        given: usize,
    },
    /// The file has no classifier of its own.
    NoScores,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Features(error) => error.fmt(f),
            Self::Network(error) => error.fmt(f),
            Self::Head(error) => error.fmt(f),
            Self::HeadWidth { wanted, given } => {
                write!(f, "the model's head takes {wanted} features and its feature kind has {given}; train it again")
            }
            Self::NoScores => {
                write!(f, "the model gives {EMBEDDING_LEN} embedding values but no classes; use a trained model")
            }
        }
    }
}

impl core::error::Error for Error {}
