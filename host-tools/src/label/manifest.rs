//! The manifest: `file,label,from,to`, as `train` reads it (`docs/guide/recordings.md`).
//!
//! Rows of recordings that are not at hand stay as they are, so that one manifest may grow over several folders of one parent.

use std::path::{Component, Path, PathBuf};

use anyhow::{Context, bail, ensure};
use monitor_model::atomic_file;

use crate::console::shown;

/// The columns.
const COLUMNS: [&str; 4] = ["file", "label", "from", "to"];

/// A labelled part of a recording.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// The recording.
    pub path: PathBuf,
    /// The label.
    pub label: String,
    /// Begin and end in seconds.
    pub from_s: f64,
    /// See [`from_s`](Self::from_s).
    pub to_s: f64,
}

/// A manifest on disk.
#[derive(Debug)]
pub(crate) struct Manifest {
    path: PathBuf,
    /// Its folder with all links followed, by which paths of recordings are shortened.
    folder: PathBuf,
    /// Rows of recordings that are not at hand.
    others: Vec<csv::StringRecord>,
}

impl Manifest {
    /// The manifest at `path`, which need not exist, and its rows of `recordings`.
    ///
    /// # Errors
    /// When there is another file, or its folder does not exist.
    pub(crate) fn open(path: &Path, recordings: &[PathBuf]) -> anyhow::Result<(Self, Vec<Row>)> {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = parent
            .canonicalize()
            .with_context(|| format!("--out {}: there is no folder {}", shown(path), shown(parent)))?;
        ensure!(!path.is_dir(), "--out {}: this is a folder; name a file in it", shown(path));
        let mut manifest = Self { path: path.to_path_buf(), folder, others: Vec::new() };
        if !path.exists() {
            return Ok((manifest, Vec::new()));
        }
        let text = std::fs::read_to_string(path).with_context(|| format!("--out {} cannot be read", shown(path)))?;
        let remedy = "it was not written by this command; name another file by --out";
        let rows = manifest.read(&text, recordings).with_context(|| format!("--out {}: {remedy}", shown(path)))?;
        Ok((manifest, rows))
    }

    fn read(&mut self, text: &str, recordings: &[PathBuf]) -> anyhow::Result<Vec<Row>> {
        let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let headers = reader.headers()?;
        ensure!(headers.iter().eq(COLUMNS), "its first line is not {}", COLUMNS.join(","));
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record?;
            let file = self.folder.join(&record[0]);
            let Some(path) = recordings.iter().find(|path| is_one(path, &file)) else {
                self.others.push(record);
                continue;
            };
            let second = |text: &str| text.parse::<f64>().ok().filter(|second| second.is_finite() && *second >= 0.0);
            let (Some(from_s), Some(to_s)) = (second(&record[2]), second(&record[3])) else {
                bail!("line {}: from and to are no seconds", record.position().map_or(0, csv::Position::line));
            };
            rows.push(Row { path: path.clone(), label: record[1].to_owned(), from_s, to_s });
        }
        Ok(rows)
    }

    /// Writes `rows` in the place of those before, completely or not at all. Touching parts of one recording and label become
    /// one.
    ///
    /// # Errors
    /// When the file cannot be written; the one before then stays.
    pub(crate) fn save(&self, rows: &[Row]) -> anyhow::Result<()> {
        let cannot = || format!("cannot write {}; is there space, may this user write there?", shown(&self.path));
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(COLUMNS)?;
        for Row { path, label, from_s, to_s } in merged(rows) {
            writer.write_record([self.name(&path), label, format!("{from_s:.3}"), format!("{to_s:.3}")])?;
        }
        for other in &self.others {
            writer.write_record(other)?;
        }
        let text = writer.into_inner().map_err(|error| anyhow::anyhow!("{error}")).with_context(cannot)?;
        atomic_file::write(&self.path, &text).with_context(cannot)
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A recording as the manifest names it: from its folder, with `/`; elsewhere by its whole path.
    fn name(&self, path: &Path) -> String {
        let whole = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let Ok(inside) = whole.strip_prefix(&self.folder) else { return whole.to_string_lossy().into_owned() };
        let parts = inside.components().filter_map(|part| match part {
            Component::Normal(part) => Some(part.to_string_lossy()),
            _ => None,
        });
        parts.collect::<Vec<_>>().join("/")
    }
}

/// Whether two paths are of one file.
fn is_one(path: &Path, other: &Path) -> bool {
    match (path.canonicalize(), other.canonicalize()) {
        (Ok(path), Ok(other)) => path == other,
        _ => false,
    }
}

/// Rows in order; those that touch and have one label are one.
fn merged(rows: &[Row]) -> Vec<Row> {
    let mut rows = rows.to_vec();
    rows.sort_by(|a, b| a.path.cmp(&b.path).then(a.from_s.total_cmp(&b.from_s)));
    let mut merged: Vec<Row> = Vec::new();
    for row in rows {
        match merged.last_mut() {
            Some(last) if last.path == row.path && last.label == row.label && last.to_s == row.from_s => {
                last.to_s = row.to_s
            }
            _ => merged.push(row),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(path: &Path, label: &str, from_s: f64, to_s: f64) -> Row {
        Row { path: path.into(), label: label.into(), from_s, to_s }
    }

    #[test]
    fn what_is_written_is_read_again_and_rows_of_other_recordings_stay() {
        let folder = tempfile::tempdir().unwrap();
        let (path, a) = (folder.path().join("manifest.csv"), folder.path().join("day 1/a,b.wav"));
        std::fs::create_dir(folder.path().join("day 1")).unwrap();
        std::fs::write(&a, b"x").unwrap();
        std::fs::write(&path, "file,label,from,to\nelsewhere/z.wav,on,1.000,2.000\n").unwrap();
        let (manifest, rows) = Manifest::open(&path, std::slice::from_ref(&a)).unwrap();
        assert!(rows.is_empty());
        manifest.save(&[row(&a, "on", 4.0, 5.5), row(&a, "on", 0.0, 4.0), row(&a, "off", 5.5, 7.25)]).unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "file,label,from,to\n\"day 1/a,b.wav\",on,0.000,5.500\n\"day 1/a,b.wav\",off,5.500,7.250\n\
             elsewhere/z.wav,on,1.000,2.000\n"
        );
        let (_, rows) = Manifest::open(&path, std::slice::from_ref(&a)).unwrap();
        assert_eq!(rows, [row(&a, "on", 0.0, 5.5), row(&a, "off", 5.5, 7.25)]);
    }

    #[test]
    fn a_manifest_of_another_origin_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manifest.csv");
        for text in ["file,label,group\na.wav,on,1\n", "file,label,from,to\na.wav,on,1\n", "", "\u{1}\u{2}"] {
            std::fs::write(&path, text).unwrap();
            let error = format!("{:#}", Manifest::open(&path, &[]).unwrap_err());
            assert!(error.contains("manifest.csv") && error.contains("name another file by --out"), "{error}");
        }
        let error = Manifest::open(folder.path(), &[]).unwrap_err().to_string();
        assert!(error.contains("this is a folder"), "{error}");
        let error = Manifest::open(&folder.path().join("x/m.csv"), &[]).unwrap_err().to_string();
        assert!(error.contains("there is no folder"), "{error}");
    }

    #[test]
    fn a_recording_elsewhere_is_named_by_its_whole_path() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let a = other.path().join("a.wav");
        std::fs::write(&a, b"x").unwrap();
        let path = one.path().join("labels.csv");
        let (manifest, _) = Manifest::open(&path, std::slice::from_ref(&a)).unwrap();
        manifest.save(&[row(&a, "on", 0.0, 1.0)]).unwrap();
        assert_eq!(Manifest::open(&path, std::slice::from_ref(&a)).unwrap().1, [row(&a, "on", 0.0, 1.0)]);
    }
}
