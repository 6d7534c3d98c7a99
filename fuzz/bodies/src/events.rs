//! A file of the event log and its display. Anyone with access to the card may have written it.

use firmware::sinks::events::table::text;
use firmware::sinks::events::{Record, records, sealed};

/// Parses the bytes as a file of the log; then each of their lines with a correct checksum, which a search would not find.
pub fn read(bytes: &[u8]) {
    show(&records(bytes).0);
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let file: Vec<u8> = lines.flat_map(|line| sealed(line.to_vec())).collect();
    let (known, damaged) = records(&file);
    assert!(known.len() + damaged <= file.iter().filter(|byte| **byte == b'\n').count());
    show(&known);
}

/// Formats records in both forms. A record that was read survives writing and reading.
fn show(records: &[Record]) {
    let table = text(records, true);
    assert!(table.matches("\r\n").count() > records.len() && text(records, false).lines().count() >= records.len());
    for record in records {
        let line = record.line();
        let again = Record::read(&line[..line.len() - 1]).expect("its own line");
        // Numbers too large for their fields are absent when they are written.
        assert_eq!(again.line(), line);
    }
}
