//! One record of the log: a line of JSON with its check sum.

use serde::{Deserialize, Serialize};

/// Something that happened, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Counts all records of a device, over restarts too.
    pub number: u64,
    /// Milliseconds since 1970 by the device's clock.
    pub unix_ms: u64,
    /// Whether that clock followed a time server then.
    pub synchronised: bool,
    /// Milliseconds since the program's start.
    pub up_ms: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The program was started.
    Start {
        /// Its version.
        version: String,
    },
    /// It listens with this model from now on.
    Model {
        /// Name of the model's file.
        model: String,
        /// SHA-256 of it, in hexadecimal.
        sha256: String,
    },
    /// The reported state changed.
    State {
        /// The state before.
        previous: String,
        /// The state from now on.
        state: String,
        /// Its smoothed probability.
        confidence: f32,
    },
    /// An alarm was raised or has ended.
    Alarm {
        /// Whether it was raised.
        active: bool,
        /// Why.
        cause: String,
        /// The reported state.
        state: String,
        /// Whether it is yet to be acknowledged.
        unacknowledged: bool,
    },
    /// Alarms were acknowledged.
    Acknowledged {
        /// Their causes, with spaces between them.
        causes: String,
        /// By which way.
        by: String,
    },
    /// The device's clock follows a time server from now on, or no longer does, as `synchronised` of the record says.
    Clock {},
    /// So long was a state reported since the record of this kind before it, or the start.
    Duration {
        /// The state.
        state: String,
        /// Seconds of sound.
        seconds: f64,
    },
    /// Records or reports that found no room before this one.
    Dropped {
        /// How many.
        count: u64,
    },
    /// The program has ended in good order.
    Stop {},
}

/// CRC-32 as in Ethernet and zip.
const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);

/// Longest text in a record, in characters.
const LONGEST_TEXT: usize = 100;

/// A text of a model in a bounded length.
pub fn text(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).collect()
}

impl Record {
    /// The record as a line: JSON, a tab, the check sum of the JSON in hexadecimal, the line's end.
    pub fn line(&self) -> Vec<u8> {
        // Numbers and texts, into memory: it cannot fail.
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        let sum = CRC.checksum(&line);
        line.extend(format!("\t{sum:08x}\n").bytes());
        line
    }

    /// Reads a line without its end; `None` for one that is torn or was never one.
    pub fn read(line: &[u8]) -> Option<Self> {
        let (json, sum) = line.split_last_chunk::<9>()?;
        let sum = std::str::from_utf8(sum.strip_prefix(b"\t")?).ok()?;
        (u32::from_str_radix(sum, 16).ok()? == CRC.checksum(json)).then(|| serde_json::from_slice(json).ok())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(event: Event) -> Record {
        Record { number: 7, unix_ms: 1_764_072_000_123, synchronised: false, up_ms: 391_200, event }
    }

    #[test]
    fn every_event_is_read_as_it_was_written() {
        let name = || "on_state, \"quoted\"\n".to_string();
        for event in [
            Event::Start { version: name() },
            Event::Model { model: name(), sha256: name() },
            Event::State { previous: name(), state: name(), confidence: 0.83 },
            Event::Alarm { active: true, cause: name(), state: name(), unacknowledged: true },
            Event::Acknowledged { causes: name(), by: name() },
            Event::Clock {},
            Event::Duration { state: name(), seconds: 3600.48 },
            Event::Dropped { count: 3 },
            Event::Stop {},
        ] {
            let line = record(event.clone()).line();
            assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
            assert_eq!(Record::read(&line[..line.len() - 1]), Some(record(event)));
        }
    }

    #[test]
    fn a_line_with_any_byte_changed_or_missing_is_no_record() {
        let line = record(Event::Stop {}).line();
        let line = &line[..line.len() - 1];
        for place in 0..line.len() {
            let mut other = line.to_vec();
            other[place] ^= 0x04;
            assert_eq!(Record::read(&other), None, "{place}");
            other.remove(place);
            assert_eq!(Record::read(&other), None, "{place}");
            assert_eq!(Record::read(&line[..place]), None);
        }
    }

    #[test]
    fn the_check_sum_is_the_documented_one() {
        assert_eq!(CRC.checksum(b"123456789"), 0xCBF4_3926);
    }
}
