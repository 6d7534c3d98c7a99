//! The training report as lines for the terminal.

use super::calibration::{Calibration, CalibrationTrial};
use super::head::HeadKind;
use super::training_report::{CalibrationEffect, Class, CrossValidated, TrainingReport};
use crate::anomaly::left_out::LeftOut;
use crate::anomaly::text::promise;
use crate::console::{Columns, Side, one_line};
use crate::data::dataset::WITHIN_RECORDING;
use crate::evaluate::measured::mark;

/// The data table: files, recordings, groups, seconds and windows per class.
pub(crate) fn data_table(classes: &[Class]) -> impl Iterator<Item = String> {
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
    // A group may hold several classes: the numbers of groups do not add up.
    columns.row(["all".into(), files, recordings, String::new(), format!("{seconds:.1}"), sum(|class| class.windows)]);
    columns.lines(0)
}

/// The chosen head and the figures.
pub(crate) fn figures(report: &TrainingReport) -> Vec<String> {
    let mut lines = vec![String::new()];
    lines.extend(head(report));
    if let Some(size) = &report.anomaly {
        lines.push(format!(
            "Anomaly score: fitted to {} windows of normal sound in {} groups.",
            size.windows, size.groups
        ));
        lines.extend(promise(size, report.data.within_recording));
    }
    let calibration = &report.head.calibration;
    if calibration.windows > 0 {
        let classes = report.data.classes.iter().zip(&calibration.class_confidence);
        let each: Vec<String> =
            classes.map(|(class, own)| format!("{} {:.2}", class.summary.class, f64::from(*own) / 100.0)).collect();
        lines.push(format!("Reported from confidence: {}", shortened(&each)));
        lines.extend(temperature(calibration));
    }
    lines.push(format!("Trained on {}.", report.trained_on));
    if report.settings.gain_db > 0 {
        lines.push(format!("Input gain: {} dB, because the recordings are very quiet.", report.settings.gain_db));
    }
    if let [class] = &report.data.classes[..] {
        lines.push(String::new());
        lines.extend(one_class(&class.summary.class, report.left_out.as_ref()));
        return lines;
    }
    lines.push(String::new());
    match &report.held_out {
        Some(held_out) => {
            lines.push(format!(
                "Held out ({}), not used to train the exported head:",
                shortened(&held_out.sample_size.groups)
            ));
            lines.extend(held_out.lines());
        }
        None => lines.push("Held out: nothing; the head was trained on all recordings.".to_string()),
    }
    lines.extend(report.cross_validation.iter().flat_map(cross_validation));
    lines.extend(comparison(report));
    lines
}

/// The anomaly score of a model of one class, on groups left out of its fit.
pub(crate) fn one_class(class: &str, left_out: Option<&LeftOut>) -> Vec<String> {
    let Some(left_out) = left_out else {
        return vec![format!("Not measured: {class} has too few groups to leave one out.")];
    };
    let LeftOut { groups, too_short, needed_s, alarmed, windows, above, .. } = left_out;
    let mark = mark(left_out.within_recording.then_some(WITHIN_RECORDING));
    let names = if alarmed.is_empty() { String::new() } else { format!(" ({})", shortened(alarmed)) };
    let mut lines = vec![format!("Each group left out in turn, {windows} windows of {} groups:", groups + too_short)];
    if *too_short > 0 {
        lines.push(format!(
            "  too short:    {too_short} groups cannot raise the alarm, which needs {needed_s:.1} s of one recording"
        ));
    }
    if *groups > 0 {
        let new =
            if left_out.within_recording { "other parts of these recordings" } else { "new loads, speeds or days" };
        lines.push(format!(
            "  alarms:       {} of {groups} groups{names}; of {new} at most {:.0} % (95 % confidence){mark}",
            alarmed.len(),
            100.0 * left_out.most_alarming()
        ));
    }
    lines.push(format!("  windows:      {:.1} % above the alarm level, a score of 1{mark}", percent(*above, *windows)));
    lines
}

/// Advice where a class is named like a fault and counts as normal sound, as every class does without `--normal`.
pub(crate) fn faults_as_normal(classes: &[String]) -> Option<String> {
    const FAULTS: [&str; 10] =
        ["abnormal", "anomalous", "anomaly", "broken", "damaged", "defect", "defective", "fail", "fault", "faulty"];
    let is_fault = |class: &&String| {
        let mut words = class.split(|c: char| !c.is_alphanumeric());
        words.any(|word| FAULTS.iter().any(|fault| word.eq_ignore_ascii_case(fault)))
    };
    let (faults, others): (Vec<&String>, Vec<&String>) = classes.iter().partition(is_fault);
    if faults.is_empty() || others.is_empty() {
        return None;
    }
    let list = |names: Vec<&String>| names.into_iter().map(String::as_str).collect::<Vec<_>>().join(",");
    Some(format!(
        "Advice: the sound of {} counts as normal in the anomaly score and raises no alarm by it. If it is a fault, train with \
         --normal \"{}\".",
        list(faults),
        list(others)
    ))
}

fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

/// The chosen head, and whether a larger one was better.
fn head(report: &TrainingReport) -> Vec<String> {
    if let [class] = &report.data.classes[..] {
        return vec![format!("One class: the anomaly score decides between {} and unknown", class.summary.class)];
    }
    let chosen = &report.head.chosen;
    let (Some(validation), Some(macro_f1)) = (chosen.validation, chosen.macro_f1) else {
        return vec![format!("Head: {chosen}, by default: there are too few groups to validate on")];
    };
    let mut lines = vec![format!(
        "Head: {chosen}, by grouped validation{}: macro-F1 {macro_f1:.3}, loss {:.3}",
        mark(report.trained_on.note),
        validation.loss
    )];
    if report.head.candidates.len() > 1 {
        lines.push(match chosen.kind {
            HeadKind::Linear => "Neural network not clearly better; linear model kept".to_string(),
            HeadKind::Mlp => "Neural network clearly better than the linear model".to_string(),
        });
    }
    lines
}

/// Whether the temperature is used, and the calibration error of groups that it was not fitted on: by the cross-validation if
/// that decided against it. `None` if nothing was measured.
fn temperature(calibration: &Calibration) -> Option<String> {
    let trials = [calibration.unseen_groups, calibration.cross_validated];
    let against = trials.into_iter().flatten().find(|trial| !trial.gains());
    Some(match (against, calibration.unseen_groups) {
        (Some(CalibrationTrial { ece_without, ece_with }), _) => format!(
            "Not calibrated: a temperature does not lower the ECE of unseen groups, {ece_without:.3} ({ece_with:.3} with it)"
        ),
        (None, trial) => {
            let CalibrationTrial { ece_without, ece_with } = trial?;
            format!("Calibrated: ECE of unseen groups {ece_with:.3}, {ece_without:.3} without temperature")
        }
    })
}

fn cross_validation(result: &CrossValidated) -> Vec<String> {
    let mut lines =
        vec![String::new(), format!("Cross-validated, {} folds by group, training included:", result.folds.len())];
    lines.extend(result.measured.lines());
    let CalibrationEffect { ece_before, ece_after, kept, accuracy_of_kept, wrong_made_unknown } = result.calibration;
    let mark = mark(result.measured.sample_size.note);
    lines.push(format!("  calibration:  ECE {ece_before:.3} before, {ece_after:.3} after temperature{mark}"));
    lines.push(format!(
        "  unknown:      {:.1} % of the windows, {:.1} % of the wrong ones; accuracy of the others {accuracy_of_kept:.3}{mark}",
        100.0 * (1.0 - kept),
        100.0 * wrong_made_unknown
    ));
    lines.extend(result.failed.iter().map(|failed| format!("  left out:     {failed}")));
    lines
}

/// The feature kinds on the same folds; no line unless they were compared.
fn comparison(report: &TrainingReport) -> Vec<String> {
    if report.comparison.is_empty() {
        return Vec::new();
    }
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
    let heading = ["".to_string(), "Cross-validated on the same folds:".to_string()];
    heading.into_iter().chain(columns.lines(2)).collect()
}

/// A list of at most six names; the others are counted.
fn shortened(names: &[String]) -> String {
    const MOST: usize = 6;
    let shown = one_line(&names.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", "));
    if names.len() > MOST { format!("{shown} and {} more", names.len() - MOST) } else { shown }
}

#[cfg(test)]
mod tests {
    use super::faults_as_normal;

    #[test]
    fn a_class_named_like_a_fault_gets_the_advice_to_name_the_normal_ones() {
        let of =
            |classes: &[&str]| faults_as_normal(&classes.iter().map(|class| class.to_string()).collect::<Vec<_>>());
        let advice = of(&["abnormal", "idle", "normal"]).unwrap();
        assert!(
            advice.contains("of abnormal counts") && advice.ends_with("train with --normal \"idle,normal\"."),
            "{advice}"
        );
        assert!(of(&["Fan (broken)", "fan"]).is_some());
        assert_eq!(of(&["off", "on"]), None);
        // All of it is what the model is for.
        assert_eq!(of(&["broken", "damaged"]), None);
    }
}
