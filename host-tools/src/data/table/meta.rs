//! Metadata of a whole table.

use anyhow::{Context, ensure};
use monitor_core::features::FeatureKind;
use monitor_core::gain::Gain;
use monitor_model::owned::OwnedModel;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::data::feature_set::FeatureSet;
use crate::data::hash::hex;

/// Key of the metadata entry.
pub(super) const KEY: &str = "acoustic_monitor";
/// The layouts that this version reads. It writes the second only with an input gain, which the first does not have.
const FORMATS: [u32; 2] = [1, 2];

/// Kind of a table's features, and how its recordings were read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Meta {
    /// Number of this layout.
    pub format: u32,
    /// Name of the feature kind.
    pub features: String,
    /// Step between windows, in columns of 10 ms.
    pub hop_columns: u32,
    /// Input gain in dB.
    #[serde(default)]
    pub gain_db: u8,
    /// SHA-256 of the base model, in hexadecimal; `None` for features without one.
    pub base_sha256: Option<String>,
    /// Whether groups are blocks of one file, so that every figure is optimistic.
    pub within_recording: bool,
    /// How the data was read.
    pub remarks: Vec<String>,
    /// Files that were not used, and why.
    pub skipped: Vec<(String, String)>,
}

impl Meta {
    /// Metadata of `set`, whose embedding, if any, was computed with `base`; `skipped` holds paths as they are stored.
    pub(super) fn new(set: &FeatureSet, base: Option<&OwnedModel>, skipped: Vec<(String, String)>) -> Self {
        Self {
            format: if set.gain == Gain::NONE { FORMATS[0] } else { FORMATS[1] },
            features: set.kind.name().to_string(),
            hop_columns: set.hop_columns,
            gain_db: set.gain.db(),
            base_sha256: base.filter(|_| set.kind.needs_body()).map(sha256),
            within_recording: set.dataset.within_recording,
            remarks: set.dataset.remarks.clone(),
            skipped,
        }
    }

    /// The text of the column `settings`: without what was not used, which no row is from.
    pub(super) fn settings(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string(&Self { remarks: Vec::new(), skipped: Vec::new(), ..self.clone() })?)
    }

    /// Reads the text of the metadata entry or of the column `settings`.
    ///
    /// # Errors
    /// When both are missing, or it is not of this layout, or damaged.
    pub(super) fn parse(text: Option<&str>) -> anyhow::Result<Self> {
        const REMEDY: &str = "make it again with `host-tools features`";
        let text = text.with_context(|| {
            format!(
                "it has neither a column settings nor a metadata entry {KEY}, so the kind of its features is unknown; keep \
                 the column when you select others, or {REMEDY}"
            )
        })?;
        let meta: Self = serde_json::from_str(text).with_context(|| format!("its settings are damaged; {REMEDY}"))?;
        let found = meta.format;
        ensure!(FORMATS.contains(&found), "it has the layout {found}, this version reads 1 and 2; {REMEDY}");
        ensure!(
            Gain::from_db(meta.gain_db).is_some(),
            "its input gain is {} dB, at most 40 can be; {REMEDY}",
            meta.gain_db
        );
        Ok(meta)
    }

    /// The feature kind.
    ///
    /// # Errors
    /// When this version does not know the name.
    pub(crate) fn kind(&self) -> anyhow::Result<FeatureKind> {
        self.features
            .parse()
            .map_err(|_| anyhow::anyhow!("its features are {:?}, which is not a feature kind", self.features))
    }

    /// Step between windows, in seconds.
    pub(crate) fn hop_s(&self) -> f64 {
        f64::from(self.hop_columns) / 100.0
    }

    /// Rejects a base model other than the one that the features were computed with.
    ///
    /// # Errors
    /// When it is another one.
    pub(crate) fn require_base(&self, base: &OwnedModel) -> anyhow::Result<()> {
        let (made_with, found) = (self.base_sha256.as_deref().unwrap_or("none"), sha256(base));
        ensure!(
            made_with == found,
            "the tables were made with the base model {made_with}, --base is {found}; name the same one"
        );
        Ok(())
    }
}

fn sha256(base: &OwnedModel) -> String {
    hex(&Sha256::digest(base.bytes()))
}
