//! The records as a Parquet file: the columns of the CSV with their types, for DuckDB, Polars, Spark and notebooks.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use parquet::basic::Compression;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use super::Record;
use crate::console::write_output;

/// Columns in the order of the CSV. One that an event does not have is null.
const SCHEMA: &str = "
message events {
  REQUIRED INT64 number;
  REQUIRED INT64 time (TIMESTAMP(MILLIS,true));
  REQUIRED BYTE_ARRAY clock (UTF8);
  REQUIRED DOUBLE up_s;
  REQUIRED BYTE_ARRAY event (UTF8);
  OPTIONAL BYTE_ARRAY state (UTF8);
  OPTIONAL BYTE_ARRAY previous (UTF8);
  OPTIONAL DOUBLE confidence;
  OPTIONAL BOOLEAN active;
  OPTIONAL BYTE_ARRAY cause (UTF8);
  OPTIONAL BOOLEAN unacknowledged;
  OPTIONAL BYTE_ARRAY by (UTF8);
  OPTIONAL DOUBLE seconds;
  OPTIONAL BYTE_ARRAY detail (UTF8);
  OPTIONAL BYTE_ARRAY clip (UTF8);
  OPTIONAL BYTE_ARRAY explanation (UTF8);
}";

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
    let schema = parse_message_type(SCHEMA).map(Arc::new)?;
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    for records in records.chunks(GROUP) {
        let mut group = Group { columns: writer.next_row_group()?, records };
        group.required::<Int64Type>(|record| i64::try_from(record.number).unwrap_or(i64::MAX))?;
        group.required::<Int64Type>(|record| (record.at_s * 1e3).round() as i64)?;
        group.required::<ByteArrayType>(|record| bytes(&record.clock))?;
        group.required::<DoubleType>(|record| record.up_s)?;
        group.required::<ByteArrayType>(|record| bytes(&record.event))?;
        group.text(|record| &record.state)?;
        group.text(|record| &record.previous)?;
        group.optional::<DoubleType>(|record| record.confidence)?;
        group.optional::<BoolType>(|record| record.active)?;
        group.text(|record| &record.cause)?;
        group.optional::<BoolType>(|record| record.unacknowledged)?;
        group.text(|record| &record.by)?;
        group.optional::<DoubleType>(|record| record.seconds)?;
        group.text(|record| &record.detail)?;
        group.text(|record| &record.clip)?;
        group.text(|record| &record.explanation)?;
        group.columns.close()?;
    }
    writer.into_inner().map_err(Into::into)
}

fn bytes(text: &str) -> ByteArray {
    ByteArray::from(text.as_bytes().to_vec())
}

/// A row group, whose columns are written one after another.
struct Group<'a> {
    columns: SerializedRowGroupWriter<'a, Vec<u8>>,
    records: &'a [Record],
}

impl Group<'_> {
    fn text(&mut self, of: impl Fn(&Record) -> &Option<String>) -> anyhow::Result<()> {
        self.optional::<ByteArrayType>(|record| of(record).as_deref().map(bytes))
    }

    fn required<T: DataType>(&mut self, of: impl Fn(&Record) -> T::T) -> anyhow::Result<()> {
        let values: Vec<T::T> = self.records.iter().map(of).collect();
        self.column::<T>(&values, None)
    }

    fn optional<T: DataType>(&mut self, of: impl Fn(&Record) -> Option<T::T>) -> anyhow::Result<()> {
        let cells: Vec<Option<T::T>> = self.records.iter().map(of).collect();
        // 1 where there is a value, 0 for a null, which is none of the values.
        let definition: Vec<i16> = cells.iter().map(|cell| i16::from(cell.is_some())).collect();
        self.column::<T>(&cells.into_iter().flatten().collect::<Vec<_>>(), Some(&definition))
    }

    fn column<T: DataType>(&mut self, values: &[T::T], definition: Option<&[i16]>) -> anyhow::Result<()> {
        let mut column = self.columns.next_column()?.context("the schema has fewer columns")?;
        column.typed::<T>().write_batch(values, definition, None)?;
        column.close()?;
        Ok(())
    }
}
