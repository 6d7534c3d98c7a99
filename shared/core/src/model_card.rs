//! The model card: the project's own Metadata entry in the model file, which other runtimes ignore.
//!
//! The entry [`ENTRY`] is one postcard-encoded [`ModelCard`]. Postcard is not self-describing, so the first field is the
//! schema number. Fields are only appended, each time with a new number, and a card of an unknown schema is rejected. A
//! byte-exact test fixes the encoding.
//!
//! Labels are not part of the card: they are standard TFLite Metadata.

use serde::{Deserialize, Serialize};

use crate::decision::{self, DecisionConfig};
use crate::features::FeatureKind;
use crate::window::DEFAULT_HOP;
use monitor_tflite::Model;

/// Name of the Metadata entry.
pub const ENTRY: &str = "acoustic_monitor";
/// The schema number that this version writes. It reads [`WITHOUT_SCORE`] too.
pub const SCHEMA: u16 = 3;
/// The schema of version 0.2, which ends before [`ModelCard::score`].
const WITHOUT_SCORE: u16 = 2;
/// Bytes stored of each recording's SHA-256.
pub const HASH_LEN: usize = 8;
/// Upper bound on the encoded length without hashes and confidences, in bytes.
const FIXED_LEN: usize = 208;

/// [`DEFAULT_HOP`] in the type of the card.
#[expect(clippy::cast_possible_truncation, reason = "asserted below")]
const DEFAULT_HOP_COLUMNS: u16 = DEFAULT_HOP as u16;
const _: () = assert!(DEFAULT_HOP_COLUMNS as u32 == DEFAULT_HOP);

/// Card of a trained model. Borrows from the file.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ModelCard<'a> {
    /// Schema number: [`SCHEMA`], or that of the file.
    pub schema: u16,
    /// Features that the head takes.
    pub feature_kind: FeatureKind,
    /// SHA-256 of the base model that contains the body; `None` for features without a body.
    pub base_sha256: Option<[u8; 32]>,
    /// Default decision settings; the device's configuration overrides them.
    pub decision: DecisionConfig,
    /// Training data and result.
    #[serde(borrow)]
    pub training: TrainingSummary<'a>,
    /// Confidence threshold of each class in percent, 0 to 100, in the order of the labels; it replaces
    /// `decision.confidence`. Empty if `decision.confidence` applies to all classes.
    pub class_confidence: &'a [u8],
    /// What the anomaly score was fitted to; before schema 3 the same as the head.
    #[serde(borrow)]
    pub score: ScoreSummary<'a>,
}

/// A card of schema [`WITHOUT_SCORE`].
#[derive(Deserialize)]
struct CardWithoutScore<'a> {
    #[expect(dead_code, reason = "read before")]
    schema: u16,
    feature_kind: FeatureKind,
    base_sha256: Option<[u8; 32]>,
    decision: DecisionConfig,
    #[serde(borrow)]
    training: TrainingSummary<'a>,
    class_confidence: &'a [u8],
}

/// What the anomaly score was fitted to beside the training data of the head.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct ScoreSummary<'a> {
    /// Number of groups of normal sound; 0 if unknown, and without a score.
    pub groups: u32,
    /// First [`HASH_LEN`] bytes of the SHA-256 of every file that the head was not trained on, concatenated.
    pub recording_hashes: &'a [u8],
}

/// Training data and accuracy of a model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TrainingSummary<'a> {
    /// Number of recordings (files).
    pub recordings: u32,
    /// Number of windows.
    pub windows: u32,
    /// Number of groups; cross-validation never splits a group.
    pub groups: u32,
    /// Random seed.
    pub seed: u64,
    /// Step between training windows, in columns of 10 ms.
    pub hop_columns: u16,
    /// Whether the groups are parts of one recording, which makes the accuracy optimistic.
    pub within_recording: bool,
    /// Folds of the grouped cross-validation; 0 without cross-validation.
    pub folds: u16,
    /// Macro-F1 pooled over the folds, 0 to 1; `None` without cross-validation.
    pub macro_f1: Option<f32>,
    /// Time of training, in seconds since 1970; `None` if the output must be reproducible byte for byte.
    pub created_unix: Option<u64>,
    /// First [`HASH_LEN`] bytes of the SHA-256 of every training file, concatenated.
    pub recording_hashes: &'a [u8],
}

impl Default for TrainingSummary<'_> {
    /// Empty summary with the default hop.
    fn default() -> Self {
        Self {
            recordings: 0,
            windows: 0,
            groups: 0,
            seed: 0,
            hop_columns: DEFAULT_HOP_COLUMNS,
            within_recording: false,
            folds: 0,
            macro_f1: None,
            created_unix: None,
            recording_hashes: &[],
        }
    }
}

impl TrainingSummary<'_> {
    /// Returns whether a file with this SHA-256 is part of the training data.
    pub fn contains(&self, sha256: &[u8; 32]) -> bool {
        contains(self.recording_hashes, sha256)
    }
}

fn contains(hashes: &[u8], sha256: &[u8; 32]) -> bool {
    hashes.chunks_exact(HASH_LEN).any(|hash| hash == &sha256[..HASH_LEN])
}

/// Why a card cannot be read or written. Permanent for a given file.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Error {
    /// A schema number that this version does not support.
    #[error(
        "the model card has schema {0}, this version reads {supported}; export the model again with the host-tools of this \
         version, or update this program",
        supported = SCHEMA
    )]
    Schema(u16),
    /// The bytes are not a card: truncated, or with values that no field can have.
    #[error("the model card is damaged; export the model again")]
    Damaged,
    /// The decision defaults are out of range.
    #[error("the model card's decision defaults: {0}")]
    Decision(decision::Error),
    /// The card is longer than the buffer.
    #[error("the model card does not fit its buffer")]
    TooLong,
}

impl<'a> ModelCard<'a> {
    /// Returns a card without training data and with the default decision settings.
    pub fn untrained(feature_kind: FeatureKind) -> Self {
        Self {
            schema: SCHEMA,
            feature_kind,
            base_sha256: None,
            decision: DecisionConfig::default(),
            training: TrainingSummary::default(),
            class_confidence: &[],
            score: ScoreSummary::default(),
        }
    }

    /// Whether head or anomaly score were fitted to a file with this SHA-256.
    pub fn was_fitted_to(&self, sha256: &[u8; 32]) -> bool {
        self.training.contains(sha256) || contains(self.score.recording_hashes, sha256)
    }

    /// Number of groups behind the levels of the anomaly score.
    pub fn score_groups(&self) -> u32 {
        if self.score.groups > 0 { self.score.groups } else { self.training.groups }
    }

    /// Returns the confidence threshold of a class, 0 to 1: its own, or the common one.
    pub fn confidence_of(&self, class: usize) -> f32 {
        self.class_confidence.get(class).map_or(self.decision.confidence, |hundredths| f32::from(*hundredths) / 100.0)
    }

    /// Decodes a card.
    ///
    /// # Errors
    /// If the schema is unknown, the bytes are not a card, or a value is out of range.
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self, Error> {
        let (schema, _) = postcard::take_from_bytes::<u16>(bytes).map_err(|_| Error::Damaged)?;
        let (card, rest) = match schema {
            SCHEMA => postcard::take_from_bytes::<Self>(bytes).map_err(|_| Error::Damaged)?,
            WITHOUT_SCORE => {
                let (card, rest) =
                    postcard::take_from_bytes::<CardWithoutScore<'a>>(bytes).map_err(|_| Error::Damaged)?;
                let CardWithoutScore { feature_kind, base_sha256, decision, training, class_confidence, .. } = card;
                let score = ScoreSummary::default();
                (Self { schema, feature_kind, base_sha256, decision, training, class_confidence, score }, rest)
            }
            other => return Err(Error::Schema(other)),
        };
        card.checked(rest)
    }

    /// Returns the card of a model; `None` if the file has no card.
    ///
    /// # Errors
    /// As [`Self::from_bytes`].
    pub fn from_model(model: &Model<'a>) -> Result<Option<Self>, Error> {
        model.metadata(ENTRY).map(Self::from_bytes).transpose()
    }

    /// Buffer length, in bytes, that is always sufficient for [`Self::write`].
    pub fn max_len(&self) -> usize {
        FIXED_LEN
            + self.training.recording_hashes.len()
            + self.class_confidence.len()
            + self.score.recording_hashes.len()
    }

    /// Encodes the card into `buffer` and returns the used part.
    ///
    /// # Errors
    /// If a value is out of range, or the buffer is too short ([`Self::max_len`] is always sufficient).
    pub fn write<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b [u8], Error> {
        if self.schema != SCHEMA {
            return Err(Error::Schema(self.schema));
        }
        self.checked(&[])?;
        postcard::to_slice(self, buffer).map(|used| &*used).map_err(|_| Error::TooLong)
    }

    fn checked(self, rest: &[u8]) -> Result<Self, Error> {
        let f1_wrong = self.training.macro_f1.is_some_and(|f1| !(0.0..=1.0).contains(&f1));
        let hashes = [self.training.recording_hashes, self.score.recording_hashes];
        if !rest.is_empty() || f1_wrong || hashes.iter().any(|hashes| !hashes.len().is_multiple_of(HASH_LEN)) {
            return Err(Error::Damaged);
        }
        // The settings' ranges do not depend on the hop.
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

    const SCORED: [u8; 8] = [21, 22, 23, 24, 25, 26, 27, 28];

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
            score: ScoreSummary { groups: 3, recording_hashes: &SCORED },
        }
    }

    #[test]
    fn the_encoding_is_this_byte_for_byte() {
        let mut expected = vec![3, 2, 0]; // schema, hybrid, no base
        for value in [1.0f32, 0.5, 0.25, 2.0] {
            expected.extend(value.to_le_bytes());
        }
        expected.extend([2, 0xac, 2, 2, 7, 48, 0, 5, 1]); // recordings, windows, groups, seed, hop, within, folds, some
        expected.extend(0.5f32.to_le_bytes());
        expected.push(0); // no date
        expected.push(16);
        expected.extend(HASHES);
        expected.extend([2, 60, 75]); // confidence of two classes
        let without_score = expected.len();
        expected.extend([3, 8]); // groups, hashes
        expected.extend(SCORED);
        let mut buffer = [0; 256];
        assert_eq!(card().write(&mut buffer).unwrap(), expected);
        // Version 0.2 wrote this.
        expected.truncate(without_score);
        expected[0] = 2;
        let former = ModelCard::from_bytes(&expected).unwrap();
        assert_eq!(former, ModelCard { schema: 2, score: ScoreSummary::default(), ..card() });
        assert_eq!(former.write(&mut buffer), Err(Error::Schema(2)), "it would be written as schema 3");
        assert_eq!((former.score_groups(), card().score_groups()), (2, 3));
    }

    #[test]
    fn a_written_card_is_read_back_unchanged() {
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
        card.score.groups = u32::MAX;
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
    fn a_class_uses_its_own_confidence_or_the_common_one() {
        let card = card();
        assert_eq!([0, 1, 2].map(|class| card.confidence_of(class)), [0.6, 0.75, 0.5]);
        let entered = |p: [f32; 3]| {
            let mut decision = Decision::new(card.decision.per_window(1e3).unwrap(), 3).unwrap();
            decision.set_confidences(&[0, 1, 2].map(|class| card.confidence_of(class))).unwrap();
            decision.update(&p).state.class()
        };
        // Entering a state requires the hysteresis of 0.25 in addition: 0.85, 1.0 and 0.75.
        assert_eq!(entered([0.8, 0.1, 0.1]), None);
        assert_eq!(entered([0.9, 0.1, 0.0]), Some(0));
        assert_eq!(entered([0.1, 0.9, 0.0]), None);
        assert_eq!(entered([0.1, 0.1, 0.8]), Some(2));
    }

    #[test]
    fn an_unreachable_confidence_is_refused() {
        let card = ModelCard { class_confidence: &[60, 76], ..card() };
        let refused = decision::Error::NeverEntered { confidence: 0.76, hysteresis: 0.25 };
        assert_eq!(card.write(&mut [0; 256]), Err(Error::Decision(refused)));
    }

    #[test]
    fn a_recording_is_recognised_by_the_beginning_of_its_hash() {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&HASHES[8..]);
        assert!(card().training.contains(&hash));
        assert!(card().was_fitted_to(&hash));
        // Not at a boundary of two hashes.
        hash[..8].copy_from_slice(&HASHES[4..12]);
        assert!(!card().training.contains(&hash) && !card().was_fitted_to(&hash));
        hash[..8].copy_from_slice(&SCORED);
        assert!(!card().training.contains(&hash) && card().was_fitted_to(&hash));
    }
}
