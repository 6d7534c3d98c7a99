//! The signature of the model: `[listen] require_signature`.
//!
//! The signature is minisign's (<https://jedisct1.github.io/minisign/>): a file beside the model, its name with `.minisig`
//! behind it, as `host-tools sign` and `minisign -S` write it. It is checked over the very bytes that are then parsed, and
//! before they are: a file swapped in between gains nothing, and the reader never parses unsigned bytes.

use std::path::{Path, PathBuf};

use minisign_verify::{PublicKey, Signature};

use crate::config::ListenConfig;

/// Where the signature of the file `model` lies.
pub(crate) fn beside(model: &Path) -> PathBuf {
    let mut name = model.as_os_str().to_owned();
    name.push(".minisig");
    name.into()
}

/// Checks that `bytes`, the content of the configured model, bear a good signature, if one is required.
///
/// # Errors
/// When the key or the signature cannot be read, or the signature is not that of this key on these bytes.
pub fn check(config: &ListenConfig, bytes: &[u8]) -> Result<(), Error> {
    if !config.require_signature {
        return Ok(());
    }
    let key = &config.public_key;
    let no_key = |cause: String| Error::Key { path: key.clone(), cause };
    let text = std::fs::read_to_string(key).map_err(|error| no_key(error.to_string()))?;
    let public = PublicKey::decode(text.trim_end()).map_err(|error| no_key(error.to_string()))?;
    let path = beside(&config.model);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => return Err(Error::Missing { path, cause: error.to_string() }),
    };
    let signature = match Signature::decode(&text) {
        Ok(signature) => signature,
        Err(error) => return Err(Error::Damaged { path, cause: error.to_string() }),
    };
    // No legacy signatures: those that are not over the file's hash.
    public.verify(bytes, &signature, false).map_err(|error| Error::Wrong {
        path,
        key: key.clone(),
        cause: error.to_string(),
    })
}

/// Why a model is not trusted. All of it is for a person to correct; a running program keeps its model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no public key to check with.
    #[error("public key {}: {cause}; set listen.public_key to the .pub file", .path.display())]
    Key {
        /// Its file.
        path: PathBuf,
        /// Why not.
        cause: String,
    },
    /// The signature is not there or cannot be read.
    #[error(
        "signature {}: {cause}; listen.require_signature asks for one: copy it beside the model, or sign the model with \
         `host-tools sign`",
        .path.display()
    )]
    Missing {
        /// Its file.
        path: PathBuf,
        /// Why not.
        cause: String,
    },
    /// The file is no signature.
    #[error("signature {}: {cause}; sign the model again with `host-tools sign`", .path.display())]
    Damaged {
        /// Its file.
        path: PathBuf,
        /// Why not.
        cause: String,
    },
    /// The signature is of another key or of another file.
    #[error(
        "signature {}: it is not a signature of this model by the key {}: {cause}; the model was changed after it was signed, \
         or signed with another key",
        .path.display(),
        .key.display()
    )]
    Wrong {
        /// Its file.
        path: PathBuf,
        /// The public key's file.
        key: PathBuf,
        /// Why not.
        cause: String,
    },
}
