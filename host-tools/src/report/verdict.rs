//! The verdict: what the figures mean for somebody who decides whether to use the model, in words and before any table.

use monitor_model::palette::{ALARM, NORMAL, UNKNOWN, WARNING, css};

use super::html::{escape, paragraph};
use crate::evaluate::changes::Followed;
use crate::evaluate::measured::{MIN_F1, Measured};
use crate::evaluate::metrics::{Interval, exact};
use crate::evaluate::one_class::OneClass;
use crate::evaluate::predictions::Evaluation;

/// Share of the windows or recordings from which a part of the task counts as done.
const GOOD: f64 = 0.8;
/// Share below which it is not done.
const HALF: f64 = 0.5;

/// How far the model can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grade {
    /// As it is.
    Usable,
    /// With the reservations that follow.
    Reserved,
    /// Not for what it was measured on.
    Unusable,
    /// The recordings cannot show it.
    Unproven,
}

/// The verdict with its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    grade: Grade,
    headline: String,
    reasons: Vec<String>,
}

impl Verdict {
    /// Of a model of several classes.
    pub(super) fn of_classes(evaluation: &Evaluation, timelines: &[Followed]) -> Self {
        let measured = evaluation.quotable();
        let mut reasons = vec![recordings(measured)];
        reasons.extend(weakest_state(measured).map(|(_, sentence)| sentence));
        reasons.extend(changes(timelines));
        reasons.push(measured.reliability.in_words());
        let (grade, headline) = grade(evaluation, measured);
        Self { grade, headline, reasons }
    }

    /// Of a model of one class.
    pub(super) fn of_one_class(evaluation: &OneClass) -> Self {
        let [(normal, raised), (others, detected)] = evaluation.alarms();
        let class = &evaluation.class;
        let mut reasons = Vec::new();
        if normal > 0 {
            let raised = if raised == 0 { "None".to_string() } else { raised.to_string() };
            reasons.push(format!("{raised} of {normal} recordings of normal sound ({class}) raised a false alarm."));
        }
        let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
        let (found, quiet) = (share(detected, others), share(normal - raised, normal));
        if others > 0 {
            let Interval { low, high } = exact(found, others);
            reasons.push(format!(
                "{detected} of {others} recordings of other sound raised the alarm. From so many, {:.0} to {:.0} of 100 new recordings \
                 of the same kind can be expected to raise it.",
                100.0 * low,
                100.0 * high
            ));
        }
        let few = exact(found, others).low < HALF || exact(quiet, normal).low < HALF;
        let memory = !evaluation.training_known || evaluation.files_trained_on == evaluation.files;
        let (grade, headline) = match (normal, others) {
            _ if memory => unproven(evaluation.training_known),
            (_, 0) => (Grade::Unproven, "No verdict on faults: every recording here is of normal sound.".into()),
            (0, _) => (Grade::Unproven, "No verdict on false alarms: no recording here is of normal sound.".into()),
            _ if found < HALF => (Grade::Unusable, "Not usable: most of the other sound is not detected.".into()),
            _ if quiet < HALF => (Grade::Unusable, "Not usable: most normal recordings raise a false alarm.".into()),
            _ if found < GOOD => {
                (Grade::Reserved, "Usable with reservations: some of the other sound is missed.".into())
            }
            _ if quiet < GOOD => (Grade::Reserved, "Usable with reservations: there are false alarms.".into()),
            _ if few => (Grade::Reserved, "Promising, but too few recordings to be sure.".into()),
            _ => (Grade::Usable, "Usable: it detects other sound, with few false alarms.".into()),
        };
        Self { grade, headline, reasons }
    }

    /// The verdict as a section of the page.
    pub(super) fn html(&self) -> String {
        // A sign beside the colour.
        let (class, sign) = match self.grade {
            Grade::Usable => ("usable", "✓"),
            Grade::Reserved => ("reserved", "!"),
            Grade::Unusable => ("unusable", "✕"),
            Grade::Unproven => ("unproven", "?"),
        };
        let reasons: String = self.reasons.iter().map(|reason| paragraph("", reason)).collect();
        format!(
            "<section class=\"verdict {class}\">\n<h2><span class=\"sign\" aria-hidden=\"true\">{sign}</span> {}</h2>\n{reasons}</section>\n",
            escape(&self.headline)
        )
    }
}

/// The colours of the grades, as CSS.
pub(super) fn colours() -> String {
    let of = [("usable", NORMAL), ("reserved", WARNING), ("unusable", ALARM), ("unproven", UNKNOWN)];
    of.map(|(class, colour)| format!(".{class} {{ --grade: {}; }}\n", css(colour))).concat()
}

fn unproven(training_known: bool) -> (Grade, String) {
    let why = if training_known {
        "the model was trained on these recordings"
    } else {
        "what it was trained on is not known"
    };
    (Grade::Unproven, format!("No verdict: {why}. Record new ones, and report on those."))
}

fn grade(evaluation: &Evaluation, measured: &Measured) -> (Grade, String) {
    let guessing = &measured.guessing;
    if !evaluation.training_known || (evaluation.never_trained_on.is_none() && evaluation.files_trained_on > 0) {
        return unproven(evaluation.training_known);
    }
    if !guessing.is_exceeded() && guessing.has_too_few_groups() {
        let headline = "No verdict: so few recordings could all be right by luck. Record more groups of each state.";
        return (Grade::Unproven, headline.into());
    }
    if !guessing.is_exceeded() {
        return (Grade::Unusable, "Not usable: not clearly better than guessing.".into());
    }
    if measured.by_window.macro_average.f1 < MIN_F1 {
        return (Grade::Unusable, "Not good enough: too many windows are of the wrong state.".into());
    }
    match weakest_state(measured) {
        Some((recall, _)) if recall < GOOD => {
            (Grade::Reserved, "Usable with reservations: one state is often missed.".into())
        }
        _ if measured.accuracy_by_recording_interval.low < GOOD => {
            (Grade::Reserved, "Promising, but too few recordings to be sure.".into())
        }
        _ => (Grade::Usable, "Usable: it recognises every state.".into()),
    }
}

/// How many recordings are right, and of how many new ones that can be expected.
fn recordings(measured: &Measured) -> String {
    let (confusion, likely) = (&measured.by_recording.confusion, &measured.accuracy_by_recording_interval);
    format!(
        "The state is right for {} of {} recordings. From so many, {:.0} to {:.0} of 100 new recordings of the same kind can be \
         expected to be right.",
        confusion.correct(),
        confusion.total(),
        100.0 * likely.low,
        100.0 * likely.high
    )
}

/// The state of which the smallest share is recognised: that share, and a sentence about it.
fn weakest_state(measured: &Measured) -> Option<(f64, String)> {
    let figures = &measured.by_window;
    let present = figures.classes.iter().enumerate().filter(|(_, class)| class.support > 0);
    let (index, weakest) = present.min_by(|(_, a), (_, b)| a.recall.total_cmp(&b.recall))?;
    let confused =
        figures.confusion.counts[index].iter().enumerate().filter(|(other, count)| *other != index && **count > 0);
    let confused = confused.max_by_key(|(_, count)| **count);
    let sentence = match confused {
        None => "Every window of every state is recognised.".to_string(),
        Some((other, _)) => format!(
            "Hardest state: {}. {:.1} % of its windows are recognised, most of the others are taken for {}.",
            weakest.class,
            100.0 * weakest.recall,
            figures.classes[other].class
        ),
    };
    Some((weakest.recall, sentence))
}

/// How changes of state were followed; `None` without any.
fn changes(timelines: &[Followed]) -> Option<String> {
    let changes = || timelines.iter().flat_map(|followed| &followed.changes);
    let mut delays: Vec<f64> = changes().filter_map(|change| change.delay_s).collect();
    let (all, seconds) = (changes().count(), timelines.iter().map(|followed| followed.seconds).sum::<f64>());
    if all == 0 {
        return None;
    }
    delays.sort_by(f64::total_cmp);
    let delay =
        delays.get(delays.len() / 2).map_or(String::new(), |delay| format!(", after {delay:.1} s in the median"));
    let wrong: usize = timelines.iter().map(|followed| followed.false_reports).sum();
    Some(format!(
        "Where the state changes, {} of {all} changes were reported{delay}; a wrong state was reported {wrong} times in {:.0} min.",
        delays.len(),
        seconds / 60.0
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::one_class::ClassFigures;

    fn one_class(normal: [usize; 2], others: [usize; 2]) -> OneClass {
        let of = |is_models_class: bool, [recordings, recordings_with_alarm]: [usize; 2]| ClassFigures {
            class: if is_models_class { "normal" } else { "<fault>" }.into(),
            is_models_class,
            recordings,
            recordings_with_alarm,
            windows: 10 * recordings,
            in_state: 0.5,
            alarms_per_hour: 0.0,
            named: None,
            note: None,
        };
        OneClass {
            class: "normal".into(),
            training_known: true,
            files_trained_on: 0,
            files: normal[0] + others[0],
            accuracy: 0.5,
            recordings_right: [0, 0],
            classes: vec![of(true, normal), of(false, others)],
            too_short_to_alarm: 0,
            needed_s: 5.3,
            scores: Vec::new(),
            judged: Vec::new(),
        }
    }

    #[test]
    fn detections_and_false_alarms_decide_on_a_model_of_one_class() {
        let grade = |normal, others| Verdict::of_one_class(&one_class(normal, others)).grade;
        assert_eq!(grade([10, 0], [10, 9]), Grade::Usable);
        assert_eq!(grade([10, 0], [5, 5]), Grade::Reserved);
        assert_eq!(grade([10, 0], [10, 7]), Grade::Reserved);
        assert_eq!(grade([10, 3], [10, 9]), Grade::Reserved);
        assert_eq!(grade([10, 0], [10, 4]), Grade::Unusable);
        assert_eq!(grade([10, 6], [10, 9]), Grade::Unusable);
        assert_eq!(grade([10, 0], [0, 0]), Grade::Unproven);
        let memory = OneClass { files_trained_on: 20, ..one_class([10, 0], [10, 9]) };
        assert_eq!(Verdict::of_one_class(&memory).grade, Grade::Unproven);
    }

    #[test]
    fn the_verdict_is_words_and_a_sign_before_its_colour() {
        let html = Verdict::of_one_class(&one_class([10, 1], [10, 9])).html();
        assert!(
            html.contains("class=\"verdict usable\"") && html.contains("✓</span> Usable: it detects other sound"),
            "{html}"
        );
        assert!(html.contains("1 of 10 recordings of normal sound (normal) raised a false alarm"), "{html}");
    }
}
