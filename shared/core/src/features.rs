//! Features of a window, the input of head and anomaly score: a part of YAMNet, log-mel statistics, or both.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::stats::{self, log_mel_stats};
use crate::window::Patch;
use monitor_nn::{self as nn, Block, Network, Stream};

/// Length of YAMNet's embedding.
pub const EMBEDDING_LEN: usize = 1024;

/// Block of YAMNet whose result the tap averages; 1 is the first pair of depthwise and pointwise convolutions. The middle of
/// the network describes texture and tone; its end describes what people have names for. See docs/development/decisions.
pub const TAP_BLOCK: usize = 7;

/// Length of the tap: the channels of block 7.
pub const TAP_LEN: usize = 512;

/// Length of the log-mel statistics: the means, then the population standard deviations, of 64 bands.
pub const STATISTICS_LEN: usize = 128;

/// Kind of features that a model uses.
///
/// The order of the variants is part of the model card's encoding: append, never reorder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum FeatureKind {
    /// YAMNet's embedding, 1024 values, as in the original system.
    Yamnet,
    /// Mean and standard deviation over time of each log-mel band, 128 values. Requires no base model.
    LogMel,
    /// Both: embedding 1024, means 64, deviations 64; 1152 values in all.
    Hybrid,
    /// The tap: mean over time and frequency of the result of YAMNet's block 7, 512 values.
    Tap,
    /// Tap 512, means 64, deviations 64; 640 values in all.
    Texture,
}

impl FeatureKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::Yamnet, Self::LogMel, Self::Hybrid, Self::Tap, Self::Texture];

    /// Number of values per window.
    #[allow(clippy::len_without_is_empty, reason = "no kind has zero values")]
    pub const fn len(self) -> usize {
        self.network_len() + if self.has_statistics() { STATISTICS_LEN } else { 0 }
    }

    /// Number of values from the network, which come first; 0 without a network.
    pub const fn network_len(self) -> usize {
        match self {
            Self::Yamnet | Self::Hybrid => EMBEDDING_LEN,
            Self::Tap | Self::Texture => TAP_LEN,
            Self::LogMel => 0,
        }
    }

    /// Whether the features contain the log-mel statistics.
    pub const fn has_statistics(self) -> bool {
        matches!(self, Self::LogMel | Self::Hybrid | Self::Texture)
    }

    /// The block at which the network is tapped; `None` for kinds with the embedding or without a network.
    pub const fn tap_block(self) -> Option<usize> {
        match self {
            Self::Tap | Self::Texture => Some(TAP_BLOCK),
            _ => None,
        }
    }

    /// Returns the name used on the command line and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yamnet => "yamnet",
            Self::LogMel => "logmel",
            Self::Hybrid => "hybrid",
            Self::Tap => "tap",
            Self::Texture => "texture",
        }
    }

    /// Returns whether the features require YAMNet's body.
    pub const fn needs_body(self) -> bool {
        self.network_len() > 0
    }
}

impl fmt::Display for FeatureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text is not the name of a feature kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such feature kind; choose texture, tap, logmel, yamnet or hybrid")]
pub struct UnknownKind;

impl FromStr for FeatureKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or(UnknownKind)
    }
}

/// Computes the features of a window.
///
/// Order: embedding (1024 real values) or tap (512), then means (64), then deviations (64); parts that the kind does
/// not have are omitted.
#[derive(Clone, Debug)]
pub(crate) struct Extractor<'m> {
    kind: FeatureKind,
    network: Option<Network<'m>>,
}

impl<'m> Extractor<'m> {
    /// Creates an extractor of `kind`. Kinds with a part of YAMNet require `network`, for a tap one that is cut there.
    ///
    /// # Errors
    /// [`Error::NoNetwork`] if the network is missing; [`Error::NetworkLen`] if it computes another number of values.
    pub(crate) fn new(kind: FeatureKind, network: Option<Network<'m>>) -> Result<Self, Error> {
        if !kind.needs_body() {
            return Ok(Self { kind, network: None });
        }
        match network.as_ref().map(Network::pooled_len) {
            None => Err(Error::NoNetwork(kind)),
            Some(found) if found == kind.network_len() => Ok(Self { kind, network }),
            Some(found) => Err(Error::NetworkLen { found, expected: kind.network_len() }),
        }
    }

    /// Creates an extractor of log-mel statistics.
    pub(crate) fn log_mel() -> Self {
        Self { kind: FeatureKind::LogMel, network: None }
    }

    /// Returns the feature kind.
    pub(crate) fn kind(&self) -> FeatureKind {
        self.kind
    }

    /// Returns the network that computes embedding or tap; `None` for log-mel features.
    pub(crate) fn network(&self) -> Option<&Network<'m>> {
        self.network.as_ref()
    }

    /// Arena length, in blocks of 64 bytes, that [`stream`](Self::stream) requires.
    pub(crate) fn arena_len(&self) -> usize {
        self.network.as_ref().map_or(0, Stream::arena_len)
    }

    /// Returns a stream of windows of the network; `None` for log-mel features.
    ///
    /// # Errors
    /// [`nn::Error::Memory`] if `arena` is shorter than [`arena_len`](Self::arena_len).
    pub(crate) fn stream<'a>(&self, arena: &'a mut [Block]) -> Result<Option<Stream<'m, 'a>>, nn::Error> {
        self.network.clone().map(|network| Stream::new(network, arena)).transpose()
    }

    /// Writes the features of `patch`, `self.kind().len()` values, to the start of `out`; a shorter `out` receives the values
    /// that fit. `run_network` writes the values of the network, which come first.
    pub(crate) fn extract(
        &self,
        patch: &Patch,
        out: &mut [f32],
        run_network: impl FnOnce(&Network<'m>, &mut [f32]) -> Result<(), nn::Error>,
    ) -> Result<(), nn::Error> {
        let mut rest = out;
        if let Some(network) = &self.network {
            let (values, after) = rest.split_at_mut(self.kind.network_len().min(rest.len()));
            run_network(network, values)?;
            rest = after;
        }
        if self.kind.has_statistics() {
            let mut statistics = [0.0; stats::LEN];
            log_mel_stats(patch, &mut statistics);
            for (out, value) in rest.iter_mut().zip(statistics) {
                *out = value;
            }
        }
        Ok(())
    }
}

/// Why features cannot be computed. Fatal: the model does not match this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The kind requires YAMNet's body and the file has none.
    #[error("{0} features need the YAMNet base model; get it with `host-tools fetch`")]
    NoNetwork(FeatureKind),
    /// The network computes another number of values than the kind has.
    #[error("the network computes {found} values where these features have {expected}")]
    NetworkLen {
        /// Values that it computes.
        found: usize,
        /// Values that the kind has.
        expected: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_parses_from_its_name() {
        for kind in FeatureKind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
    }
}
