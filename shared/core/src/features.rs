//! Features of a window, the input of head and anomaly score: embedding, log-mel statistics, or both.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::stats::{self, log_mel_stats};
use crate::window::Patch;
use monitor_nn::{self as nn, Block, Network};

/// Length of YAMNet's embedding.
pub const EMBEDDING_LEN: usize = 1024;

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
}

impl FeatureKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Yamnet, Self::LogMel, Self::Hybrid];

    /// Number of values per window.
    #[allow(clippy::len_without_is_empty, reason = "no kind has zero values")]
    pub const fn len(self) -> usize {
        match self {
            Self::Yamnet => EMBEDDING_LEN,
            Self::LogMel => STATISTICS_LEN,
            Self::Hybrid => EMBEDDING_LEN + STATISTICS_LEN,
        }
    }

    /// Returns the name used on the command line and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yamnet => "yamnet",
            Self::LogMel => "logmel",
            Self::Hybrid => "hybrid",
        }
    }

    /// Returns whether the features require YAMNet's body.
    pub const fn needs_body(self) -> bool {
        matches!(self, Self::Yamnet | Self::Hybrid)
    }
}

impl fmt::Display for FeatureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text is not the name of a feature kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such feature kind; choose yamnet, logmel or hybrid")]
pub struct UnknownKind;

impl FromStr for FeatureKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or(UnknownKind)
    }
}

/// Computes the features of a window.
///
/// Order: embedding (1024 real values `(q + 128) * scale`), then means (64), then deviations (64); parts that the kind does
/// not have are omitted.
#[derive(Clone, Debug)]
pub(crate) struct Extractor<'m> {
    kind: FeatureKind,
    network: Option<Network<'m>>,
}

impl<'m> Extractor<'m> {
    /// Creates an extractor of `kind`. Only the kinds with an embedding require and use `network`.
    ///
    /// # Errors
    /// [`Error::NoNetwork`] if the network is missing; [`Error::EmbeddingLen`] if its embedding does not have 1024 values.
    pub(crate) fn new(kind: FeatureKind, network: Option<Network<'m>>) -> Result<Self, Error> {
        if !kind.needs_body() {
            return Ok(Self { kind, network: None });
        }
        match network.as_ref().map(Network::embedding_len) {
            None => Err(Error::NoNetwork(kind)),
            Some(EMBEDDING_LEN) => Ok(Self { kind, network }),
            Some(found) => Err(Error::EmbeddingLen(found)),
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

    /// Returns the network that computes the embedding; `None` for log-mel features.
    pub(crate) fn network(&self) -> Option<&Network<'m>> {
        self.network.as_ref()
    }

    /// Arena length, in blocks of 64 bytes, that [`extract`](Self::extract) requires.
    pub(crate) fn arena_len(&self) -> usize {
        self.network.as_ref().map_or(0, Network::arena_len)
    }

    /// Writes the features of `patch`, `self.kind().len()` values, to the start of `out`; a shorter `out` receives the values
    /// that fit. Also writes the network's own scores (int8, see [`Network::run`]) to `scores`; pass an empty slice to skip
    /// them.
    ///
    /// # Errors
    /// [`nn::Error::Memory`] if `arena` is shorter than [`arena_len`](Self::arena_len).
    pub(crate) fn extract(
        &self,
        patch: &Patch,
        arena: &mut [Block],
        out: &mut [f32],
        scores: &mut [i8],
    ) -> Result<(), nn::Error> {
        let mut rest = out;
        if let Some(network) = &self.network {
            let mut embedding = [0; EMBEDDING_LEN];
            network.run(patch, arena, &mut embedding, scores)?;
            let (values, after) = rest.split_at_mut(EMBEDDING_LEN.min(rest.len()));
            for (out, step) in values.iter_mut().zip(embedding) {
                *out = (f32::from(step) + 128.0) * network.embedding_scale();
            }
            rest = after;
        }
        if self.kind != FeatureKind::Yamnet {
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
    /// The width of the network's embedding is not YAMNet's 1024.
    #[error("the network's embedding has {0} values where YAMNet's has {expected}", expected = EMBEDDING_LEN)]
    EmbeddingLen(usize),
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
