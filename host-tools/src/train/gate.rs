//! Whether a trained model is good enough to deploy, by figures of sound that its fit did not include.

use monitor_model::advice;
use serde::Serialize;

use super::training_report::TrainingReport;
use crate::anomaly::left_out::LeftOut;
use crate::evaluate::measured::Measured;

/// Probability below which as many false alarms are not taken for bad luck.
const LUCK: f64 = 0.05;

/// Share of new operating conditions that may raise a false alarm.
const ALARMING: f64 = 0.05;

/// Decision on a model.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "verdict", content = "reason", rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// Good enough: the figures that show it.
    Pass(String),
    /// The figures cannot show it: why, and the remedy.
    NotProven(String),
    /// The figures show that it is not: why, and the remedy.
    Fail(String),
}

/// Decides on the model of `report`; `min_f1` is the lowest macro-F1 by window, 0 to 1.
///
/// A model of several classes passes if its macro-F1 is above what guessing reaches, by its interval, and at least `min_f1`,
/// cross-validated as well as on held-out recordings. A model of one class passes
/// if the number of left-out groups that raise the alarm does not contradict 1 in 20.
pub(crate) fn verdict(report: &TrainingReport, min_f1: f64) -> Verdict {
    if report.data.within_recording {
        return Verdict::NotProven(format!(
            "all figures are within recordings, which new ones do not reach; record every class at least 3 times, better at {}",
            advice::CONDITIONS
        ));
    }
    if report.data.classes.len() == 1 {
        return one_class(report.left_out.as_ref());
    }
    let validated = report.cross_validation.as_ref().map(|result| ("cross-validated", &result.measured));
    let held_out = report.held_out.as_ref().map(|measured| ("held-out", measured));
    let Some((what, measured)) = validated.or(held_out) else {
        return Verdict::NotProven(
            "no recording was held out and there was no cross-validation; record every class at least twice, each time under \
             a name of its own"
                .into(),
        );
    };
    if let Some(verdict) = above_guessing(what, measured) {
        return verdict;
    }
    for (what, measured) in validated.into_iter().chain(held_out) {
        let macro_f1 = measured.by_window.macro_average.f1;
        if macro_f1 < min_f1 {
            return Verdict::Fail(format!(
                "the {what} macro-F1 is {macro_f1:.3}, below --min-f1 {min_f1}; record more, or inspect the confusion matrix"
            ));
        }
    }
    Verdict::Pass(format!("{what} {}", compared(measured)))
}

/// The macro-F1 with its interval and that of guessing.
fn compared(measured: &Measured) -> String {
    let guessing = measured.guessing;
    let interval = guessing.interval.map(|of| format!(" (95 % by group: {of})")).unwrap_or_default();
    format!("macro-F1 {:.3}{interval}; guessing reaches {:.3}", measured.by_window.macro_average.f1, guessing.macro_f1)
}

/// Why the figures do not exceed guessing; `None` if they do.
fn above_guessing(what: &str, measured: &Measured) -> Option<Verdict> {
    let guessing = measured.guessing;
    if guessing.is_exceeded() {
        return None;
    }
    Some(if guessing.has_too_few_groups() {
        Verdict::NotProven(format!(
            "{} of {} {what} groups right may be luck; use cross-validation (--folds), or record every class at {}",
            guessing.groups_right,
            guessing.groups,
            advice::CONDITIONS
        ))
    } else {
        Verdict::Fail(format!(
            "not better than guessing: {what} {}; record more of every class, and check that the classes can be told apart by \
             ear",
            compared(measured)
        ))
    })
}

fn one_class(left_out: Option<&LeftOut>) -> Verdict {
    let Some(left_out) = left_out.filter(|left_out| left_out.groups >= advice::GROUPS) else {
        return Verdict::NotProven(format!(
            "{} groups of normal sound long enough to raise the alarm are too few to know how often new ones do; record {} of 10 s \
             or more",
            left_out.map_or(1, |left_out| left_out.groups),
            advice::CONDITIONS
        ));
    };
    let LeftOut { groups, alarmed, .. } = left_out;
    let found = format!("{} of {groups} left-out groups raised the alarm", alarmed.len());
    if left_out.at_least_as_many(ALARMING) < LUCK {
        return Verdict::Fail(format!(
            "{found} ({}), more than 1 in 20; record more operating conditions, and check these recordings for faults",
            alarmed.join(", ")
        ));
    }
    Verdict::Pass(format!(
        "{found}; of new ones at most {:.0} % will (95 % confidence)",
        100.0 * left_out.most_alarming()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_out(alarmed: usize, groups: usize) -> LeftOut {
        let alarmed = (0..alarmed).map(|group| format!("g{group}")).collect();
        LeftOut {
            groups,
            too_short: 0,
            needed_s: 5.3,
            alarmed,
            windows: 60,
            above: 0,
            seconds: 30.0,
            within_recording: false,
            scores: Vec::new(),
        }
    }

    #[test]
    fn one_class_passes_unless_too_many_left_out_groups_raise_the_alarm() {
        let of = |alarmed, groups| one_class(Some(&left_out(alarmed, groups)));
        assert!(matches!(of(0, 6), Verdict::Pass(why) if why.contains("at most 39 %")));
        assert!(matches!(of(1, 6), Verdict::Pass(_)));
        assert!(matches!(of(2, 6), Verdict::Fail(why) if why.contains("g0, g1")));
        assert!(matches!(of(0, 5), Verdict::NotProven(why) if why.contains("6 loads, speeds or days")));
        assert!(matches!(one_class(None), Verdict::NotProven(_)));
    }
}
