//! The report in words: tables and figures as they are printed, each with what it stands on.

use super::report::{Class, Report};
use crate::measured::mark;

/// The data table: files, recordings, groups, seconds and windows per class.
pub fn data_table(classes: &[Class]) -> Vec<String> {
    let width = classes.iter().map(|class| class.summary.class.chars().count()).max().unwrap_or(0).max(5);
    let mut lines = vec![format!("{:width$}   files  recordings  groups  seconds  windows", "class")];
    let mut row = |name: &str, files: usize, recordings: usize, groups: String, seconds: f64, windows: usize| {
        lines.push(format!("{name:width$}  {files:6}  {recordings:10}  {groups:>6}  {seconds:7.1}  {windows:7}",));
    };
    for Class { summary, windows } in classes {
        let groups = summary.groups.to_string();
        row(&summary.class, summary.files, summary.recordings, groups, summary.seconds, *windows);
    }
    let sum = |of: fn(&Class) -> usize| classes.iter().map(of).sum();
    let seconds = classes.iter().map(|class| class.summary.seconds).sum();
    // Groups may hold several classes: their numbers do not add up.
    row("all", sum(|c| c.summary.files), sum(|c| c.summary.recordings), String::new(), seconds, sum(|c| c.windows));
    lines
}

/// What was chosen, and the figures.
pub fn figures(report: &Report) -> Vec<String> {
    let mut lines = vec![String::new()];
    let chosen = &report.head.chosen;
    match (chosen.validation, chosen.macro_f1) {
        (Some(validation), Some(macro_f1)) => {
            lines.push(format!(
                "Head: {chosen}, by grouped validation{}: macro-F1 {macro_f1:.3}, loss {:.3}",
                mark(report.trained_on.note),
                validation.loss
            ));
            for other in report.head.candidates.iter().filter(|other| *other != chosen) {
                lines.push(format!(
                    "      not {other}: macro-F1 {:.3}, loss {:.3}",
                    other.macro_f1.unwrap_or_default(),
                    other.validation.unwrap_or_default().loss
                ));
            }
        }
        _ => lines.push(format!("Head: {chosen}, by default: there are too few groups to validate on")),
    }
    lines.push(format!("Trained on {}.", report.trained_on));
    lines.push(String::new());
    match &report.held_out {
        Some(held_out) => {
            lines.push(format!(
                "Held out ({}), never heard by the exported head:",
                shortened(&held_out.standing.groups)
            ));
            lines.extend(held_out.lines());
        }
        None => lines.push("Held out: nothing; the head learned from everything.".to_string()),
    }
    if let Some(result) = &report.cross_validation {
        lines.push(String::new());
        lines.push(format!("Cross-validated, {} folds by group, training included:", result.folds.len()));
        lines.extend(result.measured.lines());
        lines.extend(result.failed.iter().map(|failed| format!("note: left out: {failed}")));
    }
    if !report.comparison.is_empty() {
        lines.push(String::new());
        lines.push(format!("{:9} macro-F1  accuracy  by recording   (cross-validated)", "features"));
        for compared in &report.comparison {
            lines.push(format!(
                "{:9} {:8.3}  {:8.3}  {:12.3}{}",
                compared.features,
                compared.macro_f1,
                compared.accuracy,
                compared.accuracy_by_recording,
                mark(compared.note)
            ));
        }
    }
    lines
}

/// A list that stays on one line.
fn shortened(names: &[String]) -> String {
    const MOST: usize = 6;
    let shown = names.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > MOST { format!("{shown} and {} more", names.len() - MOST) } else { shown }
}
