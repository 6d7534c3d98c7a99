//! The log as a table: text for people, CSV, and the times of records.

use std::fmt::Write;

use monitor_model::event_columns::COLUMNS;

use super::{Record, RecordKind};
use crate::sinks::csv::quoted;
use crate::system::clock;

/// The records as text: comma-separated values, or lines for people.
pub fn text(records: &[Record], csv: bool) -> String {
    let mut text = String::new();
    if csv {
        let _ = write!(text, "{}\r\n", COLUMNS.map(|column| column.name).join(","));
    }
    for (record, time) in records.iter().zip(times(records)) {
        let columns = columns(record, &time);
        if csv {
            let quoted: Vec<_> = columns.iter().map(|column| quoted(column)).collect();
            let _ = write!(text, "{}\r\n", quoted.join(","));
        } else {
            let present = COLUMNS.iter().zip(&columns).skip(5).filter(|(_, value)| !value.is_empty());
            let named: Vec<String> = present.map(|(column, value)| format!("{} {value}", column.name)).collect();
            let doubt = if columns[2] == "unsynchronised" { "?" } else { "" };
            let _ = writeln!(text, "{}{doubt} {} {}", columns[1], columns[4], named.join(", "));
        }
    }
    text
}

/// When a record was made, and how well that is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Time {
    /// Milliseconds since 1970.
    pub(crate) unix_ms: u64,
    /// `synchronised`, `corrected` or `unsynchronised`.
    pub(crate) clock: &'static str,
}

/// The times of all records. In a run in which the clock was set later, what came before is known by the time since the start.
pub(crate) fn times(records: &[Record]) -> Vec<Time> {
    // What to add to the time since the start: of the run that is looked at, from its end on.
    let mut known: Option<u64> = None;
    let mut times: Vec<Time> = Vec::with_capacity(records.len());
    for record in records.iter().rev() {
        times.push(match known {
            _ if record.synchronised => Time { unix_ms: record.unix_ms, clock: "synchronised" },
            Some(start_ms) => Time { unix_ms: start_ms.saturating_add(record.up_ms), clock: "corrected" },
            None => Time { unix_ms: record.unix_ms, clock: "unsynchronised" },
        });
        if record.synchronised {
            known = Some(record.unix_ms.saturating_sub(record.up_ms));
        }
        if record.event == RecordKind::Start {
            known = None;
        }
    }
    times.reverse();
    times
}

/// The values of [`COLUMNS`]. Each event has its part of them, the others are empty.
fn columns(record: &Record, time: &Time) -> [String; COLUMNS.len()] {
    let text_of = |text: &Option<String>| text.clone().unwrap_or_default();
    let truth_of = |truth: Option<bool>| truth.map_or(String::new(), |truth| truth.to_string());
    [
        record.number.to_string(),
        clock::utc(time.unix_ms),
        time.clock.into(),
        format!("{:.3}", record.up_ms as f64 / 1e3),
        record.event.name().into(),
        text_of(&record.state),
        text_of(&record.previous),
        record.confidence.map_or(String::new(), |confidence| format!("{confidence:.4}")),
        truth_of(record.active),
        cause(record).cloned().unwrap_or_default(),
        truth_of(record.unacknowledged),
        text_of(&record.by),
        record.seconds.map_or(String::new(), |seconds| seconds.to_string()),
        detail(record).unwrap_or_default(),
        text_of(&record.clip),
        text_of(&record.explanation),
    ]
}

/// Why, or what was acknowledged.
pub(crate) fn cause(record: &Record) -> Option<&String> {
    record.causes.as_ref().or(record.cause.as_ref())
}

/// What only one kind of event has.
pub(crate) fn detail(record: &Record) -> Option<String> {
    let sum = record.sha256.as_deref().unwrap_or_default();
    let model = record.model.as_ref().map(|model| format!("{model} {sum}"));
    let dropped = record.count.map(|count| count.to_string());
    let withheld = record.withheld.as_ref().map(|why| format!("sound withheld: {why}"));
    record.version.clone().or(model).or(dropped).or(withheld)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(unix_ms: u64, synchronised: bool, up_ms: u64, event: RecordKind) -> Record {
        Record { unix_ms, synchronised, up_ms, event, ..Record::default() }
    }

    #[test]
    fn times_before_the_clock_was_set_are_corrected_within_the_run_and_marked_in_all_others() {
        let records = [
            record(5, false, 0, RecordKind::Start),
            record(1005, false, 1000, RecordKind::Stop),
            record(7, false, 0, RecordKind::Start),
            record(2007, false, 2000, RecordKind::Clock),
            record(1_764_072_005_000, true, 5000, RecordKind::Clock),
            record(1_764_072_006_000, true, 6000, RecordKind::Stop),
        ];
        let known: Vec<(u64, &str)> = times(&records).iter().map(|time| (time.unix_ms, time.clock)).collect();
        assert_eq!(
            known,
            [
                (5, "unsynchronised"),
                (1005, "unsynchronised"),
                (1_764_072_000_000, "corrected"),
                (1_764_072_002_000, "corrected"),
                (1_764_072_005_000, "synchronised"),
                (1_764_072_006_000, "synchronised"),
            ]
        );
    }

    #[test]
    fn values_are_in_the_order_of_the_columns() {
        let (previous, state) = (Some("unknown".into()), Some("on_state".into()));
        let change = Record {
            number: 1,
            previous,
            state,
            confidence: Some(0.5),
            ..record(1_764_072_000_123, true, 391_200, RecordKind::State)
        };
        let table = "number,time,clock,up_s,event,state,previous,confidence,active,cause,unacknowledged,by,seconds,detail,clip,explanation\r\n\
                     1,2025-11-25T12:00:00.123Z,synchronised,391.200,state,on_state,unknown,0.5000,,,,,,,,\r\n";
        assert_eq!(text(&[change], true), table);
    }
}
