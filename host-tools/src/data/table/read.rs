//! From a Parquet file to rows. Columns are found by name, so a file that another engine has filtered, joined or rewritten is
//! accepted: columns may be optional as long as no value is missing, and numbers may have another width.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};

use super::Rows;
use super::meta::{KEY, Meta};

/// Reads the table at `path`.
///
/// # Errors
/// When it cannot be read, is not a table by this program, or lacks a column or a value.
pub(super) fn read(path: &Path) -> anyhow::Result<(Meta, Rows)> {
    read_file(path).with_context(|| format!("cannot use the table {}", path.display()))
}

fn read_file(path: &Path) -> anyhow::Result<(Meta, Rows)> {
    let reader = SerializedFileReader::new(File::open(path)?).context("it is not a Parquet file, or is damaged")?;
    let metadata = reader.metadata().file_metadata();
    let entries = metadata.key_value_metadata().map(Vec::as_slice).unwrap_or_default();
    let entry = entries.iter().find(|entry| entry.key == KEY).and_then(|entry| entry.value.as_deref());
    let mut rows = Rows::default();
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group)?;
        let columns = Columns { group: &*group, rows: group.metadata().num_rows() as usize };
        if columns.has("settings") {
            rows.settings.extend(columns.text("settings")?);
        }
    }
    let meta = Meta::parse(entry.or(rows.settings.first().map(String::as_str)))?;
    let other = rows.settings.iter().find(|settings| **settings != rows.settings[0]);
    ensure!(
        other.is_none(),
        "its rows are from tables with different settings, {} and {}; select rows of one of them",
        rows.settings[0],
        other.map_or("", String::as_str)
    );
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group)?;
        let columns = Columns { group: &*group, rows: group.metadata().num_rows() as usize };
        for (name, into) in [
            ("label", &mut rows.label),
            ("group", &mut rows.group),
            ("recording", &mut rows.recording),
            ("file", &mut rows.file),
            ("sha256", &mut rows.sha256),
        ] {
            into.extend(columns.text(name)?);
        }
        for (name, into) in [
            ("seconds", &mut rows.seconds),
            ("part_start_s", &mut rows.part_start_s),
            ("part_end_s", &mut rows.part_end_s),
            ("time_s", &mut rows.time_s),
        ] {
            into.extend(columns.doubles(name)?);
        }
        rows.rate_hz.extend(columns.integers("rate_hz")?);
        rows.level_dbfs.extend(columns.floats("level_dbfs", 1)?);
        rows.features.extend(columns.floats("features", meta.kind()?.len())?);
        rows.statistics.extend(columns.floats("statistics", monitor_core::anomaly::STATISTICS_LEN)?);
        if columns.has("rumble") {
            rows.rumble.extend(columns.floats("rumble", monitor_core::rumble::BANDS)?);
        }
        if columns.has("spectrum") {
            rows.spectrum.extend(columns.floats("spectrum", monitor_core::anomaly::SPECTRUM_LEN)?);
        }
    }
    Ok((meta, rows))
}

/// The columns of a row group.
struct Columns<'a> {
    group: &'a dyn RowGroupReader,
    rows: usize,
}

impl Columns<'_> {
    fn place(&self, name: &str) -> Option<usize> {
        let mut columns = self.group.metadata().columns().iter();
        columns.position(|column| column.column_path().parts().first().is_some_and(|first| first == name))
    }

    fn has(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    fn reader(&self, name: &str) -> anyhow::Result<ColumnReader> {
        let place = self.place(name).with_context(|| {
            format!("it has no column {name}; keep the columns of the table when you select others")
        })?;
        Ok(self.group.get_column_reader(place)?)
    }

    fn text(&self, name: &str) -> anyhow::Result<Vec<String>> {
        let ColumnReader::ByteArrayColumnReader(reader) = self.reader(name)? else {
            bail!("its column {name} does not hold text")
        };
        let text = |value: &ByteArray| Ok(value.as_utf8()?.to_string());
        self.values(name, reader, 1)?.iter().map(text).collect()
    }

    /// Numbers of any kind, exact: all values of these columns are.
    fn doubles(&self, name: &str) -> anyhow::Result<Vec<f64>> {
        Ok(match self.reader(name)? {
            ColumnReader::DoubleColumnReader(reader) => self.values(name, reader, 1)?,
            ColumnReader::FloatColumnReader(reader) => cast(self.values(name, reader, 1)?),
            ColumnReader::Int32ColumnReader(reader) => cast(self.values(name, reader, 1)?),
            ColumnReader::Int64ColumnReader(reader) => {
                self.values(name, reader, 1)?.into_iter().map(|value| value as f64).collect()
            }
            _ => bail!("its column {name} does not hold numbers"),
        })
    }

    fn integers(&self, name: &str) -> anyhow::Result<Vec<i32>> {
        let whole = |value: &f64| value.fract() == 0.0 && (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(value);
        let values = self.doubles(name)?;
        ensure!(values.iter().all(whole), "its column {name} does not hold 32-bit integers");
        Ok(values.into_iter().map(|value| value as i32).collect())
    }

    fn floats(&self, name: &str, each: usize) -> anyhow::Result<Vec<f32>> {
        Ok(match self.reader(name)? {
            ColumnReader::FloatColumnReader(reader) => self.values(name, reader, each)?,
            // Widened by another program, so that no digit is lost here.
            ColumnReader::DoubleColumnReader(reader) => {
                self.values(name, reader, each)?.into_iter().map(|value| value as f32).collect()
            }
            _ => bail!("its column {name} does not hold floats"),
        })
    }

    /// All values of a column with `each` values in every row.
    fn values<T: DataType>(
        &self,
        name: &str,
        mut reader: ColumnReaderImpl<T>,
        each: usize,
    ) -> anyhow::Result<Vec<T::T>> {
        let (mut values, mut definition, mut repetition) = (Vec::new(), Vec::new(), Vec::new());
        let mut rows = 0;
        while rows < self.rows {
            let wanted = self.rows - rows;
            let (read, ..) = reader.read_records(wanted, Some(&mut definition), Some(&mut repetition), &mut values)?;
            ensure!(read > 0, "its column {name} ends after {rows} of {} rows", self.rows);
            rows += read;
        }
        // A list begins where the repetition level is 0.
        let even = repetition.iter().enumerate().all(|(place, level)| (*level == 0) == (place % each == 0));
        ensure!(
            values.len() == self.rows * each && (each == 1 || even),
            "its column {name} does not hold {each} values in every row"
        );
        Ok(values)
    }
}

fn cast<T: Into<f64>>(values: Vec<T>) -> Vec<f64> {
    values.into_iter().map(Into::into).collect()
}
