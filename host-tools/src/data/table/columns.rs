//! Columns of a Parquet file, written one after another.

use anyhow::Context;
use parquet::data_type::DataType;
use parquet::file::writer::SerializedRowGroupWriter;

/// The rows of a file in memory whose columns are being written.
pub(crate) type Group<'a> = SerializedRowGroupWriter<'a, Vec<u8>>;

/// Writes a column with a value of each row.
///
/// # Errors
/// When the schema has no more columns, or the next one is of another type.
pub(crate) fn values<R, T: DataType>(group: &mut Group<'_>, rows: &[R], of: impl Fn(&R) -> T::T) -> anyhow::Result<()> {
    column::<T>(group, &rows.iter().map(of).collect::<Vec<_>>(), None, None)
}

/// Writes a column of `values` with their definition levels, where some are absent, and repetition levels, where they form lists.
///
/// # Errors
/// As [`values`].
pub(crate) fn column<T: DataType>(
    group: &mut Group<'_>,
    values: &[T::T],
    definition: Option<&[i16]>,
    repetition: Option<&[i16]>,
) -> anyhow::Result<()> {
    let mut column = group.next_column()?.context("the schema has fewer columns")?;
    column.typed::<T>().write_batch(values, definition, repetition)?;
    column.close()?;
    Ok(())
}
