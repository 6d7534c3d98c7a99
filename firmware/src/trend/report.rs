//! From the days of a history to what is reported.

use monitor_core::anomaly::score;
use monitor_core::trend::{Course, DaysTo, Drift, MAX_DAYS, STATES, Shift, forecast, position};
use monitor_wire::{self as wire, DaySpan};

use super::history::History;
use crate::reporting::{StateTrend, TrendDay, TrendReport};

/// The anomaly scores from which there is a warning and an alarm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// The warning level.
    pub warning: f32,
    /// The alarm level.
    pub alarm: f32,
}

/// The report of a history. Without `limits` nothing is forecast.
pub fn report(history: &History, limits: Option<Limits>) -> TrendReport {
    let states: Vec<StateTrend> = (0..STATES as u16).filter_map(|state| state_trend(history, state, limits)).collect();
    // The state that may reach its level first.
    let rising = states.iter().filter(|state| state.course == wire::Course::Rising);
    let first = rising.min_by_key(|state| state.to_warning.map_or(u16::MAX, |days| days.earliest));
    let course = match first {
        Some(_) => wire::Course::Rising,
        None if states.iter().any(|state| state.course == wire::Course::Steady) => wire::Course::Steady,
        None => wire::Course::TooFewDays,
    };
    let (drift, shift) = drift(history.drift());
    let summary = wire::Trend {
        days: history.days.len() as u16,
        course: course as u8,
        state: first.map(|state| state.state),
        to_warning: first.and_then(|state| state.to_warning),
        to_alarm: first.and_then(|state| state.to_alarm),
        drift: drift as u8,
        shift: shift as u8,
    };
    TrendReport { summary, states }
}

/// The days of one state; `None` where it has not occurred.
fn state_trend(history: &History, state: u16, limits: Option<Limits>) -> Option<StateTrend> {
    let of_state = |day: &super::day::ClosedDay| {
        let found = *day.states.iter().find(|of_day| of_day.state == state)?;
        Some(TrendDay {
            date: day.date,
            sound_h: day.sound_h,
            score: found.position.map(score),
            level_dbfs: found.level,
            seconds: found.seconds,
        })
    };
    let days: Vec<TrendDay> = history.days.iter().filter_map(of_state).collect();
    let today = of_state(&history.open.closed(history.sound_h()));
    if days.is_empty() && today.is_none() {
        return None;
    }
    let points = points(&days);
    let to = |limit: f32| forecast(&points, position(limit));
    let (course, to_warning) = limits.map_or((Course::Short, None), |limits| to(limits.warning));
    let to_alarm = limits.and_then(|limits| to(limits.alarm).1);
    let course = match course {
        Course::Short => wire::Course::TooFewDays,
        Course::Steady => wire::Course::Steady,
        Course::Rising => wire::Course::Rising,
    };
    Some(StateTrend { state, course, to_warning: to_warning.map(span), to_alarm: to_alarm.map(span), days, today })
}

/// The newest days with a score: by their dates if all have one in order, otherwise by 24 hours of sound.
fn points(days: &[TrendDay]) -> Vec<monitor_core::trend::Day> {
    let days: Vec<&TrendDay> = days.iter().filter(|day| day.score.is_some()).collect();
    let days = &days[days.len().saturating_sub(MAX_DAYS)..];
    let dated =
        days.iter().all(|day| day.date.is_some()) && days.is_sorted_by(|before, after| before.date < after.date);
    let first = days.first().and_then(|day| day.date).unwrap_or(0);
    let at = |day: &TrendDay| match day.date {
        Some(date) if dated => (date - first) as f32,
        _ => (day.sound_h / 24.0) as f32,
    };
    days.iter().filter_map(|day| Some(monitor_core::trend::Day { at: at(day), value: position(day.score?) })).collect()
}

fn span(days: DaysTo) -> DaySpan {
    DaySpan { earliest: days.earliest, latest: days.latest }
}

fn drift(drift: Drift) -> (wire::Drift, wire::Shift) {
    let shift = |shift| match shift {
        Shift::Louder => wire::Shift::Louder,
        Shift::Quieter => wire::Shift::Quieter,
        Shift::Unlike => wire::Shift::Unlike,
    };
    match drift {
        Drift::Learning => (wire::Drift::Learning, wire::Shift::None),
        Drift::None => (wire::Drift::None, wire::Shift::None),
        Drift::Part(found) => (wire::Drift::Part, shift(found)),
        Drift::Single(found) => (wire::Drift::Single, shift(found)),
        Drift::All(found) => (wire::Drift::All, shift(found)),
    }
}
