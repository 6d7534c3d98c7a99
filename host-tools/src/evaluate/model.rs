//! A model file, parsed once for all parts of a command.

use anyhow::Context;
use monitor_core::classifier::Classifier;
use monitor_core::model_card::ModelCard;
use monitor_core::monitor::Judge;
use monitor_core::window::DEFAULT_HOP;
use monitor_model::owned::OwnedModel;
use monitor_tflite::Model;

/// What commands use of a model file.
#[derive(Debug)]
pub struct ModelContents<'m> {
    /// Features and head.
    pub classifier: Classifier<'m>,
    /// Names of the classes, in the order of the probabilities.
    pub labels: Vec<String>,
    /// The model card; `None` for the plain base model and models by other programs.
    pub card: Option<ModelCard<'m>>,
}

impl<'m> ModelContents<'m> {
    /// Reads the contents of `model`.
    ///
    /// # Errors
    /// When its labels or its card cannot be read.
    pub fn read(model: &'m OwnedModel) -> anyhow::Result<Self> {
        let classifier = model.classifier()?;
        let parsed = model.model()?;
        let labels = labels_of(&parsed, classifier.classes())?;
        let card = ModelCard::from_model(&parsed).context("the model card cannot be read")?;
        Ok(Self { classifier, labels, card })
    }

    /// A judge with the decision settings of the card, for a window every `hop_columns` columns of 10 ms; a model without a
    /// card (the base model) has the default settings.
    ///
    /// # Errors
    /// When the settings are out of range.
    pub fn judge(&self, hop_columns: u32) -> anyhow::Result<Judge> {
        let default = ModelCard::untrained(self.classifier.kind());
        let card = self.card.as_ref().unwrap_or(&default);
        Ok(Judge::from_card(card, &self.classifier, hop_columns as f32 / 100.0)?)
    }

    /// Step between windows in training, in columns of 10 ms; the default step for a model without a card.
    pub fn hop_columns(&self) -> u32 {
        self.card.as_ref().map_or(DEFAULT_HOP, |card| u32::from(card.training.hop_columns))
    }
}

/// The names of a model's classes in the order of its probabilities, from its TFLite Metadata.
fn labels_of(model: &Model<'_>, classes: usize) -> anyhow::Result<Vec<String>> {
    let Some(labels) = model.labels()? else {
        anyhow::bail!("the model file does not name its {classes} classes (no label file in its metadata)");
    };
    let labels: Vec<String> = labels.iter().map(str::to_string).collect();
    anyhow::ensure!(
        labels.len() == classes,
        "the model file names {} classes, but has {classes}: its metadata belong to another model",
        labels.len()
    );
    Ok(labels)
}
