//! An evaluation as lines for the terminal.

use super::measured::Measured;
use super::metrics::confusion_table;
use super::predictions::Evaluation;

impl Evaluation {
    /// How far the figures can be trusted, the figures, and the confusion matrix.
    pub(crate) fn lines(&self) -> Vec<String> {
        let Self { training_known, files_trained_on, all, never_trained_on } = self;
        let files = all.sample_size.files;
        let mut lines = vec![match (training_known, never_trained_on) {
            (false, _) => "The model file does not record what it was trained on.".to_string(),
            (true, None) if *files_trained_on == 0 => format!("The model was trained on none of these {files} files."),
            (true, None) => format!(
                "WARNING: the model was trained on all {files} files: these figures measure memory, not performance on new \
                 recordings. Evaluate on recordings that were not trained on."
            ),
            (true, Some(_)) => format!(
                "WARNING: the model was trained on {files_trained_on} of {files} files; quote the figures of the others, \
                 below."
            ),
        }];
        section(&mut lines, all, "All recordings:");
        if let Some(never) = never_trained_on {
            section(&mut lines, never, "Recordings that were not trained on:");
        }
        lines
    }
}

fn section(lines: &mut Vec<String>, measured: &Measured, heading: &str) {
    lines.extend([String::new(), heading.to_string()]);
    lines.extend(measured.lines());
    lines.extend([format!("  calibration:  ECE {:.3}", measured.reliability.ece), String::new()]);
    lines.extend(confusion_table(&measured.by_window.confusion.readable()).map(|line| format!("  {line}")));
}
