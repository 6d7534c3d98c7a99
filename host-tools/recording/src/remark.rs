//! What the user should know of a recording that was read all the same.

use monitor_model::wav;

/// A finding about a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The kind in a few words, equal for all recordings of a kind: to group by.
    pub kind: &'static str,
    /// What was found, what was done and the remedy.
    pub text: String,
}

impl Remark {
    pub(crate) fn new(kind: &'static str, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }
}

impl From<&wav::Remark> for Remark {
    fn from(remark: &wav::Remark) -> Self {
        Self::new(remark.kind(), remark.to_string())
    }
}

impl std::fmt::Display for Remark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.text)
    }
}
