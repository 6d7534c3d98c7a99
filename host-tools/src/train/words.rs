//! The report in words: tables and figures as they are printed, each with what it stands on.

use super::report::{Calibrated, Class, Report};
use crate::columns::{Columns, Side};
use crate::measured::mark;

/// The data table: files, recordings, groups, seconds and windows per class.
pub fn data_table(classes: &[Class]) -> Vec<String> {
    let number = |heading| (heading, Side::Right);
    let mut columns = Columns::new(&[
        ("class", Side::Left),
        number("files"),
        number("recordings"),
        number("groups"),
        number("seconds"),
        number("windows"),
    ]);
    for Class { summary, windows } in classes {
        let counts = [summary.files, summary.recordings, summary.groups].map(|count| count.to_string());
        let [files, recordings, groups] = counts;
        let seconds = format!("{:.1}", summary.seconds);
        columns.row([summary.class.clone(), files, recordings, groups, seconds, windows.to_string()]);
    }
    let sum = |of: fn(&Class) -> usize| classes.iter().map(of).sum::<usize>().to_string();
    let seconds: f64 = classes.iter().map(|class| class.summary.seconds).sum();
    let (files, recordings) = (sum(|class| class.summary.files), sum(|class| class.summary.recordings));
    // Groups may hold several classes: their numbers do not add up.
    columns.row(["all".into(), files, recordings, String::new(), format!("{seconds:.1}"), sum(|class| class.windows)]);
    columns.lines(0).collect()
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
    if let Some(standing) = &report.anomaly {
        lines.push(format!(
            "Anomaly score: from {} windows of normal sound in {} groups; its threshold was not reached in {:.2} h of it \
             that the fit had not heard{}, so there are fewer than {:.0} false alarms per day with 95 % confidence",
            standing.windows,
            standing.groups,
            standing.seconds / 3600.0,
            if standing.grouped { "" } else { " (within one group, optimistic)" },
            standing.most_per_day
        ));
    }
    let calibration = &report.head.calibration;
    if calibration.windows > 0 {
        let classes = report.data.classes.iter().zip(&calibration.class_confidence);
        let each: Vec<String> =
            classes.map(|(class, own)| format!("{} {:.2}", class.summary.class, f64::from(*own) / 100.0)).collect();
        lines.push(format!(
            "Calibrated by {} out-of-fold windows: temperature {:.2}; confidence {}",
            calibration.windows,
            calibration.temperature,
            shortened(&each)
        ));
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
        let Calibrated { ece_before, ece_after, kept, accuracy_of_kept, wrong_made_unknown, .. } = result.calibration;
        let mark = mark(result.measured.standing.note);
        lines.push(format!("  calibration:  ECE {ece_before:.3} before, {ece_after:.3} after temperature{mark}"));
        lines.push(format!(
            "  unknown:      {:.1} % of the windows, {:.1} % of the wrong ones; accuracy of the others {accuracy_of_kept:.3}{mark}",
            100.0 * (1.0 - kept),
            100.0 * wrong_made_unknown
        ));
        lines.extend(result.failed.iter().map(|failed| format!("note: left out: {failed}")));
    }
    if !report.comparison.is_empty() {
        let mut columns = Columns::new(&[
            ("features", Side::Left),
            ("head", Side::Left),
            ("macro-F1", Side::Right),
            ("accuracy", Side::Right),
            ("by recording", Side::Right),
            ("", Side::Left),
        ]);
        for compared in &report.comparison {
            let figures = [compared.macro_f1, compared.accuracy, compared.accuracy_by_recording];
            let [macro_f1, accuracy, recording] = figures.map(|figure| format!("{figure:.3}"));
            let mark = mark(compared.note);
            columns.row([compared.features, &compared.head, &macro_f1, &accuracy, &recording, mark.trim_start()]);
        }
        lines.push(String::new());
        lines.push("Cross-validated on the same folds:".to_string());
        lines.extend(columns.lines(2));
    }
    lines
}

/// A list that stays on one line.
fn shortened(names: &[String]) -> String {
    const MOST: usize = 6;
    let shown = names.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > MOST { format!("{shown} and {} more", names.len() - MOST) } else { shown }
}
