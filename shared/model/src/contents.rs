//! What a model file contains, parsed once, when the file is loaded.

use monitor_core::anomaly::{self, AnomalyModel, Detector};
use monitor_core::classifier::Classifier;
use monitor_core::decision;
use monitor_core::graph::Parts;
use monitor_core::model_card::ModelCard;
use monitor_core::monitor::Judge;
use monitor_core::window::DEFAULT_HOP;
use monitor_nn::Body;
use monitor_tflite::Model;

use crate::owned::Cause;
use crate::packed::ModelData;

/// The contents of a model file. An [`OwnedModel`](crate::owned::OwnedModel) creates and holds them; nothing else can.
#[derive(Debug)]
pub struct ModelContents<'m> {
    /// The parsed file.
    pub file: Model<'m>,
    /// The recognised parts of its graph.
    pub parts: Parts<'m>,
    /// Description of the int8 network; `None` if the file has none.
    pub body: Option<Body<'m>>,
    /// Features, head (or YAMNet's classes for the plain base model) and anomaly detector, on the packed weights.
    pub classifier: Classifier<'m>,
    /// Names of the classes, in the order of the probabilities; empty if the file does not name them.
    pub labels: Vec<String>,
    /// The model card; `None` for the plain base model and models by other programs.
    pub card: Option<ModelCard<'m>>,
}

impl<'m> ModelContents<'m> {
    /// Parses the file and packs its weights. The only pass over a model file, and
    /// [`OwnedModel::from_bytes`](crate::owned::OwnedModel::from_bytes) its only caller.
    ///
    /// # Errors
    /// If it is not a model that this program runs.
    pub(crate) fn parse(data: &'m ModelData) -> Result<Self, Cause> {
        let file = Model::parse(data.bytes()).map_err(Cause::File)?;
        let graph = file.graph();
        let parts = Parts::from_graph(&graph).map_err(Cause::Graph)?;
        let found = parts.body.map(|part| Body::from_graph(&graph, part.quantize)).transpose();
        let body = found.map_err(Cause::Network)?.map(|found| found.body);
        let network = body.as_ref().map(|body| data.network(body)).transpose()?;
        let tables = file.metadata(anomaly::ENTRY).map(AnomalyModel::from_bytes).transpose().map_err(Cause::Anomaly)?;
        let classifier = Classifier::from_parts(&parts, network).map_err(Cause::Classifier)?;
        let classes = classifier.classes();
        // The probability of the only class is always 1: without a score the state would never be unknown.
        if classes == 1 && tables.is_none() {
            return Err(Cause::OneClass);
        }
        let classifier = classifier.with_anomaly(tables.map(Detector::new));
        let labels = file.labels().map_err(Cause::File)?;
        let labels: Vec<String> = labels.iter().flat_map(|labels| labels.iter()).map(str::to_string).collect();
        if !labels.is_empty() && labels.len() != classes {
            return Err(Cause::LabelCount { labels: labels.len(), classes });
        }
        let card = ModelCard::from_model(&file).map_err(Cause::Card)?;
        Ok(Self { file, parts, body, classifier, labels, card })
    }

    /// A judge with the decision settings of the card, for a window every `hop_columns` columns of 10 ms; a model without a
    /// card (the base model) has the default settings.
    ///
    /// # Errors
    /// When the settings are out of range.
    pub fn judge(&self, hop_columns: u32) -> Result<Judge, decision::Error> {
        let default = ModelCard::untrained(self.classifier.kind());
        let card = self.card.as_ref().unwrap_or(&default);
        Judge::from_card(card, &self.classifier, hop_columns as f32 / 100.0)
    }

    /// Step between windows in training, in columns of 10 ms; the default step for a model without a card.
    pub fn hop_columns(&self) -> u32 {
        self.card.as_ref().map_or(DEFAULT_HOP, |card| u32::from(card.training.hop_columns))
    }
}
