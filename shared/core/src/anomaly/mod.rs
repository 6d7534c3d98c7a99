//! The anomaly score of a window: its distance from all normal training sound.
//!
//! Two detectors, each a Mahalanobis distance in a principal-component space of normal windows, taken to the nearest cluster
//! of them: one over YAMNet's embedding, with up to 16 clusters of each normal class, one over log-mel statistics without the
//! level ([`statistics`]), with one cluster, to which the distance from the space itself (the residual) is added. Each detects
//! anomalies that the other one misses, so the score is computed from the larger distance:
//!
//! ```text
//! q_c   = sum over components of (P x - m_c)^2 / v  +  w |S (x - mu_c)|^2 outside the space
//! d     = sqrt(min over clusters q_c)
//! z     = (ln d - location) / scale         location and deviation of normal windows that were not in the fit; the scale
//!                                           is enlarged for a less reliable detector
//! score = exp((max z - threshold) / 2)      1 is the alarm threshold
//! ```
//!
//! host-tools fits the tables and stores them in a Metadata entry of the model file ([`ENTRY`]). They are read in place.
//! Cost: about 60,000 multiplications a window and no memory beyond 4 kB of stack; tables of the default size take at most 239 kB
//! with an embedding and two normal classes, 248 kB with four, 39 kB without an embedding. Sums have one fixed order, so
//! that every machine computes the same score.

mod alarm;
mod error;
mod space;
mod statistics;
mod tables;

pub use alarm::{Alarm, Change, Persistence};
pub use error::Error;
pub use space::{MAX_COMPONENTS, SubspaceDetector};
pub use statistics::{STATISTICS_LEN, statistics};
pub use tables::{AnomalyModel, CRC, write};

use crate::features::{EMBEDDING_LEN, TAP_LEN};
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
}

impl Input {
    /// Every input, in the order of the file.
    pub const ALL: [Self; 3] = [Self::Embedding, Self::Statistics, Self::Tap];

    /// Values per window.
    // No input is empty.
    #[allow(clippy::len_without_is_empty)]
    pub const fn len(self) -> usize {
        match self {
            Self::Embedding => EMBEDDING_LEN,
            Self::Statistics => STATISTICS_LEN,
            Self::Tap => TAP_LEN,
        }
    }

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Embedding => "embedding",
            Self::Statistics => "log-mel",
            Self::Tap => "tap",
        }
    }
}

/// The anomaly score of the highest deviation `z`: 1 at `threshold`, exp(1/2) a deviation of 1 above it.
pub fn score(z: f32, threshold: f32) -> f32 {
    libm::expf((z - threshold) / 2.0)
}

/// Scores windows by the tables of a model.
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

    /// Score of a window: 0 and up, 1 at the alarm threshold. `features` are those of a kind with an embedding, which stands
    /// first; without one only the log-mel detector is used. `None` if no detector has its input.
    pub fn score(&self, patch: &Patch, features: &[f32]) -> Option<f32> {
        let highest =
            Input::ALL.into_iter().filter_map(|input| self.z_score(input, patch, features)).reduce(f32::max)?;
        Some(score(highest, self.tables.threshold))
    }

    /// ln of the distance from the detector over `input`, in deviations of unseen normal windows; `None` without a detector.
    pub fn z_score(&self, input: Input, patch: &Patch, features: &[f32]) -> Option<f32> {
        let space = self.tables.space(input)?;
        match input {
            Input::Embedding | Input::Tap => Some(space.z_score(features.get(..input.len())?)),
            Input::Statistics => {
                let mut values = [0.0; STATISTICS_LEN];
                statistics(patch, &mut values);
                Some(space.z_score(&values))
            }
        }
    }
}
