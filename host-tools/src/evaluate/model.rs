//! A model file, parsed once for all parts of a command.

use anyhow::Context;
use monitor_core::classifier::Classifier;
use monitor_core::model_card::ModelCard;
use monitor_core::window::DEFAULT_HOP;
use monitor_model::owned::OwnedModel;
use monitor_tflite::Model;

/// What commands use of a model file.
pub(crate) struct ModelContents<'m> {
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
    pub(crate) fn read(model: &'m OwnedModel) -> anyhow::Result<Self> {
        let classifier = model.classifier()?;
        let parsed = model.model()?;
        let labels = labels_of(&parsed, classifier.classes())?;
        let card = ModelCard::of(&parsed).context("the model card cannot be read")?;
        Ok(Self { classifier, labels, card })
    }

    /// Step between windows in training, in columns of 10 ms; the default step for a model without a card.
    pub(crate) fn hop_columns(&self) -> u32 {
        self.card.as_ref().map_or(DEFAULT_HOP, |card| u32::from(card.training.hop_columns))
    }
}

/// The names of a model's classes in the order of its probabilities, from its TFLite Metadata.
///
/// # Errors
/// When the file names no classes, or another number than it has.
pub(crate) fn labels(model: &OwnedModel) -> anyhow::Result<Vec<String>> {
    labels_of(&model.model()?, model.classifier()?.classes())
}

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
