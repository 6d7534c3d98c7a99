//! What moved in the sound when a warning or an alarm was raised.

use serde::{Deserialize, Serialize};

/// What moved in the sound: detectors, level and bands. Every field is 0 where there is nothing to name, as in the frames of an
/// older sender.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The detectors that raised it, the highest first: 1 embedding, 2 log-mel, 3 tap, 4 rumble; 0 is none.
    pub detectors: [u8; 4],
    /// Change of the level of all bands in tenths of a dB; 0 where it is like that of normal sound.
    pub level_tenths_db: i16,
    /// The bands that changed, the most unusual first.
    pub bands: [BandChange; 3],
}

impl Explanation {
    /// Whether it names nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The bands that it names.
    pub fn named_bands(&self) -> impl Iterator<Item = BandChange> + use<> {
        self.bands.into_iter().filter(|band| band.to_hz > 0)
    }
}

/// A range of frequencies whose level changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BandChange {
    /// Lower edge in Hz.
    pub from_hz: u16,
    /// Upper edge in Hz; 0 is no band.
    pub to_hz: u16,
    /// Change beyond that of the level, in tenths of a dB; above 0 is louder.
    pub tenths_db: i16,
}
