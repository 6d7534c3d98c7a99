//! From tables to the features of one data set, as if all their recordings had been processed together.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use monitor_core::anomaly::{SPECTRUM_LEN, STATISTICS_LEN};
use monitor_core::gain::Gain;
use monitor_core::rumble::BANDS;
use ndarray::Array2;

use super::{Meta, Rows, read};
use crate::data::dataset::{Dataset, Recording, Skipped};
use crate::data::feature_set::{FeatureSet, Row};
use crate::data::hash::from_hex;

/// A recording and its rows in one table.
struct Part {
    table: usize,
    rows: Vec<usize>,
    label: String,
    group: String,
    recording: Recording,
}

/// Reads the tables `paths` into one set. Recordings that an earlier table holds are skipped and listed; a group
/// named in two tables is one group.
///
/// # Errors
/// When a table cannot be read, two were not made alike, or there is no row.
pub(crate) fn load(paths: &[PathBuf]) -> anyhow::Result<(FeatureSet, Meta)> {
    let tables: Vec<(Meta, Rows)> = paths.iter().map(|path| read::read(path)).collect::<anyhow::Result<_>>()?;
    let (first, _) = tables.first().context("no table was named")?;
    for (path, (other, _)) in paths.iter().zip(&tables) {
        alike(&paths[0], first, path, other)?;
    }
    let mut dataset = Dataset::default();
    for (meta, _) in &tables {
        dataset.within_recording |= meta.within_recording;
        for remark in &meta.remarks {
            if !dataset.remarks.contains(remark) {
                dataset.remarks.push(remark.clone());
            }
        }
        let skipped = meta.skipped.iter();
        dataset.skipped.extend(skipped.map(|(path, reason)| Skipped { path: path.into(), reason: reason.clone() }));
    }
    let mut parts = Vec::new();
    // Hash of each file and the first table that holds it; paths in use.
    let (mut seen, mut names) = (HashMap::new(), HashMap::new());
    for (table, (path, (_, rows))) in paths.iter().zip(&tables).enumerate() {
        for mut part in parts_of(table, rows).with_context(|| format!("in the table {}", path.display()))? {
            let recording = &mut part.recording;
            let holder = *seen.entry(recording.hash).or_insert(table);
            if holder != table {
                let reason = format!("the same bytes as in {}", paths[holder].display());
                let skipped = Skipped { path: recording.path.clone(), reason };
                if dataset.skipped.last() != Some(&skipped) {
                    dataset.skipped.push(skipped);
                }
                continue;
            }
            // Another machine's file of the same name is another file, and another recording.
            if *names.entry(recording.path.clone()).or_insert(recording.hash) != recording.hash {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                recording.path = Path::new(&*stem).join(&recording.path);
                recording.recording = format!("{stem}/{}", recording.recording);
            }
            parts.push(part);
        }
    }
    let set = set(first, &tables, parts, dataset)?;
    Ok((set, first.clone()))
}

/// Rejects tables whose features are not comparable.
fn alike(path: &Path, meta: &Meta, other_path: &Path, other: &Meta) -> anyhow::Result<()> {
    let differs = |what: &str, one: &str, two: &str| {
        ensure!(
            one == two,
            "{} was made with {what} {one}, {} with {two}; make them alike with `host-tools features`",
            path.display(),
            other_path.display()
        );
        Ok(())
    };
    differs("the features", &meta.features, &other.features)?;
    differs("a hop of", &format!("{} s", meta.hop_s()), &format!("{} s", other.hop_s()))?;
    let gain = |meta: &Meta| format!("{} dB", meta.gain_db);
    differs("an input gain (--gain) of", &gain(meta), &gain(other))?;
    let base = |meta: &Meta| meta.base_sha256.clone().unwrap_or_else(|| "none".to_string());
    differs("the base model", &base(meta), &base(other))
}

/// The recordings of a table in the order of their first rows, their rows in the order of time.
fn parts_of(table: usize, rows: &Rows) -> anyhow::Result<Vec<Part>> {
    let mut places: HashMap<(&str, u64, &str), usize> = HashMap::new();
    let mut parts: Vec<Part> = Vec::new();
    for row in 0..rows.label.len() {
        let start = rows.part_start_s[row];
        let key = (rows.sha256[row].as_str(), start.to_bits(), rows.label[row].as_str());
        let place = *places.entry(key).or_insert(parts.len());
        if let Some(part) = parts.get_mut(place) {
            part.rows.push(row);
            continue;
        }
        let end = rows.part_end_s[row];
        let recording = Recording {
            path: rows.file[row].clone().into(),
            label: 0,
            group: 0,
            recording: rows.recording[row].clone(),
            hash: from_hex(&rows.sha256[row]).with_context(|| format!("row {row}: its sha256 is not a SHA-256"))?,
            rate_hz: u32::try_from(rows.rate_hz[row]).with_context(|| format!("row {row}: rate_hz is negative"))?,
            seconds: rows.seconds[row],
            block: (end > start).then_some(start..end),
        };
        let (label, group) = (rows.label[row].clone(), rows.group[row].clone());
        parts.push(Part { table, rows: vec![row], label, group, recording });
    }
    for part in &mut parts {
        // Another program may have sorted the rows.
        part.rows.sort_by(|a, b| rows.time_s[*a].total_cmp(&rows.time_s[*b]));
        let twice = part.rows.windows(2).find(|pair| rows.time_s[pair[0]] == rows.time_s[pair[1]]);
        ensure!(
            twice.is_none(),
            "{} has a window more than once, at {} s: a join has multiplied rows; select distinct rows",
            part.recording.path.display(),
            rows.time_s[twice.map_or(0, |pair| pair[0])]
        );
    }
    Ok(parts)
}

/// Numbers classes and groups as [`Dataset::load`] does and puts the rows in its order: by class, file and time.
fn set(meta: &Meta, tables: &[(Meta, Rows)], mut parts: Vec<Part>, mut dataset: Dataset) -> anyhow::Result<FeatureSet> {
    let names = |of: fn(&Part) -> &String| -> Vec<String> {
        parts.iter().map(of).collect::<BTreeSet<_>>().into_iter().cloned().collect()
    };
    (dataset.classes, dataset.groups) = (names(|part| &part.label), names(|part| &part.group));
    ensure!(!dataset.classes.is_empty(), "the tables hold no window");
    parts.sort_by_cached_key(|part| {
        let start = part.recording.block.as_ref().map_or(0, |block| block.start.to_bits());
        (part.label.clone(), part.recording.path.to_string_lossy().into_owned(), start)
    });
    let kind = meta.kind()?;
    let count: usize = parts.iter().map(|part| part.rows.len()).sum();
    // A table of an earlier version has none, and then no window has.
    let bands = if tables.iter().any(|(_, rows)| rows.rumble.is_empty()) { 0 } else { BANDS };
    if bands == 0 {
        tracing::info!(
            "the tables hold no rumble, so no detector of the anomaly score covers 25 to 125 Hz; make them again"
        );
    }
    let spectrum_len = if tables.iter().any(|(_, rows)| rows.spectrum.is_empty()) { 0 } else { SPECTRUM_LEN };
    if spectrum_len == 0 {
        tracing::info!("the tables hold no spectra, so alarms name no frequencies; make them again");
    }
    // Exactly as much as is needed: a list that grows would take up to twice as much for a moment.
    let reserved = |values: usize| Vec::with_capacity(count * values);
    let (mut x, mut statistics) = (reserved(kind.len()), reserved(STATISTICS_LEN));
    let (mut rumble, mut spectra, mut rows) = (reserved(bands), reserved(spectrum_len), Vec::with_capacity(count));
    for part in parts {
        // Every name is found: the lists were made of them.
        let label = dataset.classes.binary_search(&part.label).unwrap_or_default();
        let group = dataset.groups.binary_search(&part.group).unwrap_or_default();
        let from = &tables[part.table].1;
        for row in part.rows {
            let (start_s, level_dbfs) = (from.time_s[row], from.level_dbfs[row]);
            rows.push(Row { label, recording: dataset.recordings.len(), group, start_s, level_dbfs });
            x.extend(&from.features[row * kind.len()..(row + 1) * kind.len()]);
            statistics.extend(&from.statistics[row * STATISTICS_LEN..(row + 1) * STATISTICS_LEN]);
            rumble.extend(&from.rumble[row * bands..(row + 1) * bands]);
            spectra.extend(&from.spectrum[row * spectrum_len..(row + 1) * spectrum_len]);
        }
        dataset.recordings.push(Recording { label, group, ..part.recording });
    }
    Ok(FeatureSet {
        kind,
        hop_columns: meta.hop_columns,
        gain: Gain::from_db(meta.gain_db).unwrap_or_default(),
        x: Array2::from_shape_vec((rows.len(), kind.len()), x)?,
        statistics: Array2::from_shape_vec((rows.len(), STATISTICS_LEN), statistics)?,
        rumble: Array2::from_shape_vec((rows.len(), bands), rumble)?,
        spectra: Array2::from_shape_vec((rows.len(), spectrum_len), spectra)?,
        rows,
        dataset,
        from_audio: false,
    })
}
