//! Names of a model's classes.

use monitor_model::owned::OwnedModel;

/// The names in the order of the model's probabilities, from the TFLite Metadata of its file.
///
/// # Errors
/// When the file names no classes, or another number than it has.
pub fn labels(model: &OwnedModel) -> anyhow::Result<Vec<String>> {
    let classes = model.classifier()?.classes();
    let Some(labels) = model.model()?.labels()? else {
        anyhow::bail!("the model file does not name its {classes} classes (no label file in its metadata)");
    };
    let labels: Vec<String> = labels.iter().map(str::to_string).collect();
    anyhow::ensure!(
        labels.len() == classes,
        "the model file names {} classes, but has {classes}: its metadata are of another model",
        labels.len()
    );
    Ok(labels)
}
