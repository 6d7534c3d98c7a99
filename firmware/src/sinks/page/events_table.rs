//! The event log as a Parquet table, with the columns that `host-tools history --parquet` writes.

use monitor_model::event_columns::COLUMNS;

use super::parquet::{Cells, Column, encode};
use crate::sinks::events::Record;
use crate::sinks::events::table::{cause, detail, times};

/// The records as a file.
pub(super) fn parquet(records: &[Record]) -> Vec<u8> {
    let times = times(records);
    let cells: [Cells; COLUMNS.len()] = [
        integers(records, |record| record.number),
        Cells::Times(times.iter().map(|time| signed(time.unix_ms)).collect()),
        Cells::Texts(times.iter().map(|time| time.clock.to_owned()).collect()),
        Cells::Reals(records.iter().map(|record| record.up_ms as f64 / 1e3).collect()),
        Cells::Texts(records.iter().map(|record| record.event.name().to_owned()).collect()),
        texts(records, |record| record.state.clone()),
        texts(records, |record| record.previous.clone()),
        reals(records, |record| record.confidence.map(f64::from)),
        truths(records, |record| record.active),
        texts(records, |record| cause(record).cloned()),
        truths(records, |record| record.unacknowledged),
        texts(records, |record| record.by.clone()),
        reals(records, |record| record.seconds),
        texts(records, detail),
        texts(records, |record| record.clip.clone()),
        texts(records, |record| record.explanation.clone()),
    ];
    let columns: Vec<Column> =
        COLUMNS.iter().zip(cells).map(|(column, cells)| Column { name: column.name, cells }).collect();
    encode("events", &columns)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn integers(records: &[Record], of: impl Fn(&Record) -> u64) -> Cells {
    Cells::Integers(records.iter().map(|record| signed(of(record))).collect())
}

fn reals(records: &[Record], of: impl Fn(&Record) -> Option<f64>) -> Cells {
    Cells::OptionalReals(records.iter().map(of).collect())
}

fn truths(records: &[Record], of: impl Fn(&Record) -> Option<bool>) -> Cells {
    Cells::OptionalTruths(records.iter().map(of).collect())
}

/// An empty text is none, as in the table of comma-separated values.
fn texts(records: &[Record], of: impl Fn(&Record) -> Option<String>) -> Cells {
    Cells::OptionalTexts(records.iter().map(|record| of(record).filter(|text| !text.is_empty())).collect())
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use monitor_model::event_columns::Kind;
    use parquet::basic::{ConvertedType, Type};
    use parquet::file::reader::{FileReader, SerializedFileReader};

    use super::*;

    #[test]
    fn the_table_has_the_columns_of_the_log_with_their_types() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.parquet");
        std::fs::write(&path, parquet(&[Record::default()])).unwrap();
        let reader = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
        let columns = reader.metadata().file_metadata().schema_descr().columns();
        assert_eq!(columns.len(), COLUMNS.len());
        for (found, column) in columns.iter().zip(COLUMNS) {
            let expected = match column.kind {
                Kind::Integer => (Type::INT64, ConvertedType::NONE),
                Kind::Time => (Type::INT64, ConvertedType::TIMESTAMP_MILLIS),
                Kind::Real => (Type::DOUBLE, ConvertedType::NONE),
                Kind::Truth => (Type::BOOLEAN, ConvertedType::NONE),
                Kind::Text => (Type::BYTE_ARRAY, ConvertedType::UTF8),
            };
            assert_eq!(
                (found.name(), found.physical_type(), found.converted_type()),
                (column.name, expected.0, expected.1)
            );
            assert_eq!(found.self_type().is_optional(), column.is_optional, "{}", column.name);
        }
    }
}
