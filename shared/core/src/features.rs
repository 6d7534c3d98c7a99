//! What the head and the anomaly score look at: embedding, log-mel statistics, or both.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::stats::{self, log_mel_stats};
use crate::window::Patch;
use monitor_nn::{self as nn, Block, Network};

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

/// Turns a window into its features.
///
/// Order: embedding (1024, real values `(q + 128) * scale`), then means (64), then deviations (64); each where the kind has it.
#[derive(Clone, Debug)]
pub struct Extractor<'m> {
    kind: FeatureKind,
    network: Option<Network<'m>>,
}

impl<'m> Extractor<'m> {
    /// An extractor of `kind`. `network` is needed, and used, only by the kinds with an embedding.
    ///
    /// # Errors
    /// [`Error::NoNetwork`]; [`Error::EmbeddingLen`].
    pub fn new(kind: FeatureKind, network: Option<Network<'m>>) -> Result<Self, Error> {
        if !kind.needs_body() {
            return Ok(Self { kind, network: None });
        }
        match network.as_ref().map(Network::embedding_len) {
            None => Err(Error::NoNetwork(kind)),
            Some(EMBEDDING_LEN) => Ok(Self { kind, network }),
            Some(found) => Err(Error::EmbeddingLen(found)),
        }
    }

    /// An extractor of log-mel statistics: needs nothing.
    pub fn log_mel() -> Self {
        Self { kind: FeatureKind::LogMel, network: None }
    }

    /// Which features.
    pub fn kind(&self) -> FeatureKind {
        self.kind
    }

    /// The network behind the embedding, where there is one.
    pub fn network(&self) -> Option<&Network<'m>> {
        self.network.as_ref()
    }

    /// Blocks of arena that [`extract`](Self::extract) needs.
    pub fn arena_len(&self) -> usize {
        self.network.as_ref().map_or(0, Network::arena_len)
    }

    /// Writes the features of `patch` to the start of `out`, and the network's own scores to `scores` as far as that is long
    /// (int8, see [`Network::run`]; leave it empty where they are not wanted). Nothing beyond `self.kind().len()` values is
    /// written; a shorter `out` gets what fits.
    ///
    /// # Errors
    /// [`nn::Error::Memory`] if `arena` is too short.
    pub fn extract(
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

/// Why features cannot be computed. Fatal: the model does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The kind needs YAMNet's body and there is none.
    NoNetwork(FeatureKind),
    /// The network's embedding has another width than YAMNet's 1024.
    EmbeddingLen(usize),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoNetwork(kind) => {
                write!(f, "{kind} features need the YAMNet base model; get it with `host-tools fetch`")
            }
            Self::EmbeddingLen(found) => {
                write!(f, "the network's embedding has {found} values where YAMNet's has {EMBEDDING_LEN}")
            }
        }
    }
}

impl core::error::Error for Error {}

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
