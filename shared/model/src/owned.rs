//! A model file with its memory: the short way to a [`Pipeline`] where there is an operating system.
//!
//! ```no_run
//! # fn main() -> Result<(), monitor_model::owned::Error> {
//! use monitor_model::owned::{Memory, OwnedModel};
//! let model = OwnedModel::load("artifacts/sound_classifier.tflite".as_ref())?;
//! let classifier = model.contents()?.classifier;
//! let mut memory = Memory::new(&classifier, 48_000)?;
//! let mut pipeline = memory.pipeline(classifier, 48_000, 48)?;
//! pipeline.push(&[0.0; 480], |verdict| println!("{:?}", verdict.probabilities));
//! # Ok(())
//! # }
//! ```
//!
//! The model is checked and its weights packed once, when it is loaded. A program then reads its [`ModelContents`] once and
//! passes them on: they borrow from the model, and clones of the classifier share the packed weights, so each thread only
//! needs a [`Memory`] of its own. Log-mel features need no model: [`Classifier::log_mel`] and a [`Memory`] do.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::blocks::Blocks;
use crate::contents::ModelContents;
use monitor_core::anomaly::{self, AnomalyModel, Detector};
use monitor_core::classifier::{self, Classifier};
use monitor_core::features::FeatureKind;
use monitor_core::graph::{self, Parts};
use monitor_core::microphone::Limits;
use monitor_core::model_card;
use monitor_core::monitor::{Intake, Judge, Monitor};
use monitor_core::pipeline::{self, BackEnd, FrontEnd, Pipeline};
use monitor_core::resample::Resampler;
use monitor_nn::{self as nn, Block, Body, Isa, Network};
use monitor_tflite::{self as tflite, Model};

/// Bytes of a model file, and its packed weights.
#[derive(Debug)]
pub struct OwnedModel {
    bytes: Vec<u8>,
    packed: Packed,
    /// Weights up to the tap of a file that contains the whole network; packed when training first asks for them.
    tapped: OnceLock<Packed>,
    isa: Isa,
}

/// Packed weights.
#[derive(Debug)]
struct Packed {
    blocks: Blocks,
    /// Number of blocks in use.
    used: usize,
}

impl Packed {
    /// Packs the weights of `body`.
    fn new(body: &Body<'_>, isa: Isa) -> Result<Self, Cause> {
        let len = Network::packed_len(body, isa).map_err(Cause::Network)?;
        let filled = Network::usual_packed_len(body, isa).map_err(Cause::Network)?;
        let mut blocks = Blocks::zeroed(len, filled).map_err(|_| Cause::NoMemory)?;
        let used = Network::pack(body, isa, blocks.get_mut()).map_err(Cause::Network)?;
        Ok(Self { blocks, used })
    }
}

impl OwnedModel {
    /// Reads, checks and packs the model at `path`: a trained model or the plain base model.
    ///
    /// # Errors
    /// [`Error::Read`] if the file cannot be read; [`Error::Unusable`] if it is not a model that this program runs.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let bytes = std::fs::read(path).map_err(|error| Error::Read { path: path.to_path_buf(), error })?;
        Self::from_bytes(bytes, Isa::best()).map_err(|cause| Error::Unusable { path: path.to_path_buf(), cause })
    }

    /// Checks and packs the model in `bytes` for the given instruction set.
    ///
    /// # Errors
    /// If it is not a model that this program runs.
    pub fn from_bytes(bytes: Vec<u8>, isa: Isa) -> Result<Self, Cause> {
        let parsed = Parsed::read(&bytes)?;
        let packed = match &parsed.body {
            Some(body) => Packed::new(body, isa)?,
            None => Packed { blocks: Blocks::NONE, used: 0 },
        };
        parsed.classifier(isa, &packed)?;
        drop(parsed);
        Ok(Self { bytes, packed, tapped: OnceLock::new(), isa })
    }

    /// Returns the bytes of the file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the size of the packed weights in bytes.
    pub fn packed_bytes(&self) -> usize {
        self.packed.used * size_of::<Block>()
    }

    /// Reads what the file contains. Call it once and pass the result on: it parses the file.
    ///
    /// # Errors
    /// [`Cause::File`], [`Cause::LabelCount`] or [`Cause::Card`] if the labels or the model card cannot be used. All else was
    /// checked when the file was loaded.
    pub fn contents(&self) -> Result<ModelContents<'_>, Cause> {
        let parsed = Parsed::read(&self.bytes)?;
        let classifier = parsed.classifier(self.isa, &self.packed)?;
        ModelContents::new(parsed, classifier)
    }

    /// Creates a classifier that computes only features of `kind`, for training.
    ///
    /// # Errors
    /// If the kind requires a network and the file has none.
    pub fn features(&self, kind: FeatureKind) -> Result<Classifier<'_>, Cause> {
        let parsed = Parsed::read(&self.bytes)?;
        let network = match (kind.tap_block(), &parsed.body) {
            (Some(block), Some(body)) if parsed.parts.body.is_some_and(|part| !part.tapped) => {
                Some(self.tapped(body.clone(), block)?)
            }
            _ => parsed.network(self.isa, &self.packed)?,
        };
        Classifier::features(kind, network).map_err(Cause::Classifier)
    }

    /// Returns the network of a file with the whole of it, cut after `block`.
    fn tapped(&self, body: Body<'_>, block: usize) -> Result<Network<'_>, Cause> {
        let body = body.tapped(block).map_err(Cause::Network)?;
        let packed = match self.tapped.get() {
            Some(packed) => packed,
            None => {
                let packed = Packed::new(&body, self.isa)?;
                self.tapped.get_or_init(|| packed)
            }
        };
        Network::new(&body, self.isa, packed.blocks.get()).map_err(Cause::Network)
    }
}

/// What one pass over the file finds.
pub(crate) struct Parsed<'m> {
    pub(crate) file: Model<'m>,
    pub(crate) parts: Parts<'m>,
    pub(crate) body: Option<Body<'m>>,
}

impl<'m> Parsed<'m> {
    fn read(bytes: &'m [u8]) -> Result<Self, Cause> {
        let file = Model::parse(bytes).map_err(Cause::File)?;
        let graph = file.graph();
        let parts = Parts::from_graph(&graph).map_err(Cause::Graph)?;
        let found = parts.body.map(|part| Body::from_graph(&graph, part.quantize)).transpose();
        let body = found.map_err(Cause::Network)?.map(|found| found.body);
        Ok(Self { file, parts, body })
    }

    fn network<'p>(&self, isa: Isa, packed: &'p Packed) -> Result<Option<Network<'p>>, Cause> {
        let network = self.body.as_ref().map(|body| Network::new(body, isa, packed.blocks.get()));
        network.transpose().map_err(Cause::Network)
    }

    fn classifier(&self, isa: Isa, packed: &'m Packed) -> Result<Classifier<'m>, Cause> {
        let tables = self.file.metadata(anomaly::ENTRY).map(AnomalyModel::from_bytes);
        let detector = tables.transpose().map_err(Cause::Anomaly)?.map(Detector::new);
        let classifier = Classifier::from_parts(&self.parts, self.network(isa, packed)?).map_err(Cause::Classifier)?;
        // The probability of the only class is always 1: without a score the state would never be unknown.
        if classifier.classes() == 1 && detector.is_none() {
            return Err(Cause::OneClass);
        }
        Ok(classifier.with_anomaly(detector))
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
