//! The judge of a model, without a device's configuration.

use anyhow::Context;
use monitor_core::classifier::Classifier;
use monitor_core::model_card::ModelCard;
use monitor_core::monitor::Judge;
use monitor_model::owned::OwnedModel;

/// A judge by the settings in the card of `model`, for a window every `hop_columns` columns of 10 ms. A model without a card
/// (the base model) gets the defaults.
///
/// # Errors
/// When the card cannot be read.
pub fn judge(model: &OwnedModel, classifier: &Classifier<'_>, hop_columns: u32) -> anyhow::Result<Judge> {
    let card = ModelCard::of(&model.model()?).context("the model's card cannot be read")?;
    let card = card.unwrap_or_else(|| ModelCard::untrained(classifier.kind()));
    Ok(Judge::from_card(&card, classifier, hop_columns as f32 / 100.0)?)
}
