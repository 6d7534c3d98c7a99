//! `manifest.csv`: `file,label` and optionally `group`, `recording`, `from`, `to` and `condition`.
//!
//! Paths are relative to the manifest's folder, with `/` or `\`. Exports of spreadsheets are accepted: any order of columns,
//! commas, semicolons or tabs between them, a byte order mark, UTF-16, Windows-1252.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, bail, ensure};

use super::Skipped;
use super::load::{Found, Listing};
use super::probe::irregular;
use super::spans::{self, Part};
use super::text;
use crate::console::shown;

/// Reads a manifest.
///
/// # Errors
/// If it cannot be read, is not CSV, lacks a column, or contradicts itself.
pub(super) fn read(path: &Path) -> anyhow::Result<Listing> {
    let (text, note) = text::read(path)?;
    let mut listing =
        parse(&text, path.parent().unwrap_or(Path::new(""))).with_context(|| format!("in {}", shown(path)))?;
    listing.remarks.extend(note.map(|note| format!("{}: {note}", shown(path))));
    Ok(listing)
}

/// Number of existing files that the text of a manifest in `folder` names, and number of skipped rows.
///
/// # Errors
/// If it is not CSV, lacks a column or names no file.
pub fn manifest_rows(text: &str, folder: &Path) -> anyhow::Result<(usize, usize)> {
    parse(text, folder).map(|listing| (listing.found.len(), listing.skipped.len()))
}

/// Positions of the columns.
struct Columns {
    file: usize,
    label: usize,
    group: Option<usize>,
    recording: Option<usize>,
    span: Option<(usize, usize)>,
    condition: Option<usize>,
}

impl Columns {
    fn find(headers: &csv::StringRecord, first_line: &str) -> anyhow::Result<Self> {
        let is = |header: &&str, name: &str| header.eq_ignore_ascii_case(name);
        let column = |name: &str| headers.iter().position(|header| is(&header, name));
        for name in ["file", "label", "group", "recording", "from", "to", "condition"] {
            let count = headers.iter().filter(|header| is(header, name)).count();
            ensure!(
                count < 2,
                "the first line is {first_line:?}; it names the column {name} {count} times: remove all but one"
            );
        }
        let (Some(file), Some(label)) = (column("file"), column("label")) else {
            bail!(
                "the first line is {first_line:?}; it must name the columns file and label, and may name group, recording, \
                 from, to and condition"
            );
        };
        let span = match (column("from"), column("to")) {
            (Some(from), Some(to)) => Some((from, to)),
            (None, None) => None,
            _ => bail!("the first line is {first_line:?}; parts of files need both columns, from and to"),
        };
        let [group, recording, condition] = ["group", "recording", "condition"].map(column);
        Ok(Self { file, label, group, recording, span, condition })
    }
}

fn parse(text: &str, folder: &Path) -> anyhow::Result<Listing> {
    let text = text.trim_start_matches('\u{feff}');
    // Excel writes the separator into a line of its own.
    let text = match text.split_once('\n') {
        Some((first, rest)) if first.trim().len() == 5 && first.starts_with("sep=") => rest,
        _ => text,
    };
    let first_line = text.lines().next().unwrap_or_default();
    // An error shows it, and the file may be none of text.
    let first_line = &first_line[..first_line.char_indices().nth(200).map_or(first_line.len(), |(end, _)| end)];
    let mut rows = csv::ReaderBuilder::new()
        .delimiter(text::separator(first_line))
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(text.as_bytes());
    let headers = rows.headers().context("the first line cannot be read")?.clone();
    let columns = Columns::find(&headers, first_line)?;
    let mut table = Table { folder, columns, listing: Listing::default(), seen: HashMap::new(), moved: 0 };
    for row in rows.records() {
        table.row(&row.context("a line cannot be read")?)?;
    }
    table.finish()
}

/// The rows read so far.
struct Table<'a> {
    folder: &'a Path,
    columns: Columns,
    listing: Listing,
    /// Each file's first line, its label there, and its position in `found`, if it was added.
    seen: HashMap<String, (u64, String, Option<usize>)>,
    /// Number of paths of another computer that were matched by their ends.
    moved: usize,
}

impl Table<'_> {
    fn row(&mut self, row: &csv::StringRecord) -> anyhow::Result<()> {
        let line = row.position().map_or(0, csv::Position::line);
        let field = |column: usize| row.get(column).filter(|field| !field.is_empty());
        let Some(name) = field(self.columns.file).map(normal) else { return Ok(()) };
        let (path, is_moved) = resolve(self.folder, &name);
        self.moved += usize::from(is_moved);
        let mut skip = |reason: String| -> anyhow::Result<()> {
            self.listing.skipped.push(Skipped { path: path.clone(), reason });
            Ok(())
        };
        match self.columns.condition.and_then(field) {
            // Its sound would become normal with that of its state.
            Some(condition) if condition.eq_ignore_ascii_case("fault") => {
                return skip(format!("the manifest marks it as a fault (line {line})"));
            }
            Some(condition) if !condition.eq_ignore_ascii_case("normal") => {
                bail!("line {line} gives {name} the condition {condition}; write normal, fault or nothing")
            }
            _ => {}
        }
        let label = match field(self.columns.label) {
            None => return skip(format!("the manifest gives it no label (line {line})")),
            Some(label) if label.chars().any(char::is_control) => {
                return skip(format!("the manifest gives it a label with a control character (line {line})"));
            }
            Some(label) => label.to_owned(),
        };
        let span = match self.columns.span.map(|(from, to)| (field(from), field(to))) {
            None | Some((None, None)) => None,
            Some((Some(from), Some(to))) => {
                Some(spans::part(from, to, &label).with_context(|| format!("line {line}"))?)
            }
            // Taken for the whole file, the row would give its label to sound of another state.
            Some(_) => bail!(
                "line {line}: a part of {name} needs both from and to, in seconds; leave both empty for all of it"
            ),
        };
        if let Some((first, label_there, place)) = self.seen.get(&name) {
            let spans = place.and_then(|place| self.listing.found.get_mut(place)).map(|found| &mut found.spans);
            match (span, spans) {
                (Some(part), Some(spans)) if !spans.is_empty() => spans.push(part),
                _ if *label_there != label => bail!(
                    "line {line} gives {name} the label {label}, line {first} the label {label_there}: a file has one \
                     label; correct one of the lines, or give the parts of the file in columns from and to"
                ),
                _ => skip(format!("the manifest names it again (line {line})"))?,
            }
            return Ok(());
        }
        let mut place = None;
        if path.is_file() {
            place = Some(self.listing.found.len());
            self.listing.found.push(Found {
                path,
                // In a table with groups, a file without one is its own group.
                group: self.columns.group.map(|group| field(group).map_or_else(|| name.clone(), str::to_owned)),
                derived: None,
                recording: self.columns.recording.and_then(field).map(str::to_owned),
                label: label.clone(),
                name: name.clone(),
                spans: span.into_iter().collect::<Vec<Part>>(),
            });
        } else {
            let what = irregular(&path).map_or("there is no such file".to_owned(), |kind| format!("it is {kind}"));
            skip(format!("the manifest names it, but {what} (line {line})"))?;
        }
        self.seen.insert(name, (line, label, place));
        Ok(())
    }

    fn finish(self) -> anyhow::Result<Listing> {
        let Self { columns, mut listing, moved, .. } = self;
        if listing.found.is_empty() && listing.skipped.is_empty() {
            bail!("the manifest names no file");
        }
        for found in &mut listing.found {
            let parts = std::mem::take(&mut found.spans);
            found.spans = spans::in_order(parts).with_context(|| format!("parts of {}", found.name))?;
        }
        if columns.group.is_none() {
            listing.remarks.push("the manifest has no column group: groups follow from the names of files".to_owned());
        }
        if moved > 0 {
            listing.remarks.push(format!(
                "{moved} paths of the manifest are of another computer: matched by their last parts within the folder of \
                 the manifest"
            ));
        }
        Ok(listing)
    }
}

/// A path of the manifest with `/` and without parts that lead nowhere.
fn normal(name: &str) -> String {
    let name = name.replace('\\', "/");
    let parts: Vec<&str> = name
        .split('/')
        .enumerate()
        .filter(|(at, part)| *part != "." && (*at == 0 || !part.is_empty()))
        .map(|p| p.1)
        .collect();
    parts.join("/")
}

/// Resolves a path of the manifest, which may have been written on another computer: an absolute path that does not exist
/// here is looked for by its last parts. Returns whether it was.
fn resolve(folder: &Path, name: &str) -> (PathBuf, bool) {
    let drive = name.as_bytes().get(1) == Some(&b':') && name.as_bytes()[0].is_ascii_alphabetic();
    let is_absolute = name.starts_with('/') || drive;
    let as_given = if is_absolute { PathBuf::from(name) } else { folder.join(name) };
    if !is_absolute || as_given.exists() {
        return (as_given, false);
    }
    /// Last parts that are compared at most.
    const MOST_FOLDERS: usize = 32;
    let parts: Vec<&str> = name.split('/').filter(|part| !part.is_empty()).collect();
    // The longest end that exists; not the name of the drive, and nothing above the folder.
    let first = usize::from(drive).max(parts.len().saturating_sub(MOST_FOLDERS));
    let ends = (first..parts.len()).map(|from| folder.join(parts[from..].join("/")));
    let inside = |path: &PathBuf| path.is_file() && !path.components().any(|part| part == Component::ParentDir);
    ends.into_iter().find(inside).map_or((as_given, false), |path| (path, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_another_computer_are_found_by_their_ends() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("on")).unwrap();
        std::fs::write(folder.path().join("on/a.wav"), b"").unwrap();
        let at = folder.path().join("on/a.wav");
        for name in ["C:\\Users\\x\\rec\\on\\a.wav", "/home/x/rec/on/a.wav", "D:/on/a.wav"] {
            assert_eq!(resolve(folder.path(), &normal(name)), (at.clone(), true), "{name}");
        }
        assert_eq!(resolve(folder.path(), &normal(".\\on\\.\\a.wav")), (at, false));
        assert!(!resolve(folder.path(), "C:/rec/off/a.wav").1);
    }
}
