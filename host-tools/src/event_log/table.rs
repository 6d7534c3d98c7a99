//! The records as a Parquet file: the columns of the CSV with their types, for DuckDB, Polars, Spark and notebooks.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use monitor_model::event_columns::{COLUMNS, Column, Kind};
use parquet::basic::Compression;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::Record;
use crate::console::write_output;
use crate::data::table::{Group, column, values};

/// Records of a row group: a year of a busy machine has a few of them.
const GROUP: usize = 65_536;

/// Writes the records to `path` (`-` for standard output), completely or not at all.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn write_table(path: &Path, records: &[Record]) -> anyhow::Result<()> {
    let bytes = encode(records).context("the events cannot be encoded as a table")?;
    write_output(path, &bytes, "the table")
}

fn encode(records: &[Record]) -> anyhow::Result<Vec<u8>> {
    let schema = parse_message_type(&schema()).map(Arc::new)?;
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    for records in records.chunks(GROUP) {
        let mut rows = writer.next_row_group()?;
        let group = &mut rows;
        values::<_, Int64Type>(group, records, |record| i64::try_from(record.number).unwrap_or(i64::MAX))?;
        values::<_, Int64Type>(group, records, |record| (record.at_s * 1e3).round() as i64)?;
        values::<_, ByteArrayType>(group, records, |record| bytes(&record.clock))?;
        values::<_, DoubleType>(group, records, |record| record.up_s)?;
        values::<_, ByteArrayType>(group, records, |record| bytes(&record.event))?;
        text(group, records, |record| &record.state)?;
        text(group, records, |record| &record.previous)?;
        optional::<DoubleType>(group, records, |record| record.confidence)?;
        optional::<BoolType>(group, records, |record| record.active)?;
        text(group, records, |record| &record.cause)?;
        optional::<BoolType>(group, records, |record| record.unacknowledged)?;
        text(group, records, |record| &record.by)?;
        optional::<DoubleType>(group, records, |record| record.seconds)?;
        text(group, records, |record| &record.detail)?;
        text(group, records, |record| &record.clip)?;
        text(group, records, |record| &record.explanation)?;
        rows.close()?;
    }
    writer.into_inner().map_err(Into::into)
}

/// The columns in Parquet's language for schemas. One that an event does not have is null.
fn schema() -> String {
    let described = |Column { name, kind, is_optional }: Column| {
        let presence = if is_optional { "OPTIONAL" } else { "REQUIRED" };
        let (kind, meaning) = match kind {
            Kind::Integer => ("INT64", ""),
            Kind::Time => ("INT64", " (TIMESTAMP(MILLIS,true))"),
            Kind::Real => ("DOUBLE", ""),
            Kind::Truth => ("BOOLEAN", ""),
            Kind::Text => ("BYTE_ARRAY", " (UTF8)"),
        };
        format!("{presence} {kind} {name}{meaning};")
    };
    format!("message events {{ {} }}", COLUMNS.map(described).join(" "))
}

fn bytes(text: &str) -> ByteArray {
    ByteArray::from(text.as_bytes().to_vec())
}

fn text(group: &mut Group<'_>, records: &[Record], of: impl Fn(&Record) -> &Option<String>) -> anyhow::Result<()> {
    optional::<ByteArrayType>(group, records, |record| of(record).as_deref().map(bytes))
}

fn optional<T: DataType>(
    group: &mut Group<'_>,
    records: &[Record],
    of: impl Fn(&Record) -> Option<T::T>,
) -> anyhow::Result<()> {
    let cells: Vec<Option<T::T>> = records.iter().map(of).collect();
    // 1 where there is a value, 0 for a null, which is none of the values.
    let definition: Vec<i16> = cells.iter().map(|cell| i16::from(cell.is_some())).collect();
    column::<T>(group, &cells.into_iter().flatten().collect::<Vec<_>>(), Some(&definition), None)
}
