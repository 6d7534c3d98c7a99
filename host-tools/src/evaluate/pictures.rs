//! Pictures of an evaluation: confusion matrix, reliability diagram, recordings over time.

use std::path::Path;

use rayon::prelude::*;

use super::changes::{self, Followed, follow};
use super::measured::Measured;
use crate::console::Ui;
use crate::data::dataset::Dataset;
use crate::plots;
use crate::plots::timeline::Track;
use monitor_model::contents::ModelContents;

/// File name of the confusion matrix.
pub(crate) const CONFUSION: &str = "confusion_matrix.png";
/// File name of the reliability diagram: accuracy over confidence.
pub(crate) const RELIABILITY: &str = "reliability.png";

/// Draws the confusion matrix by window.
///
/// # Errors
/// When it cannot be drawn.
pub(crate) fn confusion(measured: &Measured, model: &Path) -> anyhow::Result<plots::Picture> {
    let name = model.file_name().unwrap_or_default().to_string_lossy();
    let (window, recording) = (&measured.by_window, &measured.by_recording);
    let title = format!("{name}: macro-F1 {:.3}, accuracy {:.3}", window.macro_average.f1, window.accuracy);
    let confusion = &recording.confusion;
    let subtitle =
        format!("{}; by recording {} of {} right", measured.sample_size, confusion.correct(), confusion.total());
    let shown = window.confusion.readable();
    plots::confusion::draw(&title, &subtitle, &shown.classes, &shown.counts)
}

/// Draws the reliability diagram by window.
///
/// # Errors
/// When it cannot be drawn.
pub(crate) fn reliability(measured: &Measured, model: &Path) -> anyhow::Result<plots::Picture> {
    let name = model.file_name().unwrap_or_default().to_string_lossy();
    let title = format!("{name}: calibration error {:.3}", measured.reliability.ece);
    let bars = measured.reliability.bins.iter().map(|bin| plots::reliability::Bar {
        windows: bin.windows,
        confidence: bin.confidence,
        accuracy: bin.accuracy,
    });
    let subtitle = format!("{}. {}", measured.sample_size, measured.reliability.in_words());
    plots::reliability::draw(&title, &subtitle, &bars.collect::<Vec<_>>())
}

/// How `model` follows the recordings that have a timeline, and their pictures; none without a model card, which
/// holds the settings of the decision.
///
/// # Errors
/// When a recording or its timeline cannot be read.
pub(crate) fn followed(
    model: &ModelContents<'_>,
    dataset: &Dataset,
    hop_columns: u32,
    ui: &Ui,
) -> anyhow::Result<Vec<(Followed, Track)>> {
    if model.card.is_none() || dataset.timelines.is_empty() {
        return Ok(Vec::new());
    }
    let bar = ui.progress("following", dataset.timelines.len() as u64);
    let mut all = Vec::new();
    for path in &dataset.timelines {
        all.push(follow(model, path, hop_columns)?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(all)
}

/// Draws a recording over time.
///
/// # Errors
/// When it has no window.
pub(crate) fn over_time(path: &Path, classes: &[String], track: &Track) -> anyhow::Result<plots::Picture> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let subtitle =
        "What the device would have reported. The anomaly score, if the model has one, counts as unusual from 1 on.";
    plots::timeline::draw(&format!("{name}, {:.0} s", track.seconds), subtitle, classes, track)
}

/// The start of a long name: file systems take 255 bytes, of which the number, `.png` and the temporary name need some.
fn cut(stem: &str) -> &str {
    const MOST_BYTES: usize = 200;
    let end = (0..=MOST_BYTES.min(stem.len())).rev().find(|end| stem.is_char_boundary(*end));
    &stem[..end.unwrap_or_default()]
}

/// Draws every recording of the data set over time, each into the folder of its class.
///
/// # Errors
/// When a recording cannot be read or a picture cannot be written.
pub(crate) fn draw_all(
    model: &ModelContents<'_>,
    dataset: &Dataset,
    hop_columns: u32,
    folder: &Path,
    ui: &Ui,
) -> anyhow::Result<()> {
    let bar = ui.progress("drawing", dataset.recordings.len() as u64);
    let drawn = dataset.recordings.par_iter().enumerate().map(|(number, recording)| {
        let class = &dataset.classes[recording.label];
        let known = model.labels.iter().position(|label| label == class);
        let track = changes::track(model, recording, known, hop_columns)?;
        let stem = recording.path.file_stem().unwrap_or_default().to_string_lossy();
        // Two folders of a class may hold files of one name.
        let path = folder.join(class).join(format!("{number:04}_{}.png", cut(&stem)));
        bar.inc(1);
        over_time(&recording.path, &model.labels, &track)?.save(&path)
    });
    drawn.collect::<anyhow::Result<()>>()?;
    bar.finish_and_clear();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn a_long_name_is_cut_between_letters() {
        assert_eq!(cut("größe"), "größe");
        assert_eq!(cut(&format!("{}ß", "x".repeat(199))), "x".repeat(199));
    }
}
