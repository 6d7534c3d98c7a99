//! The log of a batch: each file's true and predicted class, PASS or FAIL, and totals.
//!
//! It holds no time of day and no duration, so the same files and the same model give the same bytes.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::console::{json, one_line, shown};

/// What PASS means for a file that the model was trained on.
pub(crate) const MEMORY: &str = "their PASS measures memory, not performance on new recordings";

/// Result of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Outcome {
    /// The predicted class is the name of the folder.
    Pass,
    /// The predicted class is another class of the model.
    Fail,
    /// The folder's name is not a class of the model, so the true class is unknown.
    Unlabelled,
    /// The file has no prediction.
    Error,
}

impl Outcome {
    /// Name in the log.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Unlabelled => "UNLABELLED",
            Self::Error => "ERROR",
        }
    }
}

/// A file and its prediction.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Judged {
    /// Path of the file.
    #[serde(serialize_with = "json::path")]
    pub file: PathBuf,
    /// Name of its folder.
    pub true_label: Option<String>,
    /// The class of the largest mean probability.
    pub predicted: Option<String>,
    /// Its mean probability over the file's windows.
    pub mean_confidence: f64,
    /// Comparison with the folder's name.
    pub outcome: Outcome,
    /// Why there is no prediction.
    pub error: Option<String>,
    /// Whether the model was trained on the file; absent if the model does not record what it was trained on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trained_on: Option<bool>,
}

impl Judged {
    /// Compares a prediction with the name of the file's folder, for a model of classes `labels`.
    pub(crate) fn verdict(
        file: &Path,
        folder: Option<String>,
        labels: &[String],
        predicted: &str,
        mean_confidence: f64,
    ) -> Self {
        let outcome = match &folder {
            Some(folder) if folder == predicted => Outcome::Pass,
            Some(folder) if labels.contains(folder) => Outcome::Fail,
            _ => Outcome::Unlabelled,
        };
        let predicted = Some(predicted.to_string());
        Self {
            file: file.to_path_buf(),
            true_label: folder,
            predicted,
            mean_confidence,
            outcome,
            error: None,
            trained_on: None,
        }
    }

    /// A file without a prediction.
    pub(crate) fn failed(file: &Path, folder: Option<String>, error: String) -> Self {
        Self {
            file: file.to_path_buf(),
            true_label: folder,
            predicted: None,
            mean_confidence: 0.0,
            outcome: Outcome::Error,
            error: Some(error),
            trained_on: None,
        }
    }

    fn line(&self) -> String {
        let file = shown(&self.file);
        let truth = one_line(self.true_label.as_deref().unwrap_or("-"));
        let outcome = self.outcome.name();
        match (&self.predicted, &self.error) {
            (Some(predicted), _) => {
                format!(
                    "{file} | True: {truth} | Predicted: {predicted} | Mean confidence: {:.4} | {outcome}",
                    self.mean_confidence
                )
            }
            (None, error) => {
                format!("{file} | True: {truth} | {outcome}: {}", one_line(error.as_deref().unwrap_or("no prediction")))
            }
        }
    }
}

/// The whole log: a line per file, totals per class and in all.
pub(crate) fn batch_log(model: &Path, hop_s: f64, labels: &[String], files: &[Judged]) -> String {
    let mut text =
        format!("Batch inference of {} files, a window every {hop_s} s\nModel: {}\n\n", files.len(), shown(model));
    for file in files {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", file.line());
    }
    let of = |outcome: Outcome, label: Option<&str>| {
        files
            .iter()
            .filter(|file| file.outcome == outcome && (label.is_none() || file.true_label.as_deref() == label))
            .count()
    };
    text.push_str("\nSummary\n");
    for label in labels {
        let (passed, failed) = (of(Outcome::Pass, Some(label)), of(Outcome::Fail, Some(label)));
        if passed + failed > 0 {
            let _ = writeln!(text, "{label}: {}", share(passed, passed + failed));
        }
    }
    let (passed, failed) = (of(Outcome::Pass, None), of(Outcome::Fail, None));
    let _ = writeln!(text, "Total: {}", share(passed, passed + failed));
    let trained_on = files.iter().filter(|file| file.trained_on == Some(true)).count();
    if trained_on > 0 {
        let _ = writeln!(text, "Trained on: {trained_on} of {} files; {MEMORY}", files.len());
    }
    let (unlabelled, errors) = (of(Outcome::Unlabelled, None), of(Outcome::Error, None));
    if unlabelled > 0 {
        let _ = writeln!(text, "Unlabelled: {unlabelled} (the folder's name is not a class of the model)");
    }
    if errors > 0 {
        let _ = writeln!(text, "Errors: {errors}");
    }
    text
}

fn share(passed: usize, of: usize) -> String {
    match of {
        0 => "no labelled file".to_string(),
        of => format!("{passed} of {of} PASS ({:.1} %)", 100.0 * passed as f64 / of as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_were_trained_on_are_counted() {
        let labels = ["on".to_string()];
        let new = Judged::verdict(Path::new("on/a.wav"), Some("on".into()), &labels, "on", 1.0);
        let known = Judged { trained_on: Some(true), ..new.clone() };
        assert!(!batch_log(Path::new("m"), 1.0, &labels, std::slice::from_ref(&new)).contains("Trained on"));
        assert!(
            batch_log(Path::new("m"), 1.0, &labels, &[new, known]).contains("Trained on: 1 of 2 files; their PASS")
        );
    }

    #[test]
    fn a_name_does_not_forge_a_line() {
        let labels = ["off".to_string(), "on".to_string()];
        let name = Path::new("on/x\nb.wav | True: on | Predicted: on | Mean confidence: 1.0000 | PASS.wav");
        let judged = [Judged::verdict(name, Some("o\nn".into()), &labels, "on", 1.0)];
        let log = batch_log(Path::new("a\nmodel"), 1.0, &labels, &judged);
        assert_eq!(log.lines().filter(|line| line.contains("PASS.wav")).count(), 1);
        assert_eq!(log.lines().filter(|line| line.contains(" | ")).count(), 1, "{log}");
        assert_eq!(log.lines().nth(1), Some("Model: a\\nmodel"));
    }

    #[test]
    fn the_log_lists_each_file_and_the_totals() {
        let labels = ["off".to_string(), "on".to_string()];
        let judged = |file: &str, folder: &str, predicted: &str| {
            Judged::verdict(Path::new(file), Some(folder.to_string()), &labels, predicted, 0.98765)
        };
        let files = [
            judged("on/a.wav", "on", "on"),
            judged("on/b.wav", "on", "off"),
            judged("off/c.wav", "off", "off"),
            judged("misc/d.wav", "misc", "off"),
            Judged::failed(Path::new("off/e.wav"), Some("off".into()), "it is empty".into()),
        ];
        let expected = "\
Batch inference of 5 files, a window every 1 s
Model: model.tflite

on/a.wav | True: on | Predicted: on | Mean confidence: 0.9877 | PASS
on/b.wav | True: on | Predicted: off | Mean confidence: 0.9877 | FAIL
off/c.wav | True: off | Predicted: off | Mean confidence: 0.9877 | PASS
misc/d.wav | True: misc | Predicted: off | Mean confidence: 0.9877 | UNLABELLED
off/e.wav | True: off | ERROR: it is empty

Summary
off: 1 of 1 PASS (100.0 %)
on: 1 of 2 PASS (50.0 %)
Total: 2 of 3 PASS (66.7 %)
Unlabelled: 1 (the folder's name is not a class of the model)
Errors: 1
";
        assert_eq!(batch_log(Path::new("model.tflite"), 1.0, &labels, &files), expected);
    }
}
