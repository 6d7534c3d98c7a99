//! A frame for people (`Display`, one line) and for machines that prefer JSON (`Serialize`, one flat object).
//!
//! Device and workstation print the same text: both write [`Line`]s.

use core::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::trend_line::{self, CourseText, DriftText};

use monitor_core::microphone;

use crate::explanation::ExplanationText;

use monitor_wire::{
    AcknowledgedBy, AlarmCause, CaptureState, ClockState, Explanation, Floats, Frame, Health, Message, TextList,
    refused,
};

/// A frame with the labels that it refers to (as in [`monitor_wire::Hello::labels`]; empty before the first hello).
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// The frame.
    pub frame: Frame<'a>,
    /// Class names in order.
    pub labels: TextList<'a>,
}

/// A state by its name: its label, `unknown`, or `class 7` where the label is not known.
#[derive(Debug, Clone, Copy)]
pub struct StateName<'a> {
    /// Class names in order.
    pub labels: TextList<'a>,
    /// Index into the labels.
    pub state: Option<u16>,
}

impl fmt::Display for StateName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.state {
            None => f.pad("unknown"),
            Some(index) => match self.labels.get(index.into()) {
                Some(label) => f.pad(label),
                None => write!(f, "class {index}"),
            },
        }
    }
}

impl Serialize for StateName<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The name of a number of [`AlarmCause`].
pub fn cause_name(cause: u8) -> &'static str {
    match cause {
        c if c == AlarmCause::State as u8 => "state",
        c if c == AlarmCause::Anomaly as u8 => "anomaly",
        c if c == AlarmCause::NoSound as u8 => "no_sound",
        c if c == AlarmCause::Microphone as u8 => "microphone",
        _ => "other",
    }
}

/// The name of a number of [`AcknowledgedBy`].
pub fn by_name(by: u8) -> &'static str {
    match by {
        b if b == AcknowledgedBy::Signal as u8 => "signal",
        b if b == AcknowledgedBy::Gpio as u8 => "gpio",
        b if b == AcknowledgedBy::Mqtt as u8 => "mqtt",
        b if b == AcknowledgedBy::Modbus as u8 => "modbus",
        b if b == AcknowledgedBy::Page as u8 => "page",
        _ => "other",
    }
}

/// The name of a number of [`ClockState`].
pub fn clock_name(clock: u8) -> &'static str {
    match clock {
        c if c == ClockState::Synchronised as u8 => "synchronised",
        c if c == ClockState::Unsynchronised as u8 => "unsynchronised",
        _ => "unknown",
    }
}

/// Causes of alarm as bits, as in [`Health::alarms`].
#[derive(Debug, Clone, Copy)]
pub struct Causes {
    /// Bit *n* is the cause of number *n* of [`AlarmCause`].
    pub bits: u32,
}

impl Causes {
    /// Their names.
    pub fn names(self) -> impl Iterator<Item = &'static str> + Clone {
        (0..32).filter(move |bit| self.bits >> bit & 1 == 1).map(cause_name)
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        let known = (0..32).find(|cause| cause_name(*cause) == name && name != "other");
        known.map(|cause| Self { bits: 1 << cause })
    }
}

/// The name of a number of [`CaptureState`].
pub fn capture_name(state: u8) -> &'static str {
    match state {
        s if s == CaptureState::Opening as u8 => "opening",
        s if s == CaptureState::Running as u8 => "running",
        s if s == CaptureState::Recovering as u8 => "recovering",
        s if s == CaptureState::Absent as u8 => "absent",
        s if s == CaptureState::Ended as u8 => "ended",
        _ => "other",
    }
}

impl<'a> Line<'a> {
    fn name(&self, state: Option<u16>) -> StateName<'a> {
        StateName { labels: self.labels, state }
    }
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.frame.time_us as f64 / 1e6;
        write!(f, "[{seconds:.2}] ")?;
        match self.frame.message {
            Message::Hello(hello) => {
                write!(f, "HELLO {}, version {}, states:", hello.model, hello.build)?;
                hello.labels.iter().try_for_each(|label| write!(f, " {label}"))?;
                write!(f, ", every {} s, sound at {} Hz", f64::from(hello.hop_us) / 1e6, hello.rate_hz)?;
                hello.rejected_updates.iter().try_for_each(|why| write!(f, "; not used: {why}"))
            }
            Message::Verdict(v) => {
                write!(f, "Time {:.2}s: {} ({:.2})", v.start_sample as f64 / 16e3, self.name(v.state), v.confidence)?;
                write!(f, " | Level: {:.1} dBFS", v.level_dbfs)?;
                write!(f, " | Inference: {:.2}ms", f64::from(v.inference_us) / 1e3)?;
                v.anomaly.map_or(Ok(()), |anomaly| write!(f, " | Anomaly: {anomaly:.2}"))?;
                f.write_str(if v.spans_gap { " | spans a gap" } else { "" })
            }
            Message::StateChange(c) => {
                write!(f, "STATE {} -> {} ({:.2})", self.name(c.previous), self.name(c.state), c.confidence)
            }
            Message::Alarm(a) if a.active => {
                write!(f, "ALARM on: {}, state {}", cause_name(a.cause), self.name(a.state))?;
                explained(f, &a.explanation)
            }
            Message::Alarm(a) => {
                let latched = if a.unacknowledged { ", not acknowledged" } else { "" };
                write!(f, "ALARM off: {}{latched}", cause_name(a.cause))
            }
            Message::Warning(w) if w.active => {
                write!(f, "WARNING on: anomaly, state {}", self.name(w.state))?;
                explained(f, &w.explanation)
            }
            Message::Warning(_) => f.write_str("WARNING off: anomaly"),
            Message::Trend(trend) => {
                write!(f, "TREND {}; {}", CourseText { trend, labels: self.labels }, DriftText(trend))
            }
            Message::Health(h) => write!(f, "HEALTH {}", HealthText(&h)),
            Message::Gap(gap) => write!(f, "GAP {} frames lost before window {}", gap.lost_frames, gap.index),
            Message::Acknowledged(a) => {
                write!(f, "ALARM acknowledged by {}:", by_name(a.by))?;
                Causes { bits: a.causes }.names().try_for_each(|cause| write!(f, " {cause}"))
            }
            Message::Other { kind, payload } => write!(f, "kind {kind}, {} bytes", payload.len()),
        }
    }
}

/// Appends what moved in the sound, if anything is named.
fn explained(f: &mut fmt::Formatter<'_>, explanation: &Explanation) -> fmt::Result {
    ExplanationText::if_any(explanation).map_or(Ok(()), |text| write!(f, "; {text}"))
}

/// The counters as one line for people.
#[derive(Debug, Clone, Copy)]
pub struct HealthText<'a>(pub &'a Health);

impl fmt::Display for HealthText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let h = self.0;
        let ms = |us: u32| f64::from(us) / 1e3;
        write!(f, "capture {}, {} frames, {} xruns, ", capture_name(h.capture), h.frames, h.xruns)?;
        write!(f, "{} gaps ({} frames lost), ", h.gaps, h.lost_frames)?;
        write!(f, "{} windows, {} windows and {} reports dropped, ", h.windows, h.dropped_windows, h.dropped_reports)?;
        let (p50, p99, max) = (ms(h.inference_p50_us), ms(h.inference_p99_us), ms(h.inference_max_us));
        write!(f, "inference {p50:.2}/{p99:.2}/{max:.2} ms, ")?;
        if let Some(temperature) = h.cpu_millidegrees {
            write!(f, "CPU {:.1} C, ", f64::from(temperature) / 1e3)?;
        }
        f.write_str(if h.realtime { "real time" } else { "no real time" })?;
        for (separator, name) in (Refused { bits: h.refused }).separated() {
            write!(f, "{separator}{name}")?;
        }
        microphone::names(h.microphone).try_for_each(|fault| write!(f, ", microphone {fault}"))?;
        Causes { bits: h.unacknowledged }
            .names()
            .try_for_each(|cause| write!(f, ", alarm {cause} not acknowledged"))?;
        f.write_str(if h.warning { ", warning" } else { "" })?;
        [
            (h.stalls, "stalls"),
            (h.suspends, "suspends"),
            (h.late, "late wake-ups"),
            (h.dropped_blocks, "blocks dropped"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .try_for_each(|(count, what)| write!(f, ", {count} {what}"))
    }
}

/// The privileges that capture was refused, of [`Health::refused`].
#[derive(Debug, Clone, Copy)]
pub struct Refused {
    /// The bits.
    pub bits: u8,
}

impl Refused {
    /// Their names.
    pub fn names(self) -> impl Iterator<Item = &'static str> + Clone {
        refused::NAMES.into_iter().filter(move |(bit, _)| self.bits & bit != 0).map(|(_, name)| name)
    }

    fn separated(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        core::iter::once(", without ").chain(core::iter::repeat(" and ")).zip(self.names())
    }
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let name = match self.frame.message {
            Message::Hello(_) => "hello",
            Message::Verdict(_) => "verdict",
            Message::StateChange(_) => "state",
            Message::Alarm(_) => "alarm",
            Message::Warning(_) => "warning",
            Message::Trend(_) => "trend",
            Message::Health(_) => "health",
            Message::Gap(_) => "gap",
            Message::Acknowledged(_) => "acknowledged",
            Message::Other { .. } => "other",
        };
        map.serialize_entry("kind", name)?;
        map.serialize_entry("sequence", &self.frame.sequence)?;
        map.serialize_entry("time_s", &(self.frame.time_us as f64 / 1e6))?;
        match self.frame.message {
            Message::Hello(hello) => {
                map.serialize_entry("model", hello.model)?;
                map.serialize_entry("model_sha256", &Hex(&hello.model_sha256))?;
                map.serialize_entry("build", hello.build)?;
                map.serialize_entry("labels", &List(hello.labels.iter()))?;
                map.serialize_entry("rate_hz", &hello.rate_hz)?;
                map.serialize_entry("hop_s", &(f64::from(hello.hop_us) / 1e6))?;
                map.serialize_entry("rejected_updates", &List(hello.rejected_updates.iter()))?;
                // The name until version 0.1; kept for one version.
                map.serialize_entry("not_used", &List(hello.rejected_updates.iter()))?;
            }
            Message::Verdict(v) => {
                map.serialize_entry("index", &v.index)?;
                map.serialize_entry("start_s", &(v.start_sample as f64 / 16e3))?;
                map.serialize_entry("state", &self.name(v.state))?;
                map.serialize_entry("confidence", &v.confidence)?;
                map.serialize_entry("level_dbfs", &v.level_dbfs)?;
                map.serialize_entry("spans_gap", &v.spans_gap)?;
                map.serialize_entry("inference_ms", &(f64::from(v.inference_us) / 1e3))?;
                map.serialize_entry("anomaly", &v.anomaly)?;
                map.serialize_entry("probabilities", &Values(v.probabilities))?;
            }
            Message::StateChange(c) => {
                map.serialize_entry("index", &c.index)?;
                map.serialize_entry("previous", &self.name(c.previous))?;
                map.serialize_entry("state", &self.name(c.state))?;
                map.serialize_entry("confidence", &c.confidence)?;
            }
            Message::Alarm(a) => {
                map.serialize_entry("active", &a.active)?;
                map.serialize_entry("cause", cause_name(a.cause))?;
                map.serialize_entry("state", &self.name(a.state))?;
                map.serialize_entry("index", &a.index)?;
                map.serialize_entry("unacknowledged", &a.unacknowledged)?;
                map.serialize_entry("explanation", &ExplanationText::if_any(&a.explanation))?;
            }
            Message::Warning(w) => {
                map.serialize_entry("active", &w.active)?;
                map.serialize_entry("cause", "anomaly")?;
                map.serialize_entry("state", &self.name(w.state))?;
                map.serialize_entry("index", &w.index)?;
                map.serialize_entry("explanation", &ExplanationText::if_any(&w.explanation))?;
            }
            Message::Trend(trend) => trend_line::serialize(&mut map, &trend, self.labels)?,
            Message::Acknowledged(a) => {
                map.serialize_entry("causes", &List(Causes { bits: a.causes }.names()))?;
                map.serialize_entry("by", by_name(a.by))?;
                map.serialize_entry("index", &a.index)?;
            }
            Message::Health(h) => health(&mut map, &h)?,
            Message::Gap(gap) => {
                map.serialize_entry("index", &gap.index)?;
                map.serialize_entry("lost_frames", &gap.lost_frames)?;
            }
            Message::Other { kind, payload } => {
                map.serialize_entry("number", &kind)?;
                map.serialize_entry("payload", &Hex(payload))?;
            }
        }
        map.end()
    }
}

fn health<M: SerializeMap>(map: &mut M, h: &Health) -> Result<(), M::Error> {
    map.serialize_entry("capture", capture_name(h.capture))?;
    map.serialize_entry("frames", &h.frames)?;
    map.serialize_entry("xruns", &h.xruns)?;
    map.serialize_entry("recoveries", &h.recoveries)?;
    map.serialize_entry("gaps", &h.gaps)?;
    map.serialize_entry("lost_frames", &h.lost_frames)?;
    map.serialize_entry("windows", &h.windows)?;
    map.serialize_entry("dropped_windows", &h.dropped_windows)?;
    map.serialize_entry("dropped_reports", &h.dropped_reports)?;
    map.serialize_entry("queue_depth", &h.queue_depth)?;
    map.serialize_entry("inference_p50_ms", &(f64::from(h.inference_p50_us) / 1e3))?;
    map.serialize_entry("inference_p99_ms", &(f64::from(h.inference_p99_us) / 1e3))?;
    map.serialize_entry("inference_max_ms", &(f64::from(h.inference_max_us) / 1e3))?;
    map.serialize_entry("cpu_celsius", &h.cpu_millidegrees.map(|t| f64::from(t) / 1e3))?;
    map.serialize_entry("realtime", &h.realtime)?;
    map.serialize_entry("alarms", &List(Causes { bits: h.alarms }.names()))?;
    map.serialize_entry("refused", &List(Refused { bits: h.refused }.names()))?;
    map.serialize_entry("dropped_blocks", &h.dropped_blocks)?;
    map.serialize_entry("late", &h.late)?;
    map.serialize_entry("stalls", &h.stalls)?;
    map.serialize_entry("suspends", &h.suspends)?;
    map.serialize_entry("microphone", &List(microphone::names(h.microphone)))?;
    map.serialize_entry("unacknowledged", &List(Causes { bits: h.unacknowledged }.names()))?;
    map.serialize_entry("clock", clock_name(h.clock))?;
    map.serialize_entry("warning", &h.warning)
}

/// The items of an iterator as a list.
struct List<I>(I);

impl<I: Iterator<Item: Serialize> + Clone> Serialize for List<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.clone())
    }
}

/// Bytes as hexadecimal text.
struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for Hex<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Floats as a list of numbers.
struct Values<'a>(Floats<'a>);

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter())
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;
    use monitor_wire::{Acknowledged, Alarm, BandChange, StateChange, Warning};

    fn text(message: Message<'_>) -> std::string::String {
        Line {
            frame: Frame { sequence: 0, time_us: 1_250_000, message },
            labels: TextList::new(&["off_state", "on_state"]),
        }
        .to_string()
    }

    #[test]
    fn a_change_of_state_reads_well() {
        let change = StateChange { index: 3, previous: None, state: Some(1), confidence: 0.925 };
        assert_eq!(text(Message::StateChange(change)), "[1.25] STATE unknown -> on_state (0.93)");
    }

    #[test]
    fn an_acknowledgement_names_its_causes_and_its_source() {
        let acknowledged = Acknowledged { causes: 0b1001, by: AcknowledgedBy::Modbus as u8, index: 3 };
        let line = text(Message::Acknowledged(acknowledged));
        assert_eq!(line, "[1.25] ALARM acknowledged by modbus: state microphone");
    }

    #[test]
    fn a_warning_names_its_cause() {
        let explanation = Explanation {
            detectors: [4, 0, 0, 0],
            bands: [
                BandChange { from_hz: 56, to_hz: 112, tenths_db: 87 },
                BandChange::default(),
                BandChange::default(),
            ],
            ..Explanation::default()
        };
        let warning = |active| {
            let explanation = if active { explanation } else { Explanation::default() };
            Message::Warning(Warning { active, state: Some(1), index: 3, explanation })
        };
        let raised = text(warning(true));
        assert_eq!(raised, "[1.25] WARNING on: anomaly, state on_state; 56-112 Hz +8.7 dB (rumble)");
        assert_eq!(text(warning(false)), "[1.25] WARNING off: anomaly");
    }

    #[test]
    fn a_state_without_a_label_keeps_its_number() {
        let alarm =
            Alarm { active: true, cause: 2, state: Some(7), index: 3, unacknowledged: true, ..Alarm::default() };
        assert_eq!(text(Message::Alarm(alarm)), "[1.25] ALARM on: no_sound, state class 7");
    }
}
