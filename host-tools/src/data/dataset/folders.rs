//! Data sets without a manifest: folders and names give the labels, as [`layout`](super::layout) determines.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::Skipped;
use super::kinds::{Role, is_sound, role};
use super::layout::{Layout, condition, layout, source_of};
use super::load::{Found, Listing};
use super::spans;
use crate::console::{one_line, shown};
use monitor_sound::timeline;

/// Folders within each other that are searched: `MIMII/6_dB_fan/fan/id_00/normal` has 5.
const DEEPEST: usize = 6;

/// A sound file below the data set's folder.
struct Leaf {
    path: PathBuf,
    /// Names of the folders from the data set's to the file.
    folders: Vec<String>,
    name: String,
}

/// Lists the sound files below `folder` with their labels, in the order of their names.
///
/// # Errors
/// If the folder cannot be read, holds no sound file, or holds files without labels.
pub(super) fn list(folder: &Path) -> anyhow::Result<Listing> {
    let mut listing = Listing::default();
    let mut leaves = Vec::new();
    let mut empty = Vec::new();
    let inside = entries(folder).with_context(|| format!("cannot read the folder {}", shown(folder)))?;
    listing.hidden.extend(inside.hidden);
    for path in inside.paths {
        let (name, before) = (name_of(&path), leaves.len());
        walk(&path, &mut Vec::new(), &mut leaves, &mut listing);
        if path.is_dir() && leaves.len() == before {
            empty.push(name);
        }
    }
    // A recording with a timeline is in no class.
    leaves.retain(|leaf| !timeline::beside(&leaf.path).is_file());
    let mut whole = Vec::new();
    for leaf in leaves {
        match spans::beside(&leaf.path, &mut listing.remarks)? {
            Some(spans) => listing.found.push(Found { spans, ..found(leaf, String::new(), None) }),
            None => whole.push(leaf),
        }
    }
    if whole.is_empty() && listing.found.is_empty() {
        bail!("{} holds no WAV file; it needs one folder of WAV files per class", shown(folder));
    }
    assign(folder, whole, &mut listing)?;
    if let Some(first) = listing.hidden.first() {
        listing.remarks.push(format!(
            "hidden files with names of recordings were left out: {} of them, such as {}; macOS writes them beside each file; \
             rename those that are recordings",
            listing.hidden.len(),
            shown(first)
        ));
    }
    for name in empty {
        listing.remarks.push(format!("the folder {} has no sound file, so it is no class", one_line(&name)));
    }
    Ok(listing)
}

/// Gives labels to files without spans.
fn assign(folder: &Path, leaves: Vec<Leaf>, listing: &mut Listing) -> anyhow::Result<()> {
    let layout = layout(leaves.iter().map(|leaf| (&leaf.folders[..], &leaf.name[..])));
    match layout {
        Layout::Classes => classes(folder, leaves, listing)?,
        Layout::Conditions => conditions(leaves, listing),
        Layout::Names => names(leaves, listing),
        Layout::Parts => bail!("{}", parts(folder, &leaves)),
    }
    Ok(())
}

/// Collects the sound files at and below `path`.
fn walk(path: &Path, folders: &mut Vec<String>, leaves: &mut Vec<Leaf>, listing: &mut Listing) {
    let name = name_of(path);
    if !path.is_dir() {
        // Beside the class folders lie models, tables and notes.
        let role = if folders.is_empty() && !is_sound(path) { Role::Other } else { role(path) };
        match role {
            Role::Recording => leaves.push(Leaf { path: path.to_path_buf(), folders: folders.clone(), name }),
            Role::Doubtful(kind) => listing.skipped.push(Skipped {
                path: path.to_path_buf(),
                reason: monitor_recording::Error::Foreign(kind).to_string(),
            }),
            Role::Other => {}
        }
        return;
    }
    // Links below the class folders could form a cycle.
    if !folders.is_empty() && path.is_symlink() {
        listing.remarks.push(format!("{} is a link to a folder and was not searched", shown(path)));
        return;
    }
    if name.chars().any(char::is_control) {
        listing.remarks.push(format!("the folder {name:?} was left out: its name has a control character"));
        return;
    }
    folders.push(name);
    match entries(path) {
        _ if folders.len() > DEEPEST => {
            listing.remarks.push(format!("{} lies more than {DEEPEST} folders deep and was not searched", shown(path)));
        }
        Ok(inside) => {
            listing.hidden.extend(inside.hidden);
            inside.paths.iter().for_each(|path| walk(path, folders, leaves, listing));
        }
        Err(error) => listing.remarks.push(format!("the folder {} was left out: {error}", shown(path))),
    }
    folders.pop();
}

/// `DIR/<class>/**/*.wav`.
fn classes(folder: &Path, leaves: Vec<Leaf>, listing: &mut Listing) -> anyhow::Result<()> {
    let (mut loose, mut nested) = (0_usize, BTreeMap::<String, (usize, BTreeSet<String>)>::new());
    for leaf in leaves {
        let Some(label) = leaf.folders.first().cloned() else {
            loose += 1;
            continue;
        };
        let inner = (leaf.folders.len() > 1).then(|| leaf.folders.join("/"));
        if let Some(inner) = &inner {
            let (files, within) = nested.entry(label.clone()).or_default();
            *files += 1;
            within.insert(inner.clone());
        }
        listing.found.push(found(leaf, label, inner));
    }
    for (label, (files, within)) in nested {
        listing.remarks.push(format!(
            "{label}: {files} files in {} folders within it belong to the class {label}, each folder is a group (a \
             manifest.csv assigns others)",
            within.len()
        ));
    }
    if loose > 0 && listing.found.is_empty() {
        bail!(
            "{} holds {loose} sound files but no class folders; give the folder above it, or make one folder per class",
            shown(folder)
        );
    }
    if loose > 0 {
        listing.remarks.push(format!("{loose} sound files beside the class folders have no class and were left out"));
    }
    Ok(())
}

/// `DIR/<machine>/<condition>/*.wav`: the machine is the group, so that a model is tested on machines it was not trained on.
fn conditions(leaves: Vec<Leaf>, listing: &mut Listing) {
    let mut left_out = BTreeMap::new();
    for leaf in leaves {
        let Some(label) = leaf.folders.last().and_then(|last| condition(last)) else {
            *left_out.entry(leaf.folders.join("/")).or_insert(0_usize) += 1;
            continue;
        };
        let machine = leaf.folders[..leaf.folders.len() - 1].join("/");
        listing.found.push(found(leaf, label.to_owned(), Some(machine)));
    }
    for (folder, files) in left_out {
        let folder = if folder.is_empty() { "the data folder" } else { &folder };
        listing.remarks.push(format!("{files} files in {folder} were left out: no condition in the folder's name"));
    }
    listing.remarks.push(
        "labels are the conditions that the innermost folders name, groups the folders above (a manifest.csv assigns \
         others)"
            .to_owned(),
    );
}

/// `DIR/{train,test}/section_00_source_train_normal_0000.wav`.
fn names(leaves: Vec<Leaf>, listing: &mut Listing) {
    let parts: BTreeSet<String> = leaves.iter().filter_map(|leaf| leaf.folders.last().cloned()).collect();
    for leaf in leaves {
        let Some(label) = condition(&leaf.name) else {
            listing
                .skipped
                .push(Skipped { path: leaf.path, reason: "its name holds neither normal nor anomaly".into() });
            continue;
        };
        let machine =
            leaf.folders.len().checked_sub(1).map(|above| leaf.folders[..above].join("/")).unwrap_or_default();
        let group = [machine, source_of(&leaf.name)].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
        let group = group.join("/");
        listing.found.push(found(leaf, label.to_owned(), Some(group)));
    }
    listing.remarks.push("labels are the conditions that file names hold (a manifest.csv assigns others)".to_owned());
    if parts.len() > 1 {
        let parts: Vec<String> = parts.into_iter().collect();
        listing
            .remarks
            .push(format!("{} were read together; name one of them to keep them apart", parts.join(" and ")));
    }
}

/// The error for folders that divide one data set.
fn parts(folder: &Path, leaves: &[Leaf]) -> String {
    let parts: BTreeSet<&str> = leaves.iter().filter_map(|leaf| leaf.folders.first().map(|first| &first[..])).collect();
    let of = |training: bool| parts.iter().find(|part| part.contains("train") == training).copied().unwrap_or("");
    format!(
        "{} holds {}, each with class folders: two data sets, which must not be mixed; train with `--data {}`, then \
         evaluate with `--data {}`",
        shown(folder),
        parts.iter().copied().collect::<Vec<_>>().join(" and "),
        shown(&folder.join(of(true))),
        shown(&folder.join(of(false)))
    )
}

fn found(leaf: Leaf, label: String, derived: Option<String>) -> Found {
    let name = leaf.folders.iter().chain([&leaf.name]).cloned().collect::<Vec<_>>().join("/");
    Found { path: leaf.path, name, label, group: None, derived, recording: None, spans: Vec::new() }
}

/// The sound files in a folder and in the folders in it, in the order of their names.
///
/// # Errors
/// If the folder cannot be read.
pub(crate) fn wav_files_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut found = Vec::new();
    for path in entries(folder)?.paths {
        let inside = if path.is_dir() { entries(&path).unwrap_or_default().paths } else { vec![path] };
        found.extend(inside.into_iter().filter(|path| is_sound(path)));
    }
    Ok(found)
}

/// The recordings with a timeline in a folder and the folders in it, in the order of their names.
///
/// # Errors
/// If the folder cannot be read.
pub(super) fn with_timelines(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = wav_files_below(folder)?;
    found.retain(|path| timeline::beside(path).is_file());
    Ok(found)
}

/// The entries of a folder, in the order of their names.
#[derive(Default)]
struct Entries {
    paths: Vec<PathBuf>,
    /// Hidden files with names of recordings, which are none of the paths.
    hidden: Vec<PathBuf>,
}

fn entries(folder: &Path) -> io::Result<Entries> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut entries = Entries::default();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        // A leading dot marks hidden files, among them the companion files that macOS creates.
        if !name_of(&path).starts_with('.') {
            entries.paths.push(path);
        } else if is_sound(&path) {
            entries.hidden.push(path);
        }
    }
    entries.paths.sort_by_key(|path| name_of(path));
    entries.hidden.sort();
    Ok(entries)
}

pub(super) fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
