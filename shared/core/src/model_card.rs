//! What the model file carries beyond TFLite: our own Metadata entry, which other runtimes ignore.
//!
//! The entry [`ENTRY`] is one postcard-encoded [`ModelCard`]. Postcard does not describe itself, so the first field is the
//! schema: fields are only ever appended, each release that does so under a new number, and a card of an unknown schema is refused rather
//! than half understood. A byte-exact test holds the encoding.
//!
//! Labels are not here: they are TFLite Metadata, where everybody finds them.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::decision::{self, DecisionConfig};
use crate::features::FeatureKind;
use crate::window::DEFAULT_HOP;
use monitor_tflite::Model;

/// Name of the Metadata entry.
pub const ENTRY: &str = "acoustic_monitor";
/// The schema that this version writes, and the only one it reads.
pub const SCHEMA: u16 = 2;
/// Bytes kept of a recording's SHA-256.
pub const HASH_LEN: usize = 8;
/// More than the encoding of everything but the hashes takes.
const FIXED_LEN: usize = 192;

/// The card of a trained model. Borrows from the file.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ModelCard<'a> {
    /// Number of this layout: [`SCHEMA`].
    pub schema: u16,
    /// What the head looks at.
    pub feature_kind: FeatureKind,
    /// SHA-256 of the base model that the body was taken from; `None` for features without one.
    pub base_sha256: Option<[u8; 32]>,
    /// How probabilities become a state, unless the configuration says otherwise.
    pub decision: DecisionConfig,
    /// What it was trained on.
    #[serde(borrow)]
    pub training: TrainingSummary<'a>,
    /// Confidence of each class in hundredths, 0 to 100, in the order of the labels, in the place of
    /// `decision.confidence`; empty where that holds for all.
    pub class_confidence: &'a [u8],
}

/// What a model was trained on and how well it did.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TrainingSummary<'a> {
    /// Recordings (files).
    pub recordings: u32,
    /// Windows taken from them.
    pub windows: u32,
    /// Groups that were never split.
    pub groups: u32,
    /// Seed of everything random.
    pub seed: u64,
    /// From one training window to the next, in columns of 10 ms.
    pub hop_columns: u16,
    /// Whether groups lie within one recording, so that the figures are optimistic.
    pub within_recording: bool,
    /// Folds of the grouped cross-validation; 0 when there was none.
    pub folds: u16,
    /// Macro-F1 pooled over the folds, 0 to 1; `None` without cross-validation.
    pub macro_f1: Option<f32>,
    /// When it was trained, in seconds since 1970; `None` where a build must be reproducible to the byte.
    pub created_unix: Option<u64>,
    /// First [`HASH_LEN`] bytes of the SHA-256 of every training file, one after the other.
    pub recording_hashes: &'a [u8],
}

impl Default for TrainingSummary<'_> {
    /// Trained on nothing, with the usual hop.
    fn default() -> Self {
        Self {
            recordings: 0,
            windows: 0,
            groups: 0,
            seed: 0,
            hop_columns: DEFAULT_HOP as u16,
            within_recording: false,
            folds: 0,
            macro_f1: None,
            created_unix: None,
            recording_hashes: &[],
        }
    }
}

impl TrainingSummary<'_> {
    /// Whether a file with this SHA-256 was trained on.
    pub fn contains(&self, sha256: &[u8; 32]) -> bool {
        self.recording_hashes.chunks_exact(HASH_LEN).any(|hash| hash == &sha256[..HASH_LEN])
    }
}

/// Why a card cannot be read or written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Error {
    /// A layout this version does not know.
    Schema(u16),
    /// Not a card: cut short, or with values that no field can have.
    Damaged,
    /// The decision defaults are out of range.
    Decision(decision::Error),
    /// The card does not fit the buffer lent for it.
    TooLong,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Schema(found) => write!(
                f,
                "the model card has schema {found}, this version knows {SCHEMA}; export the model again with the \
                 host-tools of this version, or update this program"
            ),
            Self::Damaged => f.write_str("the model card is damaged; export the model again"),
            Self::Decision(error) => write!(f, "the model card's decision defaults: {error}"),
            Self::TooLong => f.write_str("the model card does not fit its buffer"),
        }
    }
}

impl core::error::Error for Error {}

impl<'a> ModelCard<'a> {
    /// The card of a model that learned nothing and decides by the defaults: what a model made by hand has, and where
    /// a trained one's card starts from.
    pub fn untrained(feature_kind: FeatureKind) -> Self {
        Self {
            schema: SCHEMA,
            feature_kind,
            base_sha256: None,
            decision: DecisionConfig::default(),
            training: TrainingSummary::default(),
            class_confidence: &[],
        }
    }

    /// The confidence of a class, 0 to 1: its own, or that of all.
    pub fn confidence_of(&self, class: usize) -> f32 {
        self.class_confidence.get(class).map_or(self.decision.confidence, |hundredths| f32::from(*hundredths) / 100.0)
    }

    /// Reads a card.
    ///
    /// # Errors
    /// When the schema is unknown, the bytes are no card, or a value is out of range.
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self, Error> {
        let (schema, _) = postcard::take_from_bytes::<u16>(bytes).map_err(|_| Error::Damaged)?;
        if schema != SCHEMA {
            return Err(Error::Schema(schema));
        }
        let (card, rest) = postcard::take_from_bytes::<Self>(bytes).map_err(|_| Error::Damaged)?;
        card.checked(rest)
    }

    /// The card of a model; `None` for a file that was not exported by this project.
    ///
    /// # Errors
    /// As [`Self::from_bytes`].
    pub fn of(model: &Model<'a>) -> Result<Option<Self>, Error> {
        model.metadata(ENTRY).map(Self::from_bytes).transpose()
    }

    /// Length of a buffer that [`Self::write`] surely fits.
    pub fn max_len(&self) -> usize {
        FIXED_LEN + self.training.recording_hashes.len() + self.class_confidence.len()
    }

    /// Encodes the card into `buffer` and returns the part used.
    ///
    /// # Errors
    /// When a value is out of range, or the buffer is too short ([`Self::max_len`]).
    pub fn write<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b [u8], Error> {
        self.checked(&[])?;
        postcard::to_slice(self, buffer).map(|used| &*used).map_err(|_| Error::TooLong)
    }

    fn checked(self, rest: &[u8]) -> Result<Self, Error> {
        if self.schema != SCHEMA {
            return Err(Error::Schema(self.schema));
        }
        let f1_wrong = self.training.macro_f1.is_some_and(|f1| !(0.0..=1.0).contains(&f1));
        if !rest.is_empty() || f1_wrong || !self.training.recording_hashes.len().is_multiple_of(HASH_LEN) {
            return Err(Error::Damaged);
        }
        // Any hop will do: the settings' ranges do not depend on it.
        let steps = self.decision.per_window(1.0).map_err(Error::Decision)?;
        (0..self.class_confidence.len())
            .try_for_each(|class| steps.with_confidence(self.confidence_of(class)).map(drop))
            .map_err(Error::Decision)?;
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::{Decision, MAX_CLASSES};

    const HASHES: [u8; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

    fn card() -> ModelCard<'static> {
        ModelCard {
            schema: SCHEMA,
            feature_kind: FeatureKind::Hybrid,
            base_sha256: None,
            decision: DecisionConfig { smoothing_s: 1.0, confidence: 0.5, hysteresis: 0.25, dwell_s: 2.0 },
            training: TrainingSummary {
                recordings: 2,
                windows: 300,
                groups: 2,
                seed: 7,
                hop_columns: 48,
                within_recording: false,
                folds: 5,
                macro_f1: Some(0.5),
                created_unix: None,
                recording_hashes: &HASHES,
            },
            class_confidence: &[60, 75],
        }
    }

    #[test]
    fn the_encoding_is_this_byte_for_byte() {
        let mut expected = vec![2, 2, 0]; // schema, hybrid, no base
        for value in [1.0f32, 0.5, 0.25, 2.0] {
            expected.extend(value.to_le_bytes());
        }
        expected.extend([2, 0xac, 2, 2, 7, 48, 0, 5, 1]); // recordings, windows, groups, seed, hop, within, folds, some
        expected.extend(0.5f32.to_le_bytes());
        expected.push(0); // no date
        expected.push(16);
        expected.extend(HASHES);
        expected.extend([2, 60, 75]); // confidence of two classes
        let mut buffer = [0; 256];
        assert_eq!(card().write(&mut buffer).unwrap(), expected);
    }

    #[test]
    fn a_card_survives_being_written_and_read() {
        let card = ModelCard { base_sha256: Some([9; 32]), ..card() };
        let mut buffer = vec![0; card.max_len()];
        let bytes = card.write(&mut buffer).unwrap();
        assert_eq!(ModelCard::from_bytes(bytes), Ok(card));
    }

    #[test]
    fn the_longest_card_fits_its_stated_length() {
        let mut card = ModelCard { base_sha256: Some([255; 32]), ..card() };
        let training = &mut card.training;
        (training.recordings, training.windows, training.groups) = (u32::MAX, u32::MAX, u32::MAX);
        (training.seed, training.hop_columns, training.folds) = (u64::MAX, u16::MAX, u16::MAX);
        training.created_unix = Some(u64::MAX);
        card.class_confidence = &[75; MAX_CLASSES];
        assert!(card.write(&mut vec![0; card.max_len()]).is_ok());
    }

    #[test]
    fn a_card_of_a_later_schema_is_refused_by_its_number() {
        assert_eq!(ModelCard::from_bytes(&[99, 99, 99]), Err(Error::Schema(99)));
    }

    #[test]
    fn a_card_cut_anywhere_is_refused() {
        let mut buffer = [0; 256];
        let bytes = card().write(&mut buffer).unwrap();
        for end in 0..bytes.len() {
            assert!(ModelCard::from_bytes(&bytes[..end]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn a_class_decides_by_its_own_confidence_and_without_one_by_that_of_all() {
        let card = card();
        assert_eq!([0, 1, 2].map(|class| card.confidence_of(class)), [0.6, 0.75, 0.5]);
        let entered = |p: [f32; 3]| {
            let mut decision = Decision::new(card.decision.per_window(1e3).unwrap(), 3).unwrap();
            decision.set_confidences(&[0, 1, 2].map(|class| card.confidence_of(class))).unwrap();
            decision.update(&p).state.class()
        };
        // To be entered, 0.25 of hysteresis on top: 0.85, 1.0 and 0.75.
        assert_eq!(entered([0.8, 0.1, 0.1]), None);
        assert_eq!(entered([0.9, 0.1, 0.0]), Some(0));
        assert_eq!(entered([0.1, 0.9, 0.0]), None);
        assert_eq!(entered([0.1, 0.1, 0.8]), Some(2));
    }

    #[test]
    fn a_confidence_that_no_sound_could_reach_is_refused() {
        let card = ModelCard { class_confidence: &[60, 76], ..card() };
        let refused = decision::Error::NeverEntered { confidence: 0.76, hysteresis: 0.25 };
        assert_eq!(card.write(&mut [0; 256]), Err(Error::Decision(refused)));
    }

    #[test]
    fn a_recording_is_recognised_by_the_beginning_of_its_hash() {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&HASHES[8..]);
        assert!(card().training.contains(&hash));
        // Not at a boundary of two hashes.
        hash[..8].copy_from_slice(&HASHES[4..12]);
        assert!(!card().training.contains(&hash));
    }
}
