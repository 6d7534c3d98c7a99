//! Data sets without a manifest, `DIR/<class>/*.wav`: the folder's name is the label.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::load::{Found, Listing};
use monitor_sound::timeline;

/// Lists the WAV files of every class folder of `folder`, in the order of their names.
///
/// # Errors
/// If the folder cannot be read, or has no class folder with a WAV file in it.
pub(super) fn list(folder: &Path) -> anyhow::Result<Listing> {
    let entries = entries(folder).with_context(|| format!("cannot read the folder {}", folder.display()))?;
    let mut listing = Listing::default();
    let loose = entries.iter().filter(|path| is_wav(path) && !timeline::beside(path).is_file()).count();
    for class in entries.into_iter().filter(|path| path.is_dir()) {
        let label = name_of(&class);
        if label.chars().any(char::is_control) {
            listing.remarks.push(format!("the folder {label:?} was left out: its name has a control character"));
            continue;
        }
        let inside = match self::entries(&class) {
            Ok(inside) => inside,
            Err(error) => {
                listing.remarks.push(format!("the folder {label} was left out: {error}"));
                continue;
            }
        };
        let (with_timeline, files): (Vec<_>, Vec<_>) =
            inside.iter().filter(|path| is_wav(path)).partition(|path| timeline::beside(path).is_file());
        let deeper = inside.iter().filter(|path| path.is_dir()).count();
        if deeper > 0 {
            listing.remarks.push(format!("{deeper} folders within {label} were not searched"));
        }
        if files.is_empty() && with_timeline.is_empty() {
            listing.remarks.push(format!("the folder {label} has no WAV file, so it is no class"));
        }
        listing.found.extend(files.into_iter().map(|path| Found {
            name: format!("{label}/{}", name_of(path)),
            path: path.clone(),
            label: label.clone(),
            group: None,
            recording: None,
        }));
    }
    match loose {
        0 if listing.found.is_empty() => {
            bail!("{} holds no WAV file; it needs one folder of WAV files per class", folder.display())
        }
        0 => {}
        _ if listing.found.is_empty() => bail!(
            "{} holds {loose} WAV files but no class folders; give the folder above it, or make one folder per class",
            folder.display()
        ),
        _ => {
            listing.remarks.push(format!("{loose} WAV files beside the class folders have no class and were left out"))
        }
    }
    Ok(listing)
}

/// The WAV files in a folder and in the folders in it, in the order of their names.
///
/// # Errors
/// If the folder cannot be read.
pub(crate) fn wav_files_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut found = Vec::new();
    for path in entries(folder)? {
        let inside = if path.is_dir() { entries(&path).unwrap_or_default() } else { vec![path] };
        found.extend(inside.into_iter().filter(|path| is_wav(path)));
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

/// The entries of a folder that are not hidden, in the order of their names.
pub(super) fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        // A leading dot marks hidden files, among them the companion files that macOS creates.
        if !name_of(&path).starts_with('.') {
            paths.push(path);
        }
    }
    paths.sort_by_key(|path| name_of(path));
    Ok(paths)
}

/// Whether a file's name ends in `.wav` or `.wave`, in any case.
pub(super) fn is_wav(path: &Path) -> bool {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    matches!(extension.as_deref(), Some("wav" | "wave")) && !path.is_dir()
}

pub(super) fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
