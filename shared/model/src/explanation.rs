//! What moved in the sound when a warning or an alarm was raised, in words: `56-112 Hz +8.7 dB, 3.1-3.4 kHz -4.0 dB (tap,
//! rumble)`.
//!
//! Every output writes this text: lines, event log, clips, MQTT and the programs of the workstation.

use core::fmt;

use monitor_core::anomaly::{self, Input};
use monitor_wire::{BandChange, Explanation};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// An explanation of the core as the wire format has it.
pub fn wire(explanation: &anomaly::Explanation) -> Explanation {
    let mut detectors = [0; 4];
    let named = explanation.detectors.iter().flatten();
    detectors.iter_mut().zip(named).for_each(|(place, input)| *place = *input as u8 + 1);
    let band =
        |band: anomaly::BandChange| BandChange { from_hz: band.from_hz, to_hz: band.to_hz, tenths_db: band.tenths_db };
    Explanation {
        detectors,
        level_tenths_db: explanation.level_tenths_db.unwrap_or(0),
        bands: explanation.bands.map(|own| own.map(band).unwrap_or_default()),
    }
}

/// Writes an explanation, as text or as a JSON object.
#[derive(Debug, Clone, Copy)]
pub struct ExplanationText<'a>(pub &'a Explanation);

impl<'a> ExplanationText<'a> {
    /// The text of an explanation, unless it names nothing.
    pub fn if_any(explanation: &'a Explanation) -> Option<Self> {
        (!explanation.is_empty()).then_some(Self(explanation))
    }

    /// The names of the detectors, the highest first.
    pub fn detectors(self) -> impl Iterator<Item = &'static str> + Clone {
        self.0
            .detectors
            .into_iter()
            .filter(|number| *number > 0)
            .map(|number| Input::ALL.get(usize::from(number) - 1).map_or("other", |input| input.name()))
    }
}

impl fmt::Display for ExplanationText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = self.0.level_tenths_db;
        let mut separator = "";
        if level != 0 {
            write!(f, "level {:+.1} dB", db(level))?;
            separator = ", ";
        }
        for band in self.0.named_bands() {
            let BandChange { from_hz, to_hz, tenths_db } = band;
            write!(f, "{separator}{} {:+.1} dB", BandText { from_hz, to_hz }, db(tenths_db))?;
            separator = ", ";
        }
        if separator.is_empty() {
            f.write_str("no band stands out")?;
        }
        let mut open = " (";
        for detector in self.detectors() {
            write!(f, "{open}{detector}")?;
            open = ", ";
        }
        f.write_str(if open == ", " { ")" } else { "" })
    }
}

/// The edges of a band: `56-112 Hz`, `3.1-3.4 kHz`, `890 Hz-1.2 kHz`.
#[derive(Debug, Clone, Copy)]
pub struct BandText {
    /// Lower edge in Hz.
    pub from_hz: u16,
    /// Upper edge in Hz.
    pub to_hz: u16,
}

impl fmt::Display for BandText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from_hz, to_hz } = *self;
        let khz = |hz: u16| f64::from(hz) / 1000.0;
        match (from_hz < 1000, to_hz < 1000) {
            (true, true) => write!(f, "{from_hz}-{to_hz} Hz"),
            (true, false) => write!(f, "{from_hz} Hz-{:.1} kHz", khz(to_hz)),
            _ => write!(f, "{:.1}-{:.1} kHz", khz(from_hz), khz(to_hz)),
        }
    }
}

impl Serialize for ExplanationText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let level = self.0.level_tenths_db;
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("text", &Text(self))?;
        map.serialize_entry("level_db", &(level != 0).then(|| db(level)))?;
        map.serialize_entry("bands", &Bands(self.0))?;
        map.serialize_entry("detectors", &Names(*self))?;
        map.end()
    }
}

/// The text form as a JSON string.
struct Text<'a>(&'a ExplanationText<'a>);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}

/// The names of the detectors as a list.
struct Names<'a>(ExplanationText<'a>);

impl Serialize for Names<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.detectors())
    }
}

/// The bands as a list of objects.
struct Bands<'a>(&'a Explanation);

impl Serialize for Bands<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Band {
            from_hz: u16,
            to_hz: u16,
            change_db: f64,
        }
        let band = |band: BandChange| Band { from_hz: band.from_hz, to_hz: band.to_hz, change_db: db(band.tenths_db) };
        serializer.collect_seq(self.0.named_bands().map(band))
    }
}

/// Decibels of tenths.
fn db(tenths: i16) -> f64 {
    f64::from(tenths) / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explanation() -> Explanation {
        let band = |from_hz, to_hz, tenths_db| BandChange { from_hz, to_hz, tenths_db };
        Explanation {
            detectors: [3, 4, 0, 0],
            level_tenths_db: 0,
            bands: [band(56, 112, 87), band(3117, 3388, -40), BandChange::default()],
        }
    }

    #[test]
    fn the_text_names_bands_and_detectors() {
        let text = |explanation: Explanation| ExplanationText(&explanation).to_string();
        assert_eq!(text(explanation()), "56-112 Hz +8.7 dB, 3.1-3.4 kHz -4.0 dB (tap, rumble)");
        let level = Explanation { bands: Default::default(), level_tenths_db: 62, ..explanation() };
        assert_eq!(text(level), "level +6.2 dB (tap, rumble)");
        assert_eq!(text(Explanation { level_tenths_db: 0, ..level }), "no band stands out (tap, rumble)");
        assert_eq!(BandText { from_hz: 891, to_hz: 1210 }.to_string(), "891 Hz-1.2 kHz");
    }

    #[test]
    fn an_explanation_of_the_core_keeps_everything() {
        let core = anomaly::Explanation {
            detectors: [Some(Input::Tap), Some(Input::Rumble), None, None],
            level_tenths_db: None,
            bands: [
                Some(anomaly::BandChange { from_hz: 56, to_hz: 112, tenths_db: 87 }),
                Some(anomaly::BandChange { from_hz: 3117, to_hz: 3388, tenths_db: -40 }),
                None,
            ],
        };
        assert_eq!(wire(&core), explanation());
    }
}
