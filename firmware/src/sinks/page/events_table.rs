//! The event log as a Parquet table, with the columns that `host-tools history --parquet` writes.

use super::parquet::{Cells, Column, encode};
use crate::sinks::events::Record;
use crate::sinks::events::table::{cause, detail, times};

/// The records as a file.
pub(super) fn parquet(records: &[Record]) -> Vec<u8> {
    let times = times(records);
    let column = |name, cells| Column { name, cells };
    encode(
        "events",
        &[
            column("number", integers(records, |record| record.number)),
            column("time", Cells::Times(times.iter().map(|time| signed(time.unix_ms)).collect())),
            column("clock", Cells::Texts(times.iter().map(|time| time.clock.to_owned()).collect())),
            column("up_s", Cells::Reals(records.iter().map(|record| record.up_ms as f64 / 1e3).collect())),
            column("event", Cells::Texts(records.iter().map(|record| record.event.name().to_owned()).collect())),
            column("state", texts(records, |record| record.state.clone())),
            column("previous", texts(records, |record| record.previous.clone())),
            column("confidence", reals(records, |record| record.confidence.map(f64::from))),
            column("active", truths(records, |record| record.active)),
            column("cause", texts(records, |record| cause(record).cloned())),
            column("unacknowledged", truths(records, |record| record.unacknowledged)),
            column("by", texts(records, |record| record.by.clone())),
            column("seconds", reals(records, |record| record.seconds)),
            column("detail", texts(records, detail)),
            column("clip", texts(records, |record| record.clip.clone())),
            column("explanation", texts(records, |record| record.explanation.clone())),
        ],
    )
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn integers(records: &[Record], of: impl Fn(&Record) -> u64) -> Cells {
    Cells::Integers(records.iter().map(|record| signed(of(record))).collect())
}

fn reals(records: &[Record], of: impl Fn(&Record) -> Option<f64>) -> Cells {
    Cells::OptionalReals(records.iter().map(of).collect())
}

fn truths(records: &[Record], of: impl Fn(&Record) -> Option<bool>) -> Cells {
    Cells::OptionalTruths(records.iter().map(of).collect())
}

/// An empty text is none, as in the table of comma-separated values.
fn texts(records: &[Record], of: impl Fn(&Record) -> Option<String>) -> Cells {
    Cells::OptionalTexts(records.iter().map(|record| of(record).filter(|text| !text.is_empty())).collect())
}
