//! What the head and the anomaly score look at: embedding, log-mel statistics, or both.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

/// Values of YAMNet's embedding.
pub const EMBEDDING_LEN: usize = 1024;

/// Values of the log-mel statistics: mean, then population deviation, of each of the 64 bands.
pub const STATISTICS_LEN: usize = 128;

/// Which features a model looks at.
///
/// The order of the variants is part of the model card's encoding: append, never reorder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum FeatureKind {
    /// YAMNet's embedding, 1024 values, as the original system.
    Yamnet,
    /// Mean and deviation over time of each log-mel band, 128 values. Needs no base model.
    LogMel,
    /// Both: embedding 1024, mean 64, deviation 64; 1152 values.
    Hybrid,
}

impl FeatureKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Yamnet, Self::LogMel, Self::Hybrid];

    /// Values per window.
    // A kind is never without values, so there is no `is_empty`.
    #[allow(clippy::len_without_is_empty)]
    pub const fn len(self) -> usize {
        match self {
            Self::Yamnet => EMBEDDING_LEN,
            Self::LogMel => STATISTICS_LEN,
            Self::Hybrid => EMBEDDING_LEN + STATISTICS_LEN,
        }
    }

    /// The name on the command line and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yamnet => "yamnet",
            Self::LogMel => "logmel",
            Self::Hybrid => "hybrid",
        }
    }

    /// Whether the features need YAMNet's body.
    pub const fn needs_body(self) -> bool {
        matches!(self, Self::Yamnet | Self::Hybrid)
    }
}

impl fmt::Display for FeatureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text names no feature kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownKind;

impl fmt::Display for UnknownKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no such feature kind; choose yamnet, logmel or hybrid")
    }
}

impl core::error::Error for UnknownKind {}

impl FromStr for FeatureKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or(UnknownKind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_found_by_the_name_it_prints() {
        for kind in FeatureKind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
    }
}
