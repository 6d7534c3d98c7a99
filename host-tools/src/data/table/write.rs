//! From features to a Parquet file.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use monitor_model::owned::OwnedModel;
use ndarray::{Array2, Axis, Slice};
use parquet::basic::{Compression, Encoding};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, FloatType, Int32Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;

use super::columns::{Group, column, values};
use super::meta::{KEY, Meta};
use super::schema::schema;
use crate::console::write_output;
use crate::data::feature_set::{FeatureSet, Row};
use crate::data::hash::hex;
use crate::data::paths::relative;

/// Windows of a row group: 8192 windows of hybrid features take 36 MiB.
const GROUP: usize = 8192;

/// Writes `set`, computed from the recordings in the folder `data` with the base model `base`, to `path` (`-` for standard
/// output): completely or not at all. Returns the size of the table in bytes.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn write(path: &Path, set: &FeatureSet, base: Option<&OwnedModel>, data: &Path) -> anyhow::Result<u64> {
    let skipped = set.dataset.skipped.iter().map(|s| (relative(&s.path, data), s.reason.clone())).collect();
    let meta = Meta::new(set, base, skipped);
    let entry = KeyValue::new(KEY.to_string(), serde_json::to_string(&meta)?);
    let properties =
        WriterProperties::builder().set_compression(Compression::SNAPPY).set_key_value_metadata(Some(vec![entry]));
    let bytes = encode(set, &meta, data, properties).context("the features cannot be encoded as a table")?;
    write_output(path, &bytes, "the table")?;
    Ok(bytes.len() as u64)
}

/// The bytes of a table with these properties.
pub(super) fn encode(
    set: &FeatureSet,
    meta: &Meta,
    data: &Path,
    mut properties: WriterPropertiesBuilder,
) -> anyhow::Result<Vec<u8>> {
    let settings = meta.settings()?;
    // Windows rarely share a value: a dictionary would only cost time and space.
    for column in ["features", "statistics", "rumble", "spectrum"] {
        let path = ColumnPath::new([column, "list", "element"].map(String::from).to_vec());
        properties =
            properties.set_column_dictionary_enabled(path.clone(), false).set_column_encoding(path, Encoding::PLAIN);
    }
    let mut writer = SerializedFileWriter::new(Vec::new(), schema()?, Arc::new(properties.build()))?;
    for (number, rows) in set.rows.chunks(GROUP).enumerate() {
        let first = number * GROUP;
        let mut group = writer.next_row_group()?;
        of_rows(&mut group, set, rows, data)?;
        let matrix = |values: &Array2<f32>| {
            values.slice_axis(Axis(0), Slice::from(first..first + rows.len())).iter().copied().collect::<Vec<_>>()
        };
        list(&mut group, &matrix(&set.x), rows.len())?;
        list(&mut group, &matrix(&set.statistics), rows.len())?;
        list(&mut group, &matrix(&set.rumble), rows.len())?;
        list(&mut group, &matrix(&set.spectra), rows.len())?;
        text(&mut group, rows, |_| settings.clone())?;
        group.close()?;
    }
    writer.into_inner().map_err(Into::into)
}

/// Writes the columns before the lists, in the order of the schema.
fn of_rows(group: &mut Group<'_>, set: &FeatureSet, rows: &[Row], data: &Path) -> anyhow::Result<()> {
    let dataset = &set.dataset;
    let recording = |row: &Row| &dataset.recordings[row.recording];
    let part = |row: &Row| recording(row).block.clone().unwrap_or(0.0..0.0);
    text(group, rows, |row| dataset.classes[row.label].clone())?;
    text(group, rows, |row| dataset.groups[row.group].clone())?;
    text(group, rows, |row| recording(row).recording.clone())?;
    text(group, rows, |row| relative(&recording(row).path, data))?;
    text(group, rows, |row| hex(&recording(row).hash))?;
    values::<_, Int32Type>(group, rows, |row| recording(row).rate_hz as i32)?;
    values::<_, DoubleType>(group, rows, |row| recording(row).seconds)?;
    values::<_, DoubleType>(group, rows, |row| part(row).start)?;
    values::<_, DoubleType>(group, rows, |row| part(row).end)?;
    values::<_, DoubleType>(group, rows, |row| row.start_s)?;
    values::<_, FloatType>(group, rows, |row| row.level_dbfs)
}

fn text(group: &mut Group<'_>, rows: &[Row], of: impl Fn(&Row) -> String) -> anyhow::Result<()> {
    values::<_, ByteArrayType>(group, rows, |row| ByteArray::from(of(row).into_bytes()))
}

/// Writes a column of lists, equally long in each of `rows` rows.
fn list(group: &mut Group<'_>, values: &[f32], rows: usize) -> anyhow::Result<()> {
    let each = values.len() / rows.max(1);
    // A list begins where the repetition level is 0; no list is empty, so every value is defined.
    let repetition: Vec<i16> = (0..values.len()).map(|place| i16::from(place % each.max(1) != 0)).collect();
    column::<FloatType>(group, values, Some(&vec![1; values.len()]), Some(&repetition))
}
