//! The contents of a model for evaluation.

use anyhow::ensure;
use monitor_model::contents::ModelContents;
use monitor_model::owned::OwnedModel;

/// Returns the contents of a model whose classes have names.
///
/// # Errors
/// When it has no labels.
pub fn named_contents(model: &OwnedModel) -> anyhow::Result<&ModelContents<'_>> {
    let contents = model.contents();
    let classes = contents.classifier.classes();
    ensure!(
        !contents.labels.is_empty(),
        "the model file does not name its {classes} classes (no label file in its metadata)"
    );
    Ok(contents)
}
