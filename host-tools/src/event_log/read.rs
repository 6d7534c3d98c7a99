//! Records of the CSV of `firmware events --csv`; its columns: `docs/guide/event-log.md`.

use std::io::Read;

use anyhow::{Context, ensure};
use jiff::Timestamp;
use serde::Deserialize;

use crate::console::one_line;

/// The columns as they stand in the file. Those that the course does not need may be absent.
#[derive(Debug, Deserialize)]
struct Row {
    number: u64,
    time: String,
    clock: String,
    up_s: f64,
    event: String,
    state: Option<String>,
    #[serde(default)]
    previous: Option<String>,
    #[serde(default)]
    confidence: Option<f64>,
    active: Option<bool>,
    cause: Option<String>,
    #[serde(default)]
    unacknowledged: Option<bool>,
    #[serde(default)]
    by: Option<String>,
    seconds: Option<f64>,
    #[serde(default)]
    detail: Option<String>,
    #[serde(default)]
    clip: Option<String>,
    /// Logs of before this column have none.
    #[serde(default)]
    explanation: Option<String>,
}

/// One event of the device.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Record {
    /// Counts all records of the device; a jump is a loss.
    pub number: u64,
    /// Seconds since 1970, by the device's clock.
    pub at_s: f64,
    /// How well the time is known: `synchronised`, `corrected` or `unsynchronised`.
    pub clock: String,
    /// Seconds since the program's start.
    pub up_s: f64,
    /// The kind of event.
    pub event: String,
    /// The state from now on, or that of an alarm or a duration.
    pub state: Option<String>,
    /// Of a change: the state before, and the confidence of the new one.
    pub previous: Option<String>,
    pub confidence: Option<f64>,
    /// Of an alarm or a warning: raised or ended.
    pub active: Option<bool>,
    /// Of an alarm or a warning.
    pub cause: Option<String>,
    /// Of an alarm: whether it is unacknowledged.
    pub unacknowledged: Option<bool>,
    /// The way by which alarms were acknowledged.
    pub by: Option<String>,
    /// Of a duration, in seconds.
    pub seconds: Option<f64>,
    /// Version, model, number of lost records, or why a clip has no sound.
    pub detail: Option<String>,
    /// Name of the file with the sound around an alarm.
    pub clip: Option<String>,
    /// Of an alarm or a warning that was raised: what moved in the sound, as one line.
    pub explanation: Option<String>,
}

impl Record {
    /// Whether a time server set the clock in that run.
    pub(crate) fn is_dated(&self) -> bool {
        self.clock != "unsynchronised"
    }
}

/// Reads all records of `csv`, which is called `name` in errors.
///
/// # Errors
/// When it is not the output of `firmware events --csv`, or holds no record.
pub(crate) fn read(csv: impl Read, name: &str) -> anyhow::Result<Vec<Record>> {
    const REMEDY: &str = "give the output of `firmware events --csv`";
    let mut reader = csv::Reader::from_reader(csv);
    let mut records = Vec::new();
    for (row, line) in reader.deserialize::<Row>().zip(2_u64..) {
        let row = row.with_context(|| format!("{name} cannot be read as an event log; {REMEDY}"))?;
        let time: Timestamp = row
            .time
            .parse()
            .with_context(|| format!("{name}, record {line}: time {:?} is no moment in UTC; {REMEDY}", row.time))?;
        ensure!(
            row.seconds.is_none_or(|seconds| seconds.is_finite() && seconds >= 0.0) && row.up_s.is_finite(),
            "{name}, record {line}: a number of seconds is out of range; {REMEDY}"
        );
        records.push(Record {
            number: row.number,
            at_s: time.as_millisecond() as f64 / 1e3,
            clock: row.clock,
            up_s: row.up_s,
            event: row.event,
            state: row.state,
            previous: row.previous,
            confidence: row.confidence,
            active: row.active,
            cause: row.cause,
            unacknowledged: row.unacknowledged,
            by: row.by,
            seconds: row.seconds,
            detail: row.detail,
            clip: row.clip,
            explanation: row.explanation.map(|text| one_line(&text)),
        });
    }
    ensure!(!records.is_empty(), "{name} holds no event; {REMEDY}");
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `firmware events --csv` prints it.
    const HEADER: &str =
        "number,time,clock,up_s,event,state,previous,confidence,active,cause,unacknowledged,by,seconds,detail,clip\r\n";

    #[test]
    fn records_have_the_columns_of_the_firmware() {
        let rows = "7,2026-11-25T14:30:00.500Z,synchronised,0.500,start,,,,,,,,,0.1.0,\r\n\
                    8,2026-11-25T14:36:31.412Z,corrected,391.412,alarm,\"a,b\",,,true,state,true,,,,\r\n";
        let records = read(format!("{HEADER}{rows}").as_bytes(), "events.csv").unwrap();
        assert_eq!((records[0].number, records[0].event.as_str(), records[0].at_s), (7, "start", 1_795_617_000.5));
        let alarm = &records[1];
        assert_eq!(
            (alarm.state.as_deref(), alarm.active, alarm.cause.as_deref()),
            (Some("a,b"), Some(true), Some("state"))
        );
        assert!(alarm.is_dated());
    }

    #[test]
    fn what_moved_is_read_and_logs_without_it_too() {
        let header = HEADER.replace("clip\r\n", "clip,explanation\r\n");
        let rows = "8,2026-11-25T14:36:31.412Z,corrected,391.412,alarm,on,,,true,anomaly,true,,,,,\"56-71 Hz +11.2 dB (rumble, tap)\"\r\n\
                    9,2026-11-25T14:37:31.412Z,corrected,451.412,alarm,on,,,false,anomaly,,,,,,\r\n";
        let records = read(format!("{header}{rows}").as_bytes(), "events.csv").unwrap();
        assert_eq!(records[0].explanation.as_deref(), Some("56-71 Hz +11.2 dB (rumble, tap)"));
        assert_eq!(records[1].explanation, None);
        let older =
            format!("{HEADER}8,2026-11-25T14:36:31.412Z,corrected,391.412,alarm,on,,,true,anomaly,true,,,,\r\n");
        assert_eq!(read(older.as_bytes(), "events.csv").unwrap()[0].explanation, None);
    }

    #[test]
    fn another_file_is_named_with_the_remedy() {
        for (text, part) in [
            ("a,b\n1,2\n", "missing field"),
            (HEADER, "no event"),
            (&format!("{HEADER}7,yesterday,synchronised,0.5,start,,,,,,,,,,\n"), "record 2: time \"yesterday\""),
            (&format!("{HEADER}7,2026-11-25T14:30:00Z,synchronised,0.5,duration,a,,,,,,,-1,,\n"), "out of range"),
        ] {
            let error = format!("{:#}", read(text.as_bytes(), "events.csv").unwrap_err());
            assert!(
                error.contains("events.csv") && error.contains("firmware events --csv") && error.contains(part),
                "{error}"
            );
        }
    }
}
