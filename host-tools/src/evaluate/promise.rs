//! What the levels of the anomaly score promise, beside how many groups of normal sound raised a warning or an alarm.

use std::collections::BTreeMap;

use monitor_core::anomaly::{Alarm, AlarmRules, Input};
use monitor_core::window::SECONDS as WINDOW_S;
use monitor_model::anomaly::thresholds::Promise;
use monitor_model::contents::ModelContents;
use serde::Serialize;

use super::metrics::exact;
use super::sessions::Judged;
use crate::data::dataset::Dataset;

/// The shortest recording that can raise the alarm: a shorter one shows nothing of the promise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Needed {
    /// Its number of windows.
    pub windows: usize,
    /// Its length in seconds.
    pub seconds: f64,
}

impl Needed {
    /// For windows that are `hop_s` seconds apart.
    pub(crate) fn new(rules: &AlarmRules, hop_s: f64) -> Self {
        let windows = Alarm::new(rules, hop_s as f32).least_windows() as usize;
        Self { windows, seconds: windows.saturating_sub(1) as f64 * hop_s + WINDOW_S }
    }
}

/// How many groups of normal sound raised it, beside what was promised.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Share {
    /// Number of groups.
    pub groups: usize,
    /// Number of those that raised it.
    pub raised: usize,
    /// 95 % interval of the probability.
    pub interval: [f64; 2],
    /// Most probability that the fit without these groups promised.
    pub promised: f64,
    /// Whether the promise is not below the interval.
    pub held: bool,
}

impl Share {
    /// `raised` of `groups` groups; the interval is exact ([`exact`]).
    pub(crate) fn new(raised: usize, groups: usize, promised: f64) -> Self {
        let share = raised as f64 / groups.max(1) as f64;
        let exact = exact(share, groups);
        let interval = if groups == 0 { [0.0, 1.0] } else { [exact.low, exact.high] };
        Self { groups, raised, interval, promised, held: promised >= interval[0] }
    }

    /// As a sentence: how many of the `units` raised `what`, and whether the promise held.
    pub(crate) fn sentence(&self, what: &str, units: &str) -> String {
        let Self { groups, raised, interval, promised, held } = self;
        let [low, high] = interval.map(|side| 100.0 * side);
        let verdict = if *held { "the promise held" } else { "the promise did not hold" };
        format!(
            "{raised} of {groups} {units} raised {what} ({low:.0}-{high:.0} %, promised at most {:.0} %): {verdict}.",
            100.0 * promised
        )
    }
}

/// The promise of a model's levels, measured on groups of normal sound.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Measured {
    /// Classes that count as normal sound.
    pub normal: Vec<String>,
    /// Number of their groups with a file that the model was trained on; they show nothing of new ones.
    pub groups_trained_on: usize,
    /// Number of the other groups that are too short to raise the alarm.
    pub groups_too_short: usize,
    /// Length of the shortest recording that can raise the alarm, in seconds.
    pub needed_s: f64,
    /// How many of the rest raised a warning.
    pub warning: Share,
    /// How many of the rest raised an alarm.
    pub alarm: Share,
}

/// Measures the promise of `model` on the sessions `judged` of `dataset`. Its groups of the classes `normal` count, of all
/// classes of the model if it is empty. `None` if the levels promise nothing about new groups: without an anomaly score, or
/// from normal sound of one group.
pub(crate) fn measure(
    model: &ModelContents<'_>,
    dataset: &Dataset,
    judged: &[Judged],
    normal: &[String],
    hop_s: f64,
) -> Option<Measured> {
    let is_normal = |name: &String| if normal.is_empty() { model.labels.contains(name) } else { normal.contains(name) };
    let card = model.card.as_ref().filter(|card| !card.training.within_recording);
    let groups = card.map_or(0, |card| card.score_groups() as usize);
    let tables = model.classifier.anomaly().map(|detector| detector.tables()).filter(|_| groups > 1)?;
    let detectors = Input::ALL.into_iter().filter(|input| tables.space(*input).is_some()).count();
    let normal: Vec<bool> = dataset.classes.iter().map(is_normal).collect();
    let sessions = judged.iter().filter(|session| normal[session.label]);
    let names = dataset.classes.iter().filter(|name| is_normal(name)).cloned().collect();
    let (promise, needed) = (Promise::new(groups, detectors), Needed::new(&tables.rules(), hop_s));
    Some(Measured::new(names, sessions, promise, needed))
}

impl Measured {
    fn new<'a>(
        normal: Vec<String>,
        sessions: impl Iterator<Item = &'a Judged>,
        promise: Promise,
        needed: Needed,
    ) -> Self {
        let mut groups: BTreeMap<usize, Vec<&Judged>> = BTreeMap::new();
        sessions.for_each(|session| groups.entry(session.group).or_default().push(session));
        let all = groups.len();
        groups.retain(|_, sessions| sessions.iter().all(|session| !session.trained_on));
        let unseen = groups.len();
        groups.retain(|_, sessions| sessions.iter().any(|session| session.windows >= needed.windows));
        let raised = |is: fn(&Judged) -> bool, promised: f64| {
            let raised = groups.values().filter(|sessions| sessions.iter().any(|session| is(session)));
            Share::new(raised.count(), groups.len(), promised)
        };
        Self {
            normal,
            groups_trained_on: all - unseen,
            groups_too_short: unseen - groups.len(),
            needed_s: needed.seconds,
            warning: raised(|session| session.warned, promise.warning),
            alarm: raised(|session| session.alarms > 0, promise.alarm),
        }
    }

    /// As lines for the terminal.
    pub(crate) fn lines(&self) -> Vec<String> {
        let Self { normal, groups_trained_on, groups_too_short, needed_s, warning, alarm } = self;
        if normal.is_empty() {
            return vec!["\nFalse alarms by the anomaly score: not measured, no class here is normal sound.".into()];
        }
        let mut lines = vec![format!("\nFalse alarms by the anomaly score, normal: {}", normal.join(", "))];
        if alarm.groups > 0 {
            lines.extend([("an alarm", alarm), ("a warning", warning)].map(|(what, share)| {
                format!("  {}", share.sentence(what, "groups that the model was not trained on"))
            }));
        } else {
            lines.push("  Not measured: no group here is new to the model and long enough to raise the alarm.".into());
        }
        if *groups_too_short > 0 {
            lines.push(format!(
                "  {groups_too_short} groups are too short to raise the alarm, which needs {needed_s:.1} s of one recording."
            ));
        }
        if *groups_trained_on > 0 {
            lines.push(format!("  {groups_trained_on} groups that the model was trained on do not count."));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use monitor_core::anomaly::{Input, Levels, Persistence};

    use super::*;

    #[test]
    fn the_shortest_recording_fills_half_of_the_mean_and_then_the_persistence() {
        let levels = Levels { intervals: [None; Input::ALL.len()], warning: 0.5 };
        let rules = AlarmRules { levels, alarm: 1.0, persistence: Persistence::default() };
        // Five windows until the mean is settled, and six of ten at the level.
        let needed = Needed::new(&rules, 0.48);
        assert_eq!(needed.windows, 10);
        assert!((needed.seconds - (9.0 * 0.48 + 0.975)).abs() < 1e-9);
    }

    #[test]
    fn groups_that_were_trained_on_or_are_too_short_show_nothing_of_the_promise() {
        let session = |group, trained_on, windows, alarms| Judged {
            label: 0,
            group,
            trained_on,
            windows,
            scores: Vec::new(),
            unknown: 0,
            warned: alarms > 0,
            alarms,
            explanations: Vec::new(),
        };
        let sessions = [
            // Of group 0 one file was trained on.
            session(0, true, 20, 1),
            session(0, false, 20, 1),
            session(1, false, 9, 0),
            session(1, false, 9, 0),
            session(2, false, 20, 1),
            session(2, false, 20, 0),
            session(3, false, 10, 0),
        ];
        let needed = Needed { windows: 10, seconds: 5.3 };
        let found = Measured::new(vec!["on".into()], sessions.iter(), Promise::new(3, 2), needed);
        assert_eq!((found.groups_trained_on, found.groups_too_short), (1, 1));
        assert_eq!((found.alarm.raised, found.alarm.groups, found.alarm.promised), (1, 2, 0.2));
        assert_eq!((found.warning.raised, found.warning.promised), (1, 0.4));
        let lines = found.lines();
        assert_eq!(
            lines[1],
            "  1 of 2 groups that the model was not trained on raised an alarm (1-99 %, promised at most 20 %): the promise held."
        );
        assert_eq!(lines.len(), 5);
        let none = Measured::new(vec!["on".into()], sessions[..2].iter(), Promise::new(3, 2), needed);
        assert!(none.lines()[1].contains("Not measured"));
        let none = Measured::new(Vec::new(), sessions[..0].iter(), Promise::new(3, 2), needed);
        assert!(none.lines()[0].contains("no class here is normal sound"));
    }

    #[test]
    fn a_promise_below_the_interval_of_what_was_found_did_not_hold() {
        let held = Share::new(1, 6, 0.2);
        assert_eq!(
            held.sentence("an alarm", "groups"),
            "1 of 6 groups raised an alarm (0-64 %, promised at most 20 %): the promise held."
        );
        assert!(Share::new(5, 6, 0.2).sentence("a warning", "groups").ends_with("the promise did not hold."));
        assert_eq!(Share::new(0, 0, 0.2).interval, [0.0, 1.0]);
    }
}
