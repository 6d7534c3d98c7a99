//! Updates from the card: files copied to its partition are used after they pass a self-test on this device. If they fail,
//! the previous files stay in use and the status reports the reason.
//!
//! The partition is FAT, where a power cut may undo or tear any write. Files in use are therefore never overwritten: there
//! are two [slots](slot), accepted files are written to the slot that is not in use, and its list of hashes is written last.
//! A slot without a complete list, or whose files do not match the list, is ignored. The program in the card's initramfs,
//! which performs the update, is never replaced, so a program remains even if both slots are lost.

pub mod dropped;
pub mod slot;
pub mod trial;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::system::hex::hex;
use dropped::{Dropped, dropped};
use trial::Trial;

/// Names and contents of the files that belong together: of [`MODEL`], [`SIGNATURE`] and [`FIRMWARE`] those that are there.
pub type Files = BTreeMap<&'static str, Vec<u8>>;

/// The model's file.
pub const MODEL: &str = "sound_classifier.tflite";
/// The model's signature, if it has one.
pub const SIGNATURE: &str = "sound_classifier.tflite.minisig";
/// The program.
pub const FIRMWARE: &str = "firmware";
/// All of them.
pub const NAMES: [&str; 3] = [MODEL, SIGNATURE, FIRMWARE];

/// File to which `firmware update` writes its result and from which `firmware run` reads it.
pub const NOTE: &str = "/run/acoustic-monitor/update.txt";
/// Prefix of a line in that file with the reason why an update is not used.
const NOT_USED: &str = "not used: ";

/// What an update works with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The card's partition, mounted.
    pub card: PathBuf,
    /// A folder in memory, for trials.
    pub work: PathBuf,
    /// The configuration that the device runs with.
    pub config: Option<PathBuf>,
    /// The program to use if no slot has one: the running one.
    pub own: PathBuf,
}

/// The files to use, and the result for each new file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The files in use from now on.
    pub files: Files,
    /// The slot to write so that later starts use these files; `None` if they are stored already.
    pub write: Option<(slot::Which, u64)>,
    /// One line for each new file that is not used: its name and the reason.
    pub refused: Vec<String>,
}

impl Outcome {
    /// The result as text: the files in use, followed by the reasons for rejected ones. Identical at each start without changes.
    #[must_use]
    pub fn text(&self) -> String {
        let of = |name: &str, without: &str| match self.files.get(name) {
            Some(bytes) => format!("{name} {}", short(bytes)),
            None => without.to_owned(),
        };
        let mut text = format!("in use: {}, {}\n", of(MODEL, "no model"), of(FIRMWARE, "the card's own firmware"));
        for line in &self.refused {
            text += &format!("{NOT_USED}{line}\n");
        }
        text
    }
}

/// Reads the reasons from a file with the text of [`Outcome::text`]; empty without such a file. A card whose system is of version 0.1
/// writes [`NOTE`] to the former place.
#[must_use]
pub fn refused_in(note: &Path) -> Vec<String> {
    let former =
        || (note == Path::new(NOTE)).then(|| std::fs::read_to_string(crate::config::FORMER_NOTE).ok()).flatten();
    let text = std::fs::read_to_string(note).ok().or_else(former).unwrap_or_default();
    text.lines().filter_map(|line| line.strip_prefix(NOT_USED)).map(String::from).collect()
}

/// The first digits of the SHA-256, for display.
fn short(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))[..12].to_owned()
}

/// Finds new files on the card, runs their self-test and selects the files to use. Writes only to `options.work`.
///
/// # Errors
/// When the folder for trials cannot be written.
pub fn decide(options: &Options) -> std::io::Result<Outcome> {
    let mut outcome = Outcome::default();
    let (current, damaged) = slot::newest(&options.card);
    outcome.refused.extend(damaged);
    let (which, generation, old) = match current {
        Some((which, slot)) => (which.other(), slot.generation + 1, slot.files),
        None => (slot::Which::A, 1, Files::new()),
    };
    let mut new = Files::new();
    for (name, found) in dropped(&options.card, &old) {
        match found {
            Dropped::New(bytes) => drop(new.insert(name, bytes)),
            Dropped::Refused(why) => outcome.refused.push(format!("{name}: {why}")),
            Dropped::Nothing => {}
        }
    }
    outcome.files.clone_from(&old);
    let trial = Trial::new(options)?;
    // All new files together, else the model without the program, else the program without the model.
    let mut reasons = Vec::new();
    for part in parts(&new) {
        let mut files = old.clone();
        if part.contains_key(MODEL) {
            files.remove(SIGNATURE);
        }
        files.extend(part.clone());
        match trial.run(&old, &files) {
            Ok(()) => {
                new.retain(|name, _| !part.contains_key(name));
                outcome.files = files;
                outcome.write = Some((which, generation));
                break;
            }
            Err(why) => reasons.push((part.keys().copied().collect::<Vec<_>>().join(" with "), why)),
        }
    }
    // Files that failed the self-test, unless another combination uses them.
    for (names, why) in reasons {
        if new.keys().any(|name| names.contains(name)) {
            outcome.refused.push(format!("{names}: {why}"));
        }
    }
    Ok(outcome)
}

/// The combinations of new files to test, in order of preference. A signature is always combined with its model.
fn parts(new: &Files) -> Vec<Files> {
    let only = |program: bool| -> Files {
        new.iter()
            .filter(|(name, _)| (**name == FIRMWARE) == program)
            .map(|(name, bytes)| (*name, bytes.clone()))
            .collect()
    };
    let mut parts = vec![new.clone(), only(false), only(true)];
    parts.retain(|part| !part.is_empty());
    parts.dedup();
    parts
}

/// Writes the selected files to the device's folders.
///
/// # Errors
/// The error of writing.
pub fn put(files: &Files, folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for name in NAMES {
        let path = folder.join(name);
        match files.get(name) {
            Some(bytes) => write_program(&path, bytes)?,
            None => match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            },
        }
    }
    Ok(())
}

/// Writes an executable file.
fn write_program(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, bytes)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}
