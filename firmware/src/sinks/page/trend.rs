//! The daily medians of every state, for the screen *History* and as a table.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use monitor_model::trend_line::course_name;
use monitor_wire::DaySpan;
use serde_json::{Value, json};

use super::answer;
use super::shared::Shared;
use crate::alarms::sensitivity::Values;
use crate::reporting::{Snapshot, TrendDay};
use crate::sinks::csv::quoted;
use crate::system::clock;

/// The columns of the table.
const HEADER: &str = "state,date,sound_h,score,level_dbfs,hours,complete";

/// `GET api/trend`.
pub(super) async fn trend(State(shared): State<Arc<Shared>>) -> Response {
    let levels = shared.alarms.sensitivity.now();
    answer::json(&described(&shared.now().snapshot, levels))
}

/// `GET api/trend.csv`.
pub(super) async fn csv(State(shared): State<Arc<Shared>>) -> Response {
    let text = table(&shared.now().snapshot);
    answer::download("text/csv; charset=utf-8", "attachment; filename=\"trend.csv\"", text)
}

/// A day as its date in UTC.
fn date(day: &TrendDay) -> Option<String> {
    day.date.map(|days| clock::utc(u64::from(days) * 86_400_000).chars().take(10).collect())
}

/// A number as short as it is meant.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn described(now: &Snapshot, levels: Option<Values>) -> Value {
    let day = |day: &TrendDay| {
        json!({
            "date": date(day),
            "sound_h": rounded(day.sound_h),
            "score": day.score.map(|score| rounded(score.into())),
            "level_dbfs": rounded(day.level_dbfs.into()),
            "hours": rounded(day.seconds / 3600.0),
        })
    };
    let span = |span: Option<DaySpan>| span.map(|span| [span.earliest, span.latest]);
    let states = now.trend.iter().flat_map(|report| &report.states).map(|state| {
        json!({
            "state": now.name(Some(state.state)),
            "course": course_name(state.course as u8),
            "days_to_warning": span(state.to_warning),
            "days_to_alarm": span(state.to_alarm),
            "days": state.days.iter().map(day).collect::<Vec<_>>(),
            "today": state.today.as_ref().map(day),
        })
    });
    json!({
        "alarm_level": levels.map(|[alarm, ..]| alarm),
        "warning_level": levels.map(|[.., warning]| warning),
        "states": states.collect::<Vec<_>>(),
    })
}

fn table(now: &Snapshot) -> String {
    let mut text = format!("{HEADER}\r\n");
    for state in now.trend.iter().flat_map(|report| &report.states) {
        let name = quoted(&now.name(Some(state.state)));
        let days = state.days.iter().map(|day| (day, true)).chain(state.today.iter().map(|day| (day, false)));
        for (day, complete) in days {
            let score = day.score.map_or(String::new(), |score| format!("{score:.3}"));
            let (date, hours) = (date(day).unwrap_or_default(), day.seconds / 3600.0);
            // Writing to a text cannot fail.
            let _ = write!(
                text,
                "{name},{date},{:.3},{score},{:.1},{hours:.3},{complete}\r\n",
                day.sound_h, day.level_dbfs
            );
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use monitor_wire::Course;

    use super::*;
    use crate::reporting::{DeviceInfo, Event, Item, StateTrend, TrendReport};

    fn snapshot() -> Snapshot {
        let day = |date, score| TrendDay { date, sound_h: 24.0, score, level_dbfs: -31.26, seconds: 7200.0 };
        let state = StateTrend {
            state: 1,
            course: Course::Rising,
            to_warning: Some(DaySpan { earliest: 3, latest: 9 }),
            to_alarm: None,
            days: vec![day(None, None), day(Some(20_000), Some(0.25))],
            today: Some(day(Some(20_001), Some(0.5))),
        };
        let mut now = Snapshot::default();
        let labels = ["off", "on, \"loaded\""].into_iter().collect();
        let hello = Event::Hello(Arc::new(DeviceInfo { labels, ..DeviceInfo::default() }));
        let trend = Event::Trend(Arc::new(TrendReport { states: vec![state], ..TrendReport::default() }));
        for event in [hello, trend] {
            now.apply(&Item { sequence: 0, time_us: 0, event });
        }
        now
    }

    #[test]
    fn every_day_of_every_state_is_described_with_the_forecast_and_the_levels() {
        let found = described(&snapshot(), Some([1.0, 2.0, 0.8]));
        let state = &found["states"][0];
        assert_eq!((&state["state"], &state["course"]), (&json!("on, \"loaded\""), &json!("rising")));
        assert_eq!((&state["days_to_warning"], &state["days_to_alarm"]), (&json!([3, 9]), &Value::Null));
        assert_eq!(
            state["days"],
            json!([
                { "date": null, "sound_h": 24.0, "score": null, "level_dbfs": -31.26, "hours": 2.0 },
                { "date": "2024-10-04", "sound_h": 24.0, "score": 0.25, "level_dbfs": -31.26, "hours": 2.0 },
            ])
        );
        assert_eq!((&state["today"]["date"], &found["alarm_level"]), (&json!("2024-10-05"), &json!(1.0)));
        assert_eq!(described(&Snapshot::default(), None)["states"], json!([]));
    }

    #[test]
    fn the_table_has_a_row_for_each_day_and_the_present_one_is_marked() {
        let expected = "state,date,sound_h,score,level_dbfs,hours,complete\r\n\
                        \"on, \"\"loaded\"\"\",,24.000,,-31.3,2.000,true\r\n\
                        \"on, \"\"loaded\"\"\",2024-10-04,24.000,0.250,-31.3,2.000,true\r\n\
                        \"on, \"\"loaded\"\"\",2024-10-05,24.000,0.500,-31.3,2.000,false\r\n";
        assert_eq!(table(&snapshot()), expected);
    }
}
