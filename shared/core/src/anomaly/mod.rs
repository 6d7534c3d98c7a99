//! The anomaly score: how far the sound of the last seconds is from all normal training sound.
//!
//! Two or three detectors, each a Mahalanobis distance in a principal-component space of normal windows, taken to the nearest
//! cluster of them. The detector over the tap has one cluster and a ridge in place of the directions outside its space. Without a
//! tap there are two in its place: one over YAMNet's embedding, with up to 16 clusters of each normal class, one over log-mel statistics
//! without the level ([`statistics`]), with the distance from the space itself (the residual) added. The detector over
//! [`rumble`] is like that over the tap; it is absent where normal sound has no rumble.
//!
//! ```text
//! q_c   = sum over components of (P x - m_c)^2 / v  +  w |S (x - mu_c)|^2 outside the space
//! d     = sqrt(min over clusters q_c)
//! z     = (ln d - location) / scale        mean and deviation of ln d of normal windows that were not in the fit; over the tap
//!                                          of those of the nearest state, drawn towards those of all
//! Z_s   = mean of z over s = 5 and 10 s    anew after a gap, a dead microphone, a change of state; used from half of it on
//! u     = max over s of (Z_s - typical_s) / (alarm_s - typical_s)
//!                                          typical highest Z_s of a group of normal sound that was not in the fit; the alarm
//!                                          level lies above it by a prediction interval by Student's t, the same for each s
//!                                          of rumble below 1: 1 + 1.5 (u - 1)
//! score = exp(max u - 1)                   1 at the alarm level of the first detector to reach its own
//! ```
//!
//! host-tools fits the tables and stores them in a Metadata entry of the model file ([`ENTRY`]). They are read in place.
//! Cost: about 60,000 multiplications a window and no memory beyond 4 kB of stack and 4 kB of state. Sums have one fixed order, so
//! that every machine computes the same score.

mod alarm;
mod error;
mod explain;
mod levels;
mod smoothing;
mod space;
mod statistics;
mod tables;

pub use alarm::{Alarm, AlarmRules, Change, Outcome, Persistence};
pub use error::Error;
pub use explain::{
    BandChange, Departure, Explanation, MOST_BANDS, NormalSpectra, SPECTRUM_LEN, Spectrum, SpectrumMean, spectrum,
};
pub use levels::{Interval, Levels, Zone, counted, score};
pub use smoothing::{Means, SPANS, SPANS_S, Smoother};
pub use space::{MAX_COMPONENTS, SubspaceDetector};
pub use statistics::{STATISTICS_LEN, statistics};
pub use tables::{AnomalyModel, write};

use crate::features::{EMBEDDING_LEN, TAP_LEN};
use crate::rumble;
use crate::window::Patch;

/// Name of the Metadata entry.
pub const ENTRY: &str = "acoustic_monitor_anomaly";

/// The values that a space is fitted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// YAMNet's embedding, 1024 values.
    Embedding,
    /// [`statistics`], 256 values.
    Statistics,
    /// The tap, 512 values.
    Tap,
    /// [`rumble`], 8 values.
    Rumble,
}

impl Input {
    /// Every input, in the order of the file.
    pub const ALL: [Self; 4] = [Self::Embedding, Self::Statistics, Self::Tap, Self::Rumble];

    /// Values per window.
    // No input is empty.
    #[allow(clippy::len_without_is_empty)]
    pub const fn len(self) -> usize {
        match self {
            Self::Embedding => EMBEDDING_LEN,
            Self::Statistics => STATISTICS_LEN,
            Self::Tap => TAP_LEN,
            Self::Rumble => rumble::BANDS,
        }
    }

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Embedding => "embedding",
            Self::Statistics => "log-mel",
            Self::Tap => "tap",
            Self::Rumble => "rumble",
        }
    }
}

/// ln of the distance from each detector in deviations of unseen normal windows, in the order of [`Input::ALL`]; `None` without
/// a detector.
pub type ZScores = [Option<f32>; Input::ALL.len()];

/// What the detectors read of a window.
#[derive(Debug, Clone, Copy)]
pub struct WindowValues<'a> {
    /// The log-mel patch.
    pub patch: &'a Patch,
    /// The features of the model's kind; the part of the network stands first.
    pub features: &'a [f32],
    /// The rumble.
    pub rumble: &'a [f32; rumble::BANDS],
}

impl WindowValues<'_> {
    /// Calls `read` with the values of `input`; `None` if the features are shorter.
    pub fn with<T>(&self, input: Input, read: impl FnOnce(&[f32]) -> T) -> Option<T> {
        match input {
            Input::Embedding | Input::Tap => self.features.get(..input.len()).map(read),
            Input::Rumble => Some(read(self.rumble)),
            Input::Statistics => {
                let mut values = [0.0; STATISTICS_LEN];
                statistics(self.patch, &mut values);
                Some(read(&values))
            }
        }
    }
}

/// Computes the z-scores of windows by the tables of a model.
#[derive(Debug, Clone, Copy)]
pub struct Detector<'m> {
    tables: AnomalyModel<'m>,
}

impl<'m> Detector<'m> {
    /// A detector by these tables.
    pub fn new(tables: AnomalyModel<'m>) -> Self {
        Self { tables }
    }

    /// The tables.
    pub fn tables(&self) -> &AnomalyModel<'m> {
        &self.tables
    }

    /// z-scores of a window, which [`Alarm::update`] turns into a score.
    pub fn z_scores(&self, window: &WindowValues<'_>) -> ZScores {
        Input::ALL.map(|input| self.z_score(input, window))
    }

    /// The z-score of the detector over `input`; `None` without a detector or its input.
    pub fn z_score(&self, input: Input, window: &WindowValues<'_>) -> Option<f32> {
        let space = self.tables.space(input)?;
        window.with(input, |values| space.z_score(values))
    }
}
