//! Finds new files on the card's partition and checks their integrity: each file needs its SHA-256 beside it, so that a
//! truncated or corrupted copy is detected before anything runs it.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::{FIRMWARE, Files, MODEL, SIGNATURE, hex};

/// Longest file that is read, in bytes: ten times the largest model.
const MOST: u64 = 64 << 20;

/// One file of the partition's root.
#[derive(Debug, PartialEq, Eq)]
pub enum Dropped {
    /// Absent, or identical to the file in use.
    Nothing,
    /// A new file for the self-test.
    New(Vec<u8>),
    /// Rejected without a self-test, and why.
    Refused(String),
}

/// Looks for a model with its signature, and for a program; `old` is what is in use.
#[must_use]
pub fn dropped(card: &Path, old: &Files) -> Vec<(&'static str, Dropped)> {
    let mut model = look(card, MODEL, old);
    // A signature needs no hash of its own. A new signature of the old model counts as a new model.
    let signature = std::fs::read(card.join(SIGNATURE)).ok().filter(|bytes| old.get(SIGNATURE) != Some(bytes));
    if let (Dropped::Nothing, Some(_), Some(bytes)) = (&model, &signature, old.get(MODEL)) {
        model = Dropped::New(bytes.clone());
    }
    let with_it = match (&model, std::fs::read(card.join(SIGNATURE))) {
        (Dropped::New(_), Ok(bytes)) => Dropped::New(bytes),
        _ => Dropped::Nothing,
    };
    vec![(MODEL, model), (SIGNATURE, with_it), (FIRMWARE, look(card, FIRMWARE, old))]
}

fn look(card: &Path, name: &str, old: &Files) -> Dropped {
    let path = card.join(name);
    let bytes = match std::fs::metadata(&path).map(|found| found.len()) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Dropped::Nothing,
        Ok(size) if size > MOST => return Dropped::Refused(format!("{size} bytes; at most {MOST} are looked at")),
        _ => match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) => return Dropped::Refused(format!("cannot be read: {error}; copy it again")),
        },
    };
    if old.get(name) == Some(&bytes) {
        return Dropped::Nothing;
    }
    let beside = format!("{name}.sha256");
    let text = match std::fs::read_to_string(card.join(&beside)) {
        Ok(text) => text,
        Err(error) => {
            return Dropped::Refused(format!("{beside}: {error}; put its SHA-256 there, as sha256sum writes it"));
        }
    };
    let stated = text.trim_start_matches('\u{feff}').split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
    let is = hex(&Sha256::digest(&bytes));
    if stated == is {
        Dropped::New(bytes)
    } else {
        Dropped::Refused(format!("its SHA-256 is {is}, and {beside} states \"{stated}\"; copy both again"))
    }
}
