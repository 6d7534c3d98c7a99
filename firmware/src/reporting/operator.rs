//! What those who operate may change while the program runs. The page asks for it; the main program implements it, which
//! knows the configuration, the model and how both are replaced.

use std::fmt::Debug;

use serde_json::{Map, Value};

/// Why something was not changed. The text is for the person who asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OperatorError {
    /// The request cannot be performed, and why.
    #[error("{0}")]
    Refused(String),
    /// The device failed, and how.
    #[error("{0}")]
    Failed(String),
}

/// A model, as it was received.
#[derive(Clone, PartialEq, Eq)]
pub struct UploadedModel {
    /// The file.
    pub model: Vec<u8>,
    /// Its signature (minisign), as the text of the file.
    pub signature: Option<String>,
}

impl Debug for UploadedModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a model of {} bytes", self.model.len())
    }
}

/// Changes settings and models. Each call but [`reload`](Self::reload) may take seconds and is for one thread at a time.
pub trait Operator: Debug + Send + Sync {
    /// Requests that model and configuration are read again, as SIGHUP does.
    fn reload(&self);

    /// The settings that can be changed: each with the value of the file, its override and what the model or the program adds.
    ///
    /// # Errors
    /// When the configuration cannot be read.
    fn settings(&self) -> Result<Value, OperatorError>;

    /// What `changes` (by `section.key`; null takes an override back) would change, after the same checks as the file's.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    fn proposal(&self, changes: &Map<String, Value>) -> Result<Value, OperatorError>;

    /// Performs `changes` for the person at the address `by`; the same answer as [`proposal`](Self::proposal).
    ///
    /// # Errors
    /// As [`proposal`](Self::proposal), and when the file cannot be written.
    fn change(&self, changes: &Map<String, Value>, by: &str) -> Result<Value, OperatorError>;

    /// The models that there are, which is in use, and which was before.
    ///
    /// # Errors
    /// When the configuration cannot be read.
    fn models(&self) -> Result<Value, OperatorError>;

    /// Uses another model that is there already: `file`, `a` or `b`.
    ///
    /// # Errors
    /// When there is none, or it does not fit the configuration.
    fn use_model(&self, id: &str, by: &str) -> Result<Value, OperatorError>;

    /// Tests a model, keeps it and uses it.
    ///
    /// # Errors
    /// When its signature is missing or wrong, it fails the self-test, or cannot be kept.
    fn install_model(&self, uploaded: UploadedModel, by: &str) -> Result<Value, OperatorError>;
}
