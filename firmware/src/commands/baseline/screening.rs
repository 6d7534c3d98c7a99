//! What the model itself says of sound that is to become a baseline: the parts about which it warns.
//!
//! A baseline that was recorded while the machine had a fault would make that fault normal.

use std::fmt;

use monitor_core::anomaly::Zone;
use monitor_core::decision::State;
use monitor_core::monitor::{Event, Judge};
use monitor_core::pipeline::Verdict;
use monitor_core::window::SECONDS_F32 as WINDOW_S;
use monitor_model::line::StateName;
use monitor_wire::TextList;

use crate::inference::followed;

/// How many parts are listed.
const LISTED: usize = 5;

/// A part of the sound whose score is not in the zone `normal`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Part {
    /// Seconds from the beginning of the sound.
    from_s: f64,
    to_s: f64,
    highest: f32,
    /// The most severe zone.
    zone: Zone,
    /// The state that was reported when it was reached, as in the event of the warning or alarm.
    state: State,
}

/// Follows the sound as the device would, with the model's own tables.
#[derive(Debug)]
pub(super) struct Screening {
    judge: Judge,
    /// The part that is not over.
    open: Option<Part>,
    /// Parts that raised a warning or an alarm.
    warned: Vec<Part>,
    /// Windows in the steady state of each class.
    windows: Vec<u64>,
}

impl Screening {
    /// A screening by `judge`, which must have been made with the model's own rules, for a model of so many classes.
    pub(super) fn new(judge: Judge, classes: usize) -> Self {
        Self { judge, open: None, warned: Vec::new(), windows: vec![0; classes] }
    }

    /// Adds the next window, of a stream that began `begun_s` seconds into the sound.
    pub(super) fn add(&mut self, verdict: &Verdict<'_>, microphone_dead: bool, begun_s: f64) {
        let from_s = begun_s + verdict.start_sample as f64 / 16e3;
        let Self { judge, open, warned, windows } = self;
        judge.conclude(verdict, microphone_dead, |event| {
            let Event::Window { decided, anomaly, zone, .. } = event else { return };
            if let Some(windows) = followed(verdict, *decided, microphone_dead).and_then(|class| windows.get_mut(class))
            {
                *windows += 1;
            }
            follow(open, warned, from_s, decided.state, anomaly.zip(*zone));
        });
    }

    /// The names of the states of which there were less than `least_s` seconds, for windows `hop_s` seconds apart; none of a model of
    /// one class, whose sound is all of it.
    pub(super) fn too_short<'a>(&self, labels: TextList<'a>, hop_s: f64, least_s: f64) -> Vec<&'a str> {
        let short = |(_, windows): &(&str, &u64)| (**windows as f64) * hop_s < least_s;
        let of_many = labels.iter().zip(&self.windows).filter(|_| self.windows.len() > 1);
        of_many.filter(short).map(|(label, _)| label).collect()
    }

    /// The parts about which the model warns; `None` when there are none.
    pub(super) fn finish<'a>(mut self, labels: TextList<'a>) -> Option<Warned<'a>> {
        close(&mut self.open, &mut self.warned);
        (!self.warned.is_empty()).then_some(Warned { parts: self.warned, labels })
    }
}

/// Adds a window to the part that is open, or opens or closes one. `score`: with its zone, `None` without a score.
fn follow(open: &mut Option<Part>, warned: &mut Vec<Part>, from_s: f64, state: State, score: Option<(f32, Zone)>) {
    let Some((score, zone)) = score.filter(|(_, zone)| *zone > Zone::Normal) else { return close(open, warned) };
    let to_s = from_s + f64::from(WINDOW_S);
    let part = open.get_or_insert(Part { from_s, to_s, highest: score, state, zone });
    (part.to_s, part.highest) = (to_s, part.highest.max(score));
    if zone > part.zone {
        (part.zone, part.state) = (zone, state);
    }
}

fn close(open: &mut Option<Part>, warned: &mut Vec<Part>) {
    warned.extend(open.take().filter(|part| part.zone >= Zone::Warning));
}

/// The parts about which the model warns, one line each.
#[derive(Debug)]
pub(super) struct Warned<'a> {
    parts: Vec<Part>,
    labels: TextList<'a>,
}

impl fmt::Display for Warned<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Part { from_s, to_s, highest, state, zone } in self.parts.iter().take(LISTED) {
            let state = StateName { labels: self.labels, state: state.class() };
            let zone = zone.name();
            writeln!(
                f,
                "  from {from_s:.0} to {to_s:.0} s: {zone}, highest anomaly score {highest:.2}, reported state {state}"
            )?;
        }
        match self.parts.len().saturating_sub(LISTED) {
            0 => Ok(()),
            more => writeln!(f, "  and {more} more"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A panic is how a test fails.
mod tests {
    use super::*;

    /// The parts of windows a second apart.
    fn parts(windows: &[Option<(f32, Zone)>]) -> Vec<Part> {
        let (mut open, mut warned) = (None, Vec::new());
        for (at, score) in (0..).zip(windows) {
            follow(&mut open, &mut warned, f64::from(at), State::Class(at as u16), *score);
        }
        close(&mut open, &mut warned);
        warned
    }

    #[test]
    fn a_part_begins_when_the_score_leaves_normal_and_counts_only_when_it_raises_something() {
        let [normal, watch] = [Some((0.3, Zone::Normal)), Some((0.6, Zone::Watch))];
        assert_eq!(parts(&[normal, watch, watch, normal, None, watch]), []);
        let found = parts(&[normal, watch, Some((0.8, Zone::Warning)), Some((1.5, Zone::Alarm)), watch, normal]);
        let to_s = 4.0 + f64::from(WINDOW_S);
        assert_eq!(found, [Part { from_s: 1.0, to_s, highest: 1.5, state: State::Class(3), zone: Zone::Alarm }]);
        // A dead microphone, and the end of the sound, end a part.
        let warning = Some((0.8, Zone::Warning));
        assert_eq!(parts(&[warning, None, warning]).len(), 2);
    }

    #[test]
    fn many_parts_are_listed_in_short() {
        let part = Part { from_s: 1.0, to_s: 9.4, highest: 1.5, state: State::Unknown, zone: Zone::Alarm };
        let text = Warned { parts: vec![part; 7], labels: TextList::from_wire("") }.to_string();
        assert_eq!(text.lines().count(), 6);
        assert!(
            text.starts_with("  from 1 to 9 s: alarm, highest anomaly score 1.50, reported state unknown\n"),
            "{text}"
        );
        assert!(text.ends_with("  and 2 more\n"), "{text}");
    }
}
