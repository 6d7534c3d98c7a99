//! States over time, from the records of the event log.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::log::{answered, records};
use super::shared::Shared;
use crate::sinks::events::table::{Time, times};
use crate::sinks::events::{Record, RecordKind};
use crate::system::clock;

/// Most spans of an answer; the oldest are left out.
const MOST: usize = 10_000;

/// The name of the state before the first change of a run.
const UNKNOWN: &str = "unknown";

/// `GET api/history`.
pub(super) async fn history(State(shared): State<Arc<Shared>>) -> Response {
    let folders = shared.folders.get();
    let read = spawn_blocking(move || {
        let records = records(&folders)?;
        let mut described = described(&records, &times(&records), clock::unix_ms());
        described["has_log"] = (!folders.events.as_os_str().is_empty()).into();
        Ok(described)
    });
    answered(&shared, read.await).await
}

/// Something that lasted: a state, or an alarm.
#[derive(Debug, Clone, PartialEq)]
struct Span {
    name: String,
    from_ms: u64,
    is_dated: bool,
}

/// Spans that have ended, and the names in them.
#[derive(Debug, Default)]
struct Spans {
    names: Vec<String>,
    /// From, to, index of the name, and whether a time server had set the clock.
    ended: Vec<(u64, u64, usize, bool)>,
}

impl Spans {
    /// Adds a span that ends at this time. Where the clock was set back meanwhile there is none.
    fn end(&mut self, span: Option<Span>, to_ms: u64) {
        let Some(Span { name, from_ms, is_dated }) = span.filter(|span| span.from_ms < to_ms) else { return };
        let known = self.names.iter().position(|known| *known == name);
        let index = known.unwrap_or_else(|| {
            self.names.push(name);
            self.names.len() - 1
        });
        self.ended.push((from_ms, to_ms, index, is_dated));
    }

    fn json(&self) -> Value {
        json!({ "names": self.names, "spans": self.ended[self.ended.len().saturating_sub(MOST)..] })
    }
}

/// The history of records whose times are `times`, until now.
fn described(records: &[Record], times: &[Time], now_ms: u64) -> Value {
    let (mut states, mut alarms) = (Spans::default(), Spans::default());
    let (mut state, mut raised): (Option<Span>, Vec<Span>) = (None, Vec::new());
    let mut last_ms = 0;
    for (record, time) in records.iter().zip(times) {
        let begin = |name: &str| {
            Some(Span { name: name.into(), from_ms: time.unix_ms, is_dated: time.clock != "unsynchronised" })
        };
        match record.event {
            RecordKind::Start | RecordKind::Stop => {
                // Without a record of the end, a run lasted at least until its last record.
                let end_ms = if record.event == RecordKind::Stop { time.unix_ms } else { last_ms };
                states.end(state.take(), end_ms);
                raised.drain(..).for_each(|alarm| alarms.end(Some(alarm), end_ms));
                state = begin(UNKNOWN).filter(|_| record.event == RecordKind::Start);
            }
            RecordKind::State => {
                states.end(state.take(), time.unix_ms);
                state = begin(record.state.as_deref().unwrap_or(UNKNOWN));
            }
            RecordKind::Alarm => {
                let cause = record.cause.as_deref().unwrap_or_default();
                let open = raised.iter().position(|alarm| alarm.name == cause);
                match (record.active, open) {
                    (Some(true), None) => raised.extend(begin(cause)),
                    (Some(false), Some(place)) => alarms.end(Some(raised.swap_remove(place)), time.unix_ms),
                    _ => {}
                }
            }
            _ => {}
        }
        last_ms = time.unix_ms;
    }
    // The program that answers is the last run.
    states.end(state, now_ms);
    raised.into_iter().for_each(|alarm| alarms.end(Some(alarm), now_ms));
    json!({ "now_ms": now_ms, "states": states.json(), "alarms": alarms.json() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(unix_ms: u64, event: RecordKind) -> Record {
        Record { unix_ms, synchronised: unix_ms > 100, event, ..Record::default() }
    }

    #[test]
    fn states_last_until_the_next_a_stop_or_the_last_record_of_a_run_that_was_cut() {
        let state = |at, name: &str| Record { state: Some(name.into()), ..record(at, RecordKind::State) };
        let alarm = |at, active| Record {
            active: Some(active),
            cause: Some("anomaly".into()),
            ..record(at, RecordKind::Alarm)
        };
        let records = [
            record(1000, RecordKind::Start),
            state(1010, "on"),
            alarm(1015, true),
            state(1020, "off"),
            record(1030, RecordKind::Stop),
            record(2000, RecordKind::Start),
            state(2005, "on"),
            record(2050, RecordKind::Duration),
            // A power cut; then a run whose clock is not set.
            record(10, RecordKind::Start),
            state(15, "off"),
        ];
        let found = described(&records, &times(&records), 40);
        let expected = json!({
            "names": ["unknown", "on", "off"],
            "spans": [
                [1000, 1010, 0, true], [1010, 1020, 1, true], [1020, 1030, 2, true],
                [2000, 2005, 0, true], [2005, 2050, 1, true],
                [10, 15, 0, false], [15, 40, 2, false],
            ],
        });
        assert_eq!(found["states"], expected);
        assert_eq!(found["alarms"], json!({ "names": ["anomaly"], "spans": [[1015, 1030, 0, true]] }));
    }
}
