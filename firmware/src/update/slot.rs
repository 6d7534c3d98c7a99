//! The two slots on the card that hold accepted files, each complete or ignored.
//!
//! `monitor/a` and `monitor/b` hold the files and `slot.txt`: a generation, a SHA-256 for each file, and last the SHA-256 of
//! all that, which detects a torn list. The slot with the higher generation is used.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{Files, NAMES, hex};

/// The list's name.
const LIST: &str = "slot.txt";

/// One of the two slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// `monitor/a`
    A,
    /// `monitor/b`
    B,
}

impl Which {
    /// The other slot.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// Its folder.
    #[must_use]
    pub fn folder(self, card: &Path) -> PathBuf {
        card.join("monitor").join(match self {
            Self::A => "a",
            Self::B => "b",
        })
    }
}

/// The content of a slot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Slot {
    /// Higher is newer.
    pub generation: u64,
    /// The files.
    pub files: Files,
}

/// The slot to use, if there is one, and a line for each that is damaged.
#[must_use]
pub fn newest(card: &Path) -> (Option<(Which, Slot)>, Vec<String>) {
    let mut best: Option<(Which, Slot)> = None;
    let mut damaged = Vec::new();
    for which in [Which::A, Which::B] {
        let folder = which.folder(card);
        match read(card, which) {
            Ok(Some(slot)) if best.as_ref().is_none_or(|(_, best)| best.generation < slot.generation) => {
                best = Some((which, slot));
            }
            Ok(_) => {}
            Err(why) => damaged.push(format!("{}: {why}", folder.display())),
        }
    }
    (best, damaged)
}

/// Checks the slot of a model's file; a file elsewhere is good.
///
/// # Errors
/// Why its slot is damaged.
pub fn check(card: &Path, model: &Path) -> Result<(), String> {
    let own = [Which::A, Which::B].into_iter().find(|which| model.parent() == Some(&which.folder(card)));
    let Some(which) = own else { return Ok(()) };
    let in_slot = |why: &str| format!("{}: {why}", which.folder(card).display());
    match read(card, which) {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(in_slot("the slot is not complete")),
        Err(why) => Err(in_slot(&why)),
    }
}

/// Reads a complete slot; `None` if it was never completed.
///
/// # Errors
/// Why it is damaged.
pub fn read(card: &Path, which: Which) -> Result<Option<Slot>, String> {
    let folder = which.folder(card);
    let text = match fs::read(folder.join(LIST)) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{LIST}: {error}")),
    };
    let torn = || format!("{LIST} is not whole: power was lost while it was written");
    let (list, end) = text.trim_end().rsplit_once("\nend ").ok_or_else(torn)?;
    if end != hex(&Sha256::digest(list)) {
        return Err(torn());
    }
    let mut slot = Slot::default();
    for line in list.lines() {
        let (first, second) = line.split_once(' ').ok_or_else(torn)?;
        if first == "generation" {
            slot.generation = second.parse().map_err(|_| torn())?;
            continue;
        }
        let name = NAMES.into_iter().find(|name| *name == second).ok_or_else(|| format!("{LIST} names {second:?}"))?;
        let bytes = fs::read(folder.join(name)).map_err(|error| format!("{name}: {error}"))?;
        if hex(&Sha256::digest(&bytes)) != first {
            return Err(format!("{name} is not what was written: the card is damaged"));
        }
        slot.files.insert(name, bytes);
    }
    Ok(Some(slot))
}

/// Writes a slot: removes its old list first, and writes the new list last, after all files are synchronised to the card.
/// Calls `step` with the name of each change before it; if `step` fails, writing stops (tests cut the power there).
///
/// # Errors
/// Errors of the card, or of `step`. The other slot is untouched.
pub fn write(card: &Path, which: Which, slot: &Slot, mut step: impl FnMut(&str) -> io::Result<()>) -> io::Result<()> {
    let folder = which.folder(card);
    step("make the folder")?;
    fs::create_dir_all(&folder)?;
    step("remove the old list")?;
    remove(&folder.join(LIST))?;
    File::open(&folder)?.sync_all()?;
    for name in NAMES {
        step("remove an old file")?;
        remove(&folder.join(name))?;
    }
    let mut list = format!("generation {}\n", slot.generation);
    for (name, bytes) in &slot.files {
        list += &format!("{} {name}\n", hex(&Sha256::digest(bytes)));
        write_file(&folder.join(name), bytes, &mut step)?;
    }
    step("have it all on the card")?;
    File::open(&folder)?.sync_all()?;
    let list = list.trim_end().to_owned();
    let text = format!("{list}\nend {}\n", hex(&Sha256::digest(&list)));
    write_file(&folder.join(LIST), text.as_bytes(), &mut step)?;
    step("have the list on the card")?;
    File::open(&folder)?.sync_all()
}

/// Writes a file in pieces, so that a test can cut the power between any two of them.
fn write_file(path: &Path, bytes: &[u8], step: &mut impl FnMut(&str) -> io::Result<()>) -> io::Result<()> {
    step("create a file")?;
    let mut file = File::create(path)?;
    for piece in bytes.chunks(bytes.len().div_ceil(3).max(1)) {
        step("write a piece")?;
        file.write_all(piece)?;
    }
    step("have the file on the card")?;
    file.sync_all()
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
