//! A model file with its memory: the short way to a [`Pipeline`] where there is an operating system.
//!
//! ```no_run
//! # fn main() -> Result<(), monitor_model::owned::Error> {
//! use monitor_model::owned::{Memory, OwnedModel};
//! let model = OwnedModel::load("artifacts/sound_classifier.tflite".as_ref())?;
//! let classifier = model.contents().classifier.clone();
//! let mut memory = Memory::new(&classifier, 48_000)?;
//! let mut pipeline = memory.pipeline(classifier, 48_000, 48)?;
//! pipeline.push(&[0.0; 480], |verdict| println!("{:?}", verdict.probabilities));
//! # Ok(())
//! # }
//! ```
//!
//! The model is parsed, checked and its weights packed once, when it is loaded. Its [`ModelContents`] stay with it, also when it
//! moves to another thread. Clones of the classifier share the packed weights, so each thread only needs a [`Memory`] of its
//! own. Log-mel features need no model: [`Classifier::log_mel`] and a [`Memory`] do.

use std::path::{Path, PathBuf};

use self_cell::self_cell;

use crate::contents::ModelContents;
use crate::packed::ModelData;
use monitor_core::anomaly;
use monitor_core::classifier::{self, Classifier};
use monitor_core::features::FeatureKind;
use monitor_core::graph;
use monitor_core::microphone::Limits;
use monitor_core::model_card;
use monitor_core::monitor::{Intake, Judge, Monitor};
use monitor_core::pipeline::{self, BackEnd, FrontEnd, Pipeline};
use monitor_core::resample::Resampler;
use monitor_nn::{self as nn, Block, Isa};
use monitor_tflite as tflite;

self_cell!(
    /// The bytes of a model, and what was parsed of them.
    struct Loaded {
        owner: ModelData,
        #[covariant]
        dependent: ModelContents,
    }
    impl {Debug}
);

/// A model file in memory: its bytes, its packed weights and its contents.
#[derive(Debug)]
pub struct OwnedModel(Loaded);

impl OwnedModel {
    /// Reads, checks and packs the model at `path`: a trained model or the plain base model.
    ///
    /// # Errors
    /// [`Error::Read`] if the file cannot be read; [`Error::Unusable`] if it is not a model that this program runs.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let bytes = std::fs::read(path).map_err(|error| Error::Read { path: path.to_path_buf(), error })?;
        Self::from_bytes(bytes, Isa::best()).map_err(|cause| Error::Unusable { path: path.to_path_buf(), cause })
    }

    /// Parses, checks and packs the model in `bytes` for the given instruction set.
    ///
    /// # Errors
    /// If it is not a model that this program runs.
    pub fn from_bytes(bytes: Vec<u8>, isa: Isa) -> Result<Self, Cause> {
        Loaded::try_new(ModelData::new(bytes, isa), |data| ModelContents::parse(data)).map(Self)
    }

    /// Returns the bytes of the file.
    pub fn bytes(&self) -> &[u8] {
        self.0.borrow_owner().bytes()
    }

    /// Returns the size of the packed weights in bytes.
    pub fn packed_bytes(&self) -> usize {
        self.0.borrow_owner().packed_bytes()
    }

    /// Returns what the file contains.
    pub fn contents(&self) -> &ModelContents<'_> {
        self.0.borrow_dependent()
    }

    /// Creates a classifier that computes only features of `kind`, for training.
    ///
    /// # Errors
    /// If the kind requires a network and the file has none.
    pub fn features(&self, kind: FeatureKind) -> Result<Classifier<'_>, Cause> {
        let contents = self.contents();
        let whole = contents.parts.body.is_some_and(|part| !part.tapped);
        let network = match (kind.tap_block(), &contents.body) {
            (Some(block), Some(body)) if whole => Some(self.0.borrow_owner().tapped(body.clone(), block)?),
            _ => contents.classifier.network().cloned(),
        };
        Classifier::features(kind, network).map_err(Cause::Classifier)
    }
}

/// The memory that one pipeline works in.
#[derive(Debug)]
pub struct Memory {
    storage: Vec<f32>,
    arena: Vec<Block>,
}

impl Memory {
    /// Memory for `classifier` on input of `rate_hz`.
    ///
    /// # Errors
    /// If the rate is out of range.
    pub fn new(classifier: &Classifier<'_>, rate_hz: u32) -> Result<Self, Error> {
        let storage = Resampler::storage_len(rate_hz).map_err(|error| Error::Pipeline(error.into()))?;
        Ok(Self { storage: vec![0.0; storage], arena: vec![Block::ZERO; classifier.arena_len()] })
    }

    /// A pipeline in this memory; see [`Pipeline::new`].
    ///
    /// # Errors
    /// If the rate or the hop is out of range, or this memory was made for another rate or classifier.
    pub fn pipeline<'m>(
        &'m mut self,
        classifier: Classifier<'m>,
        rate_hz: u32,
        hop_columns: u32,
    ) -> Result<Pipeline<'m>, Error> {
        Pipeline::new(classifier, rate_hz, hop_columns, &mut self.storage, &mut self.arena).map_err(Error::Pipeline)
    }

    /// A monitor in this memory, with `limits` for the microphone and a judge for the classifier's classes.
    ///
    /// # Errors
    /// As [`Self::pipeline`].
    pub fn monitor<'m>(
        &'m mut self,
        classifier: Classifier<'m>,
        rate_hz: u32,
        hop_columns: u32,
        limits: Limits,
        judge: Judge,
    ) -> Result<Monitor<'m, 'm>, Error> {
        let front = FrontEnd::new(rate_hz, hop_columns, &mut self.storage).map_err(Error::Pipeline)?;
        let front = front.with_gain(classifier.gain());
        let back = BackEnd::new(classifier, &mut self.arena).map_err(Error::Pipeline)?;
        Ok(Monitor::new(Intake::new(front, limits), back, judge))
    }
}

/// Fault in the content of a model file. Permanent, except [`NoMemory`](Self::NoMemory): another file is needed.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Cause {
    /// The file is damaged or not a TFLite file.
    #[error(transparent)]
    File(tflite::Error),
    /// The graph is not one that this program runs.
    #[error(transparent)]
    Graph(graph::Error),
    /// The network is not one that the engine runs.
    #[error(transparent)]
    Network(nn::Error),
    /// The parts do not match each other or the request.
    #[error(transparent)]
    Classifier(classifier::Error),
    /// The anomaly tables cannot be read.
    #[error(transparent)]
    Anomaly(anomaly::Error),
    /// The model card cannot be read.
    #[error(transparent)]
    Card(model_card::Error),
    /// The file does not name as many classes as it has.
    #[error("{labels} labels for {classes} classes; export the model again")]
    LabelCount {
        /// Labels of the file.
        labels: usize,
        /// Classes of its classifier.
        classes: usize,
    },
    /// One class without anomaly tables.
    #[error(
        "the model has one class and no anomaly score, so it would report that class for any sound; train it again"
    )]
    OneClass,
    /// The system has no memory left for the weights.
    #[error("there is no memory left for the network's weights; end other programs")]
    NoMemory,
}

/// Why a model cannot be loaded or used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("{path}: {error}; name a model file that can be read", path = .path.display())]
    Read {
        /// Path of the file.
        path: PathBuf,
        /// Error of the operating system.
        error: std::io::Error,
    },
    /// The file is not a model that this program runs.
    #[error("{path}: {cause}", path = .path.display())]
    Unusable {
        /// Path of the file.
        path: PathBuf,
        /// Fault in the content.
        cause: Cause,
    },
    /// The model does not provide what the caller requests.
    #[error(transparent)]
    Model(#[from] Cause),
    /// The rate or the hop is out of range, or the memory does not match.
    #[error(transparent)]
    Pipeline(pipeline::Error),
}
