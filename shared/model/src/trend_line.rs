//! A trend for people and as JSON.

use core::fmt;

use monitor_wire::{Course, DaySpan, Drift, Shift, TextList, Trend};
use serde::Serialize;
use serde::ser::SerializeMap;

use crate::line::StateName;

/// What to do when the model no longer fits.
pub const DRIFT_REMEDY: &str =
    "microphone or room changed? Check the microphone, then record a new baseline (firmware baseline)";

/// The name of a number of [`Course`].
pub fn course_name(course: u8) -> &'static str {
    match course {
        c if c == Course::TooFewDays as u8 => "too_few_days",
        c if c == Course::Steady as u8 => "steady",
        c if c == Course::Rising as u8 => "rising",
        _ => "other",
    }
}

/// The name of a number of [`Drift`].
pub fn drift_name(drift: u8) -> &'static str {
    match drift {
        d if d == Drift::Learning as u8 => "learning",
        d if d == Drift::None as u8 => "none",
        d if d == Drift::Part as u8 => "part",
        d if d == Drift::Single as u8 => "single",
        d if d == Drift::All as u8 => "all",
        _ => "other",
    }
}

/// The name of a number of [`Shift`].
pub fn shift_name(shift: u8) -> &'static str {
    match shift {
        s if s == Shift::None as u8 => "none",
        s if s == Shift::Louder as u8 => "louder",
        s if s == Shift::Quieter as u8 => "quieter",
        s if s == Shift::Unlike as u8 => "unlike",
        _ => "other",
    }
}

/// The course of the score in words.
#[derive(Debug, Clone, Copy)]
pub struct CourseText<'a> {
    /// The trend.
    pub trend: Trend,
    /// Class names in order.
    pub labels: TextList<'a>,
}

impl fmt::Display for CourseText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Trend { days, course, state, to_warning, to_alarm, .. } = self.trend;
        if course == Course::TooFewDays as u8 {
            return write!(f, "no trend yet: {days} days, of which a state needs 10");
        }
        if !self.trend.is_rising() {
            return write!(f, "no trend in {days} days");
        }
        write!(f, "rising in {}", StateName { labels: self.labels, state })?;
        let reach = |f: &mut fmt::Formatter<'_>, level: &str, days: Option<DaySpan>| match days {
            Some(DaySpan { latest: 0, .. }) => write!(f, ", the {level} level is reached"),
            Some(DaySpan { earliest, latest }) => {
                write!(f, ", reaches the {level} level in {earliest} to {latest} days")
            }
            None => Ok(()),
        };
        reach(f, "warning", to_warning)?;
        reach(f, "alarm", to_alarm)
    }
}

/// Whether the model still fits, in words.
#[derive(Debug, Clone, Copy)]
pub struct DriftText(pub Trend);

impl fmt::Display for DriftText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Trend { drift, shift, .. } = self.0;
        let shift = match shift {
            s if s == Shift::Louder as u8 => "louder",
            s if s == Shift::Quieter as u8 => "quieter",
            _ => "unlike before",
        };
        match drift {
            d if d == Drift::Learning as u8 => f.write_str("not judged yet: two weeks of days are needed"),
            d if d == Drift::Part as u8 => {
                write!(f, "some states are {shift}, others are not: the machine or its work")
            }
            d if d == Drift::Single as u8 => write!(
                f,
                "the only state is {shift}: the machine, or the microphone or room; with one state they cannot be told apart"
            ),
            d if d == Drift::All as u8 => write!(f, "the model no longer fits, all states are {shift}: {DRIFT_REMEDY}"),
            _ => f.write_str("the model fits"),
        }
    }
}

/// Adds the fields of a trend to a JSON object.
pub(crate) fn serialize<M: SerializeMap>(map: &mut M, trend: &Trend, labels: TextList<'_>) -> Result<(), M::Error> {
    let span = |days: Option<DaySpan>| days.map(|days| [days.earliest, days.latest]);
    let state = trend.state.map(|state| StateName { labels, state: Some(state) });
    map.serialize_entry("days", &trend.days)?;
    map.serialize_entry("course", course_name(trend.course))?;
    map.serialize_entry("state", &state)?;
    map.serialize_entry("days_to_warning", &span(trend.to_warning))?;
    map.serialize_entry("days_to_alarm", &span(trend.to_alarm))?;
    map.serialize_entry("drift", drift_name(trend.drift))?;
    map.serialize_entry("shift", shift_name(trend.shift))
}

/// A trend as a JSON object, without the kind and the times of a line.
#[derive(Debug, Clone, Copy)]
pub struct TrendJson<'a> {
    /// The trend.
    pub trend: Trend,
    /// Class names in order.
    pub labels: TextList<'a>,
}

impl Serialize for TrendJson<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        serialize(&mut map, &self.trend, self.labels)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rising() -> Trend {
        Trend {
            days: 28,
            course: Course::Rising as u8,
            state: Some(1),
            to_warning: Some(DaySpan { earliest: 12, latest: 30 }),
            to_alarm: None,
            drift: Drift::All as u8,
            shift: Shift::Quieter as u8,
        }
    }

    #[test]
    fn a_trend_names_state_level_and_days() {
        let text = |trend| CourseText { trend, labels: TextList::new(&["off", "on"]) }.to_string();
        assert_eq!(text(rising()), "rising in on, reaches the warning level in 12 to 30 days");
        let reached = Some(DaySpan { earliest: 0, latest: 0 });
        assert_eq!(text(Trend { to_warning: reached, ..rising() }), "rising in on, the warning level is reached");
        assert_eq!(text(Trend { days: 4, ..Trend::default() }), "no trend yet: 4 days, of which a state needs 10");
    }

    #[test]
    fn a_drift_states_what_has_shifted_and_what_to_do() {
        let text = DriftText(rising()).to_string();
        assert!(text.starts_with("the model no longer fits, all states are quieter: "), "{text}");
        assert!(text.ends_with("firmware baseline)") && text.len() < 255, "{text}");
    }
}
