//! `manifest.csv`: `file,label,group,recording`, the last optional.
//!
//! Paths are relative to the manifest's folder, with `/` or `\`. Exports of spreadsheets are accepted: any order of columns,
//! `;` between them, a byte order mark.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::Skipped;
use super::load::{Found, Listing};

/// Reads a manifest.
///
/// # Errors
/// If it cannot be read, is not CSV, or lacks a column.
pub(super) fn read(path: &Path) -> anyhow::Result<Listing> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text, path.parent().unwrap_or(Path::new(""))).with_context(|| format!("in {}", path.display()))
}

/// Number of existing files that the text of a manifest in `folder` names, and number of skipped rows.
///
/// # Errors
/// If it is not CSV, lacks a column or names no file.
pub fn manifest_rows(text: &str, folder: &Path) -> anyhow::Result<(usize, usize)> {
    parse(text, folder).map(|listing| (listing.found.len(), listing.skipped.len()))
}

fn parse(text: &str, folder: &Path) -> anyhow::Result<Listing> {
    let text = text.trim_start_matches('\u{feff}');
    let first_line = text.lines().next().unwrap_or_default();
    let delimiter = if first_line.contains(';') && !first_line.contains(',') { b';' } else { b',' };
    let mut rows =
        csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::All).flexible(true).from_reader(text.as_bytes());
    let headers = rows.headers().context("the first line cannot be read")?.clone();
    let column = |name: &str| headers.iter().position(|header| header.eq_ignore_ascii_case(name));
    let (Some(file), Some(label), Some(group)) = (column("file"), column("label"), column("group")) else {
        bail!("the first line is {first_line:?}; it must name the columns file,label,group and may name recording");
    };
    let recording = column("recording");
    let mut listing = Listing::default();
    let mut seen = HashSet::new();
    for row in rows.records() {
        let row = row.context("a line cannot be read")?;
        let line = row.position().map_or(0, csv::Position::line);
        let field = |column: usize| row.get(column).filter(|field| !field.is_empty());
        let Some(name) = field(file).map(|name| name.replace('\\', "/")) else { continue };
        let path = resolve(folder, &name);
        let mut skip = |reason: String| listing.skipped.push(Skipped { path: path.clone(), reason });
        match field(label) {
            None => skip(format!("line {line} of the manifest gives it no label")),
            Some(label) if label.chars().any(char::is_control) => {
                skip(format!("line {line} of the manifest gives it a label with a control character"));
            }
            Some(_) if !seen.insert(name.clone()) => skip(format!("line {line} of the manifest names it again")),
            Some(_) if !path.is_file() => {
                skip(format!("line {line} of the manifest names it, but there is no such file"))
            }
            Some(label) => listing.found.push(Found {
                path,
                // Without a group the file is its own group.
                group: Some(field(group).map_or_else(|| name.clone(), str::to_owned)),
                recording: recording.and_then(field).map(str::to_owned),
                label: label.to_owned(),
                name,
            }),
        }
    }
    if listing.found.is_empty() && listing.skipped.is_empty() {
        bail!("the manifest names no file");
    }
    Ok(listing)
}

/// Resolves a path of the manifest, which may have been written on another system.
fn resolve(folder: &Path, name: &str) -> PathBuf {
    name.split('/').fold(if name.starts_with('/') { PathBuf::from("/") } else { folder.to_path_buf() }, |path, part| {
        if part.is_empty() { path } else { path.join(part) }
    })
}
