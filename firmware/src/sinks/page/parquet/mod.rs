//! A table as a Parquet file: one row group, one page a column, plain and not compressed.
//!
//! A writer of its own, because that part of the format is small, and the crates for it bring all of the rest.
//!
//! Source: <https://parquet.apache.org/docs/file-format/>; numbers of fields and types are those of `parquet.thrift` there.

mod thrift;

use thrift::{Struct, varint};

const MAGIC: &[u8; 4] = b"PAR1";

/// `Encoding`.
const PLAIN: i32 = 0;
const RUNS: i32 = 3;

/// Name and cells of a column, as many in each column of a table.
#[derive(Debug)]
pub(super) struct Column {
    pub name: &'static str,
    pub cells: Cells,
}

/// The cells of a column.
#[derive(Debug)]
pub(super) enum Cells {
    Integers(Vec<i64>),
    /// Milliseconds since 1970, UTC.
    Times(Vec<i64>),
    Reals(Vec<f64>),
    Texts(Vec<String>),
    OptionalReals(Vec<Option<f64>>),
    OptionalTruths(Vec<Option<bool>>),
    OptionalTexts(Vec<Option<String>>),
}

impl Cells {
    fn len(&self) -> usize {
        match self {
            Self::Integers(cells) | Self::Times(cells) => cells.len(),
            Self::Reals(cells) => cells.len(),
            Self::Texts(cells) => cells.len(),
            Self::OptionalReals(cells) => cells.len(),
            Self::OptionalTruths(cells) => cells.len(),
            Self::OptionalTexts(cells) => cells.len(),
        }
    }

    /// `Type`.
    fn kind(&self) -> i32 {
        match self {
            Self::OptionalTruths(_) => 0,
            Self::Integers(_) | Self::Times(_) => 2,
            Self::Reals(_) | Self::OptionalReals(_) => 5,
            Self::Texts(_) | Self::OptionalTexts(_) => 6,
        }
    }

    /// `ConvertedType`.
    fn meaning(&self) -> Option<i32> {
        match self {
            Self::Texts(_) | Self::OptionalTexts(_) => Some(0),
            Self::Times(_) => Some(9),
            _ => None,
        }
    }

    fn is_optional(&self) -> bool {
        matches!(self, Self::OptionalReals(_) | Self::OptionalTruths(_) | Self::OptionalTexts(_))
    }

    /// The data of a page: which cells there are, where some may be missing, and their values.
    fn page(&self) -> Vec<u8> {
        match self {
            Self::Integers(cells) | Self::Times(cells) => cells.iter().flat_map(|cell| cell.to_le_bytes()).collect(),
            Self::Reals(cells) => reals(cells.iter()),
            Self::Texts(cells) => texts(cells.iter()),
            Self::OptionalReals(cells) => [presence(cells), reals(cells.iter().flatten())].concat(),
            Self::OptionalTruths(cells) => [presence(cells), truths(cells.iter().flatten())].concat(),
            Self::OptionalTexts(cells) => [presence(cells), texts(cells.iter().flatten())].concat(),
        }
    }
}

/// The table `name` as a file.
pub(super) fn encode(name: &str, columns: &[Column]) -> Vec<u8> {
    let rows = columns.first().map_or(0, |column| column.cells.len());
    let root = Struct::default().text(4, name).int32(5, columns.len() as i32);
    let (mut file, mut schema, mut chunks, mut total) = (MAGIC.to_vec(), vec![root], Vec::new(), 0);
    for Column { name, cells } in columns {
        let page = cells.page();
        let at = file.len() as i64;
        let described = Struct::default().int32(1, rows as i32).int32(2, PLAIN).int32(3, RUNS).int32(4, RUNS);
        let size = page.len() as i32;
        file.extend(Struct::default().int32(1, 0).int32(2, size).int32(3, size).structure(5, described).finish());
        file.extend(page);
        let size = file.len() as i64 - at;
        total += size;
        let element = Struct::default().int32(1, cells.kind()).int32(3, i32::from(cells.is_optional())).text(4, name);
        schema.push(match cells.meaning() {
            Some(meaning) => element.int32(6, meaning),
            None => element,
        });
        let chunk = Struct::default().int32(1, cells.kind()).numbers(2, &[PLAIN, RUNS]).one_text(3, name).int32(4, 0);
        let chunk = chunk.int64(5, rows as i64).int64(6, size).int64(7, size).int64(9, at);
        chunks.push(Struct::default().int64(2, at).structure(3, chunk));
    }
    let group = Struct::default().structures(1, chunks).int64(2, total).int64(3, rows as i64);
    let footer = Struct::default().int32(1, 1).structures(2, schema).int64(3, rows as i64).structures(4, vec![group]);
    let footer = footer.text(6, concat!("acoustic-monitor ", env!("CARGO_PKG_VERSION"))).finish();
    file.extend_from_slice(&footer);
    file.extend((footer.len() as u32).to_le_bytes());
    file.extend(MAGIC);
    file
}

/// Whether there is a value, for each cell: runs of equal bits, with their length in front.
fn presence<T>(cells: &[Option<T>]) -> Vec<u8> {
    let mut runs = Vec::new();
    for run in cells.chunk_by(|a, b| a.is_some() == b.is_some()) {
        varint(&mut runs, (run.len() as u64) << 1);
        runs.push(u8::from(run[0].is_some()));
    }
    [&(runs.len() as u32).to_le_bytes()[..], &runs].concat()
}

fn reals<'a>(values: impl Iterator<Item = &'a f64>) -> Vec<u8> {
    values.flat_map(|value| value.to_le_bytes()).collect()
}

/// Each with its length in front.
fn texts<'a>(values: impl Iterator<Item = &'a String>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for text in values {
        bytes.extend((text.len() as u32).to_le_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}

/// A bit each, the lowest first.
fn truths<'a>(values: impl Iterator<Item = &'a bool>) -> Vec<u8> {
    let values: Vec<bool> = values.copied().collect();
    let byte = |bits: &[bool]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
    values.chunks(8).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;

    use super::*;

    /// What another implementation reads from a table with these columns.
    fn read(columns: &[Column]) -> Vec<Vec<(String, Field)>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.parquet");
        std::fs::write(&path, encode("table", columns)).unwrap();
        let reader = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
        let cells = |row: parquet::record::Row| {
            row.get_column_iter().map(|(name, field)| (name.clone(), field.clone())).collect::<Vec<_>>()
        };
        reader.get_row_iter(None).unwrap().map(|row| cells(row.unwrap())).collect()
    }

    #[test]
    fn every_type_of_cell_is_read_by_another_implementation() {
        let rows = 300_usize;
        let all = |at: usize| at as i64 - 100;
        let some = |at: usize| !at.is_multiple_of(3) && !(40..120).contains(&at);
        let truth = |at: usize| at.is_multiple_of(2);
        let text = |at: usize| ["", "ä, \"b\"\n", "on_state"][at % 3].repeat(at % 70);
        let columns = [
            Column { name: "integer", cells: Cells::Integers((0..rows).map(all).collect()) },
            Column { name: "time", cells: Cells::Times((0..rows).map(|at| 1_764_072_000_000 + all(at)).collect()) },
            Column { name: "real", cells: Cells::Reals((0..rows).map(|at| all(at) as f64 / 7.0).collect()) },
            Column { name: "text", cells: Cells::Texts((0..rows).map(text).collect()) },
            Column {
                name: "some real",
                cells: Cells::OptionalReals((0..rows).map(|at| some(at).then_some(at as f64)).collect()),
            },
            Column {
                name: "some truth",
                cells: Cells::OptionalTruths((0..rows).map(|at| some(at).then(|| truth(at))).collect()),
            },
            Column {
                name: "some text",
                cells: Cells::OptionalTexts((0..rows).map(|at| some(at).then(|| text(at))).collect()),
            },
        ];
        let found = read(&columns);
        assert_eq!(found.len(), rows);
        for (at, row) in found.into_iter().enumerate() {
            let optional = |field: Field| if some(at) { field } else { Field::Null };
            let expected = [
                ("integer", Field::Long(all(at))),
                ("time", Field::TimestampMillis(1_764_072_000_000 + all(at))),
                ("real", Field::Double(all(at) as f64 / 7.0)),
                ("text", Field::Str(text(at))),
                ("some real", optional(Field::Double(at as f64))),
                ("some truth", optional(Field::Bool(truth(at)))),
                ("some text", optional(Field::Str(text(at)))),
            ];
            assert_eq!(row, expected.map(|(name, field)| (name.to_string(), field)), "row {at}");
        }
    }

    #[test]
    fn a_table_without_rows_is_read_too() {
        let columns = [
            Column { name: "a", cells: Cells::Integers(Vec::new()) },
            Column { name: "b", cells: Cells::OptionalTruths(vec![]) },
        ];
        assert!(read(&columns).is_empty());
    }
}
