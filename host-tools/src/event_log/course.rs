//! From events to what held over time.
//!
//! A run lasts from a start to the stop, or to its last record after a power cut. A state holds until the next one or the end of
//! its run, and so does an alarm. Time between two runs is a gap. Runs in which no time server set the clock have no place in time:
//! they count in the hours, and are drawn only if there is no other run.

use std::collections::{BTreeMap, BTreeSet};

use super::Record;

/// The name of the state that is none.
const UNKNOWN: &str = "unknown";

/// A part of the time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Span {
    /// Begin, in seconds since 1970.
    pub from_s: f64,
    /// End, in seconds since 1970.
    pub to_s: f64,
    /// The state, an index into [`Course::states`]; `None` is unknown, or of no state.
    pub state: Option<usize>,
}

/// An alarm or a warning.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Raised {
    /// Its cause, as `anomaly`.
    pub cause: String,
    /// Whether it is only a warning.
    pub is_warning: bool,
    /// When it was raised, in seconds since 1970.
    pub from_s: f64,
    /// When it or its run ended.
    pub to_s: f64,
    /// What moved in the sound when it was raised, as one line.
    pub explanation: Option<String>,
}

/// The course of a device's time.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Course {
    /// First and last moment, in seconds since 1970.
    pub from_s: f64,
    /// See [`from_s`](Self::from_s).
    pub to_s: f64,
    /// Names of the states in alphabetical order, as in a data set.
    pub states: Vec<String>,
    /// The reported states, in their order.
    pub band: Vec<Span>,
    /// Time between runs.
    pub gaps: Vec<Span>,
    /// Alarms and warnings, by their begin.
    pub raised: Vec<Raised>,
    /// When alarms were acknowledged, in seconds since 1970.
    pub acknowledged: Vec<f64>,
    /// Hours of each state, the last entry is unknown: from the records of durations, or from the band if there is none.
    pub hours: Vec<f64>,
    /// Whether the hours are from records of durations, which count processed sound.
    pub hours_are_recorded: bool,
    /// Number of records.
    pub records: usize,
    /// Number of records missing from the sequence.
    pub lost: u64,
    /// Number of runs.
    pub runs: usize,
    /// Number of runs without a known date that are not drawn.
    pub undated_runs: usize,
}

impl Course {
    /// Follows `records`, of which there is at least one.
    pub(crate) fn from_records(records: &[Record]) -> Self {
        let names: BTreeSet<&str> = records.iter().filter_map(|record| record.state.as_deref()).collect();
        let states: Vec<String> = names.into_iter().filter(|name| *name != UNKNOWN).map(String::from).collect();
        let runs: Vec<&[Record]> =
            records.chunk_by(|before, next| next.event != "start" && next.up_s >= before.up_s).collect();
        let is_dated = |run: &&[Record]| run.iter().any(|record| record.is_dated());
        let any_dated = runs.iter().any(is_dated);
        let drawn: Vec<&[Record]> = runs.iter().copied().filter(|run| !any_dated || is_dated(run)).collect();
        let jump = |pair: &[Record]| pair[1].number.saturating_sub(pair[0].number).saturating_sub(1);
        let mut course = Self {
            states,
            records: records.len(),
            lost: records.windows(2).map(jump).sum(),
            runs: runs.len(),
            undated_runs: runs.len() - drawn.len(),
            from_s: f64::INFINITY,
            to_s: f64::NEG_INFINITY,
            ..Self::default()
        };
        for run in drawn {
            course.add(run);
        }
        course.add_hours(records);
        course
    }

    fn add(&mut self, run: &[Record]) {
        let times = || run.iter().map(|record| record.at_s);
        let (from_s, to_s) = (times().fold(f64::INFINITY, f64::min), times().fold(f64::NEG_INFINITY, f64::max));
        if self.to_s < from_s && self.to_s.is_finite() {
            self.gaps.push(Span { from_s: self.to_s, to_s: from_s, state: None });
        }
        (self.from_s, self.to_s) = (self.from_s.min(from_s), self.to_s.max(to_s));
        let (mut since, mut state) = (from_s, None);
        let mut open: BTreeMap<(bool, &str), (f64, Option<&str>)> = BTreeMap::new();
        for record in run {
            match record.event.as_str() {
                "state" => {
                    self.span(since, record.at_s, state);
                    (since, state) = (record.at_s, self.index(record.state.as_deref()));
                }
                kind @ ("alarm" | "warning") => {
                    let key = (kind == "warning", record.cause.as_deref().unwrap_or("other"));
                    if record.active == Some(true) {
                        open.entry(key).or_insert((record.at_s, record.explanation.as_deref()));
                    } else if let Some(raised) = open.remove(&key) {
                        self.raise(key, raised, record.at_s);
                    }
                }
                "acknowledged" => self.acknowledged.push(record.at_s),
                _ => {}
            }
        }
        self.span(since, to_s, state);
        for (key, raised) in open {
            self.raise(key, raised, to_s);
        }
        self.raised.sort_by(|a, b| a.from_s.total_cmp(&b.from_s));
    }

    fn index(&self, name: Option<&str>) -> Option<usize> {
        self.states.iter().position(|state| Some(state.as_str()) == name)
    }

    fn span(&mut self, from_s: f64, to_s: f64, state: Option<usize>) {
        if from_s < to_s {
            self.band.push(Span { from_s, to_s, state });
        }
    }

    fn raise(&mut self, (is_warning, cause): (bool, &str), (from_s, why): (f64, Option<&str>), to_s: f64) {
        let explanation = why.map(str::to_owned);
        self.raised.push(Raised { cause: cause.to_string(), is_warning, from_s, to_s: to_s.max(from_s), explanation });
    }

    fn add_hours(&mut self, records: &[Record]) {
        let durations: Vec<_> = records.iter().filter(|record| record.event == "duration").collect();
        self.hours_are_recorded = !durations.is_empty();
        let mut hours = vec![0.0; self.states.len() + 1];
        let unknown = self.states.len();
        for record in durations {
            let place = self.index(record.state.as_deref()).unwrap_or(unknown);
            hours[place] += record.seconds.unwrap_or(0.0) / 3600.0;
        }
        if !self.hours_are_recorded {
            for span in &self.band {
                hours[span.state.unwrap_or(unknown)] += (span.to_s - span.from_s) / 3600.0;
            }
        }
        self.hours = hours;
    }

    /// The name of a state.
    pub(crate) fn name(&self, state: Option<usize>) -> &str {
        state.and_then(|state| self.states.get(state)).map_or(UNKNOWN, String::as_str)
    }

    /// Hours between runs.
    pub(crate) fn gap_hours(&self) -> f64 {
        self.gaps.iter().map(|gap| (gap.to_s - gap.from_s) / 3600.0).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records of one run from `start_s` on: second in the run, kind, state or cause, active.
    fn run(number: u64, start_s: f64, events: &[(f64, &str, &str, Option<bool>)]) -> Vec<Record> {
        (number..)
            .zip(events)
            .map(|(number, (up_s, event, name, active))| Record {
                number,
                at_s: start_s + up_s,
                clock: "synchronised".into(),
                up_s: *up_s,
                event: event.to_string(),
                state: (active.is_none() && !name.is_empty()).then(|| name.to_string()),
                active: *active,
                cause: active.map(|_| name.to_string()),
                ..Record::default()
            })
            .collect()
    }

    fn spans(spans: &[Span]) -> Vec<(f64, f64, Option<usize>)> {
        spans.iter().map(|span| (span.from_s, span.to_s, span.state)).collect()
    }

    #[test]
    fn a_state_holds_until_the_next_one_and_a_power_cut_is_a_gap() {
        let first = run(1, 0.0, &[(0.0, "start", "", None), (2.0, "state", "on", None), (9.0, "clock", "", None)]);
        let second = run(
            4,
            20.0,
            &[
                (0.0, "start", "", None),
                (1.0, "state", "off", None),
                (5.0, "state", "unknown", None),
                (6.0, "stop", "", None),
            ],
        );
        let course = Course::from_records(&[first, second].concat());
        assert_eq!(course.states, ["off", "on"]);
        assert_eq!(
            spans(&course.band),
            [(0.0, 2.0, None), (2.0, 9.0, Some(1)), (20.0, 21.0, None), (21.0, 25.0, Some(0)), (25.0, 26.0, None)]
        );
        assert_eq!(spans(&course.gaps), [(9.0, 20.0, None)]);
        assert_eq!((course.runs, course.lost, course.hours_are_recorded), (2, 0, false));
        assert!(
            course.hours.iter().zip([4.0, 7.0, 4.0]).all(|(hours, seconds)| (hours * 3600.0 - seconds).abs() < 1e-9)
        );
    }

    #[test]
    fn alarms_last_until_they_or_their_run_end_and_an_end_without_a_begin_is_none() {
        let events = [
            (0.0, "start", "", None),
            (0.5, "alarm", "anomaly", Some(false)),
            (1.0, "warning", "anomaly", Some(true)),
            (2.0, "alarm", "anomaly", Some(true)),
            (4.0, "warning", "anomaly", Some(false)),
            (5.0, "acknowledged", "anomaly", None),
            (7.0, "stop", "", None),
        ];
        let mut records = run(1, 100.0, &events);
        records[3].explanation = Some("56-71 Hz +11.2 dB".into());
        let course = Course::from_records(&records);
        let why: Vec<_> = course.raised.iter().map(|of| of.explanation.as_deref()).collect();
        assert_eq!(why, [None, Some("56-71 Hz +11.2 dB")]);
        let raised: Vec<_> = course.raised.iter().map(|of| (of.is_warning, of.from_s, of.to_s)).collect();
        assert_eq!(raised, [(true, 101.0, 104.0), (false, 102.0, 107.0)]);
        assert_eq!(course.acknowledged, [105.0]);
    }

    #[test]
    fn recorded_durations_are_the_hours_and_missing_records_are_counted() {
        let mut records = run(
            1,
            0.0,
            &[(0.0, "start", "", None), (3600.0, "duration", "on", None), (3600.0, "duration", "unknown", None)],
        );
        records[1].seconds = Some(3000.0);
        records[2].seconds = Some(360.0);
        records[2].number = 9;
        let course = Course::from_records(&records);
        assert!((course.hours[0] - 3000.0 / 3600.0).abs() < 1e-12 && (course.hours[1] - 0.1).abs() < 1e-12);
        assert_eq!((course.hours_are_recorded, course.lost), (true, 6));
    }

    #[test]
    fn a_run_without_a_date_is_left_out_unless_there_is_no_other() {
        let dated = run(1, 1000.0, &[(0.0, "start", "", None), (5.0, "stop", "", None)]);
        let mut undated = run(3, 7.0, &[(0.0, "start", "", None), (5.0, "stop", "", None)]);
        undated.iter_mut().for_each(|record| record.clock = "unsynchronised".into());
        let both = Course::from_records(&[dated, undated.clone()].concat());
        assert_eq!((both.from_s, both.to_s, both.undated_runs), (1000.0, 1005.0, 1));
        let alone = Course::from_records(&undated);
        assert_eq!((alone.from_s, alone.undated_runs), (7.0, 0));
    }
}
