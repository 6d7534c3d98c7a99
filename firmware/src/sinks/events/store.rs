//! The log on disk: a few files of lines, of which the oldest is deleted when there would be too many.
//!
//! A power cut tears at most the last line. The next program that opens the log begins a new line, and readers skip lines with a
//! wrong check sum, whatever the file system leaves of them (a part, zeros, other bytes).

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::record::Record;

/// Files that the log is divided into: so much of it is lost with the oldest.
const PARTS: u64 = 8;

/// The log, open for appending.
#[derive(Debug)]
pub(super) struct Store {
    folder: PathBuf,
    /// Most bytes of all files, and of one.
    most: u64,
    most_part: u64,
    part: u64,
    file: File,
    len: u64,
    /// The file does not end with a line's end.
    torn: bool,
    next: u64,
}

impl Store {
    /// Opens the log in `folder`, which is made if it is not there; it is to take at most `most` bytes.
    ///
    /// # Errors
    /// The error of the file system.
    pub(super) fn open(folder: &Path, most: u64) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let parts = parts(folder)?;
        // The newest file with a record in it has the highest number.
        let newest = |path: &PathBuf| records(&std::fs::read(path).ok()?).0.last().map(|record| record.number);
        let last = parts.iter().rev().find_map(|(_, path)| newest(path));
        let part = parts.last().map_or(1, |(part, _)| *part);
        let (file, len, torn) = append_to(&path(folder, part))?;
        let next = last.map_or(1, |last| last.wrapping_add(1));
        Ok(Self { folder: folder.into(), most, most_part: most / PARTS, part, file, len, torn, next })
    }

    /// Appends a record with the next number. It is on disk after the next [`sync`](Self::sync).
    ///
    /// # Errors
    /// The error of the file system; what was written before is whole, and the next record begins a new line.
    pub(super) fn append(&mut self, record: &Record) -> io::Result<()> {
        let mut line = Record { number: self.next, ..record.clone() }.line();
        if self.len + line.len() as u64 + 1 > self.most_part && self.len > 0 {
            self.turn()?;
        }
        if self.torn {
            line.insert(0, b'\n');
        }
        if let Err(error) = self.file.write_all(&line) {
            self.torn = true;
            self.len = self.file.metadata().map_or(self.len, |found| found.len());
            return Err(error);
        }
        (self.torn, self.len) = (false, self.len + line.len() as u64);
        self.next = self.next.wrapping_add(1);
        Ok(())
    }

    /// Synchronises appended records to disk, which makes them safe from a power cut.
    ///
    /// # Errors
    /// The error of the file system.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Starts the next file, after deleting old ones to make room.
    fn turn(&mut self) -> io::Result<()> {
        self.sync()?;
        let mut sizes = Vec::new();
        for (_, path) in parts(&self.folder)? {
            sizes.push((std::fs::metadata(&path)?.len(), path));
        }
        let mut total: u64 = sizes.iter().map(|(size, _)| size).sum();
        for (size, path) in sizes {
            if total + self.most_part <= self.most {
                break;
            }
            std::fs::remove_file(path)?;
            total -= size;
        }
        let (file, len, torn) = append_to(&path(&self.folder, self.part + 1))?;
        (self.part, self.file, self.len, self.torn) = (self.part + 1, file, len, torn);
        File::open(&self.folder)?.sync_all()
    }
}

/// All records in `folder`, oldest first, and the number of damaged lines.
///
/// # Errors
/// When the folder or a file in it cannot be read.
pub fn read(folder: &Path) -> io::Result<(Vec<Record>, usize)> {
    let (mut all, mut damaged) = (Vec::new(), 0);
    for (_, path) in parts(folder)? {
        match std::fs::read(&path) {
            Ok(bytes) => {
                let (more, bad) = records(&bytes);
                all.extend(more);
                damaged += bad;
            }
            // The running program has deleted it meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok((all, damaged))
}

/// The newest records in `folder`, oldest first: those of the newest files of together at most `most` bytes.
///
/// # Errors
/// When the folder or a file in it cannot be read.
#[cfg(feature = "page")]
pub(crate) fn read_newest(folder: &Path, most: u64) -> io::Result<Vec<Record>> {
    let (mut newest, mut total) = (Vec::new(), 0);
    for (_, path) in parts(folder)?.into_iter().rev() {
        let bytes = match std::fs::read(&path) {
            // The running program has deleted it meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => break,
            read => read?,
        };
        total += bytes.len() as u64;
        if total > most && !newest.is_empty() {
            break;
        }
        newest.push(records(&bytes).0);
    }
    Ok(newest.into_iter().rev().flatten().collect())
}

/// The records among the bytes of a file, and the number of its damaged lines.
pub fn records(bytes: &[u8]) -> (Vec<Record>, usize) {
    let (mut records, mut damaged) = (Vec::new(), 0);
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        match Record::read(line) {
            Some(record) => records.push(record),
            None => damaged += 1,
        }
    }
    (records, damaged)
}

/// Opens a file for appending: its length, and whether it ends amid a line.
fn append_to(path: &Path) -> io::Result<(File, u64, bool)> {
    let mut file = OpenOptions::new().create(true).append(true).read(true).open(path)?;
    let len = file.metadata()?.len();
    let mut last = [b'\n'];
    if len > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    Ok((file, len, last != [b'\n']))
}

/// The files of the log with their numbers, oldest first.
fn parts(folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut parts = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let number = name.strip_prefix("events-").and_then(|rest| rest.strip_suffix(".log"));
        // This program never creates a file with that number.
        let number = number.and_then(|number| number.parse::<u32>().ok());
        parts.extend(number.map(|number| (u64::from(number), path)));
    }
    parts.sort();
    Ok(parts)
}

fn path(folder: &Path, part: u64) -> PathBuf {
    folder.join(format!("events-{part:08}.log"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sinks::events::RecordKind;

    const MOST: u64 = 64 * 1024;

    fn fill(store: &mut Store, count: u64) {
        for up_ms in 0..count {
            let count = Some(up_ms);
            store.append(&Record { up_ms, event: RecordKind::Dropped, count, ..Record::default() }).unwrap();
        }
    }

    fn numbers(folder: &Path) -> Vec<u64> {
        read(folder).unwrap().0.iter().map(|record| record.number).collect()
    }

    #[test]
    fn a_power_cut_at_any_byte_costs_that_record_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        fill(&mut Store::open(folder.path(), MOST).unwrap(), 4);
        let path = path(folder.path(), 1);
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..=whole.len() {
            // What a file system may leave: nothing, zeros, or old bytes in the place of the rest.
            for rest in [None, Some(0u8), Some(b'x')] {
                let mut left = whole[..cut].to_vec();
                left.extend(rest.map_or(Vec::new(), |byte| vec![byte; whole.len() - cut]));
                std::fs::write(&path, &left).unwrap();
                let kept = read(folder.path()).unwrap().0;
                let mut store = Store::open(folder.path(), MOST).unwrap();
                store.append(&Record { event: RecordKind::Stop, ..Record::default() }).unwrap();
                let (after, damaged) = read(folder.path()).unwrap();
                // All whole lines are there, the new one after them, and at most one piece of a line.
                let whole_lines = whole[..cut].iter().filter(|byte| **byte == b'\n').count();
                assert!(kept.len() >= whole_lines && after[..kept.len()] == kept, "cut {cut}");
                let last = after.last().unwrap();
                assert_eq!((after.len(), last.event), (kept.len() + 1, RecordKind::Stop), "cut {cut}");
                assert_eq!(last.number, kept.len() as u64 + 1);
                assert!(damaged <= 1, "cut {cut}");
            }
        }
    }

    #[test]
    fn the_log_never_exceeds_its_bound_and_loses_the_oldest_first() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path(), MOST).unwrap();
        for round in 0..20 {
            fill(&mut store, 100);
            let sizes = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len());
            assert!(sizes.sum::<u64>() <= MOST);
            let numbers = numbers(folder.path());
            assert_eq!(numbers.last(), Some(&((round + 1) * 100)));
            assert!(numbers.windows(2).all(|two| two[1] == two[0] + 1));
        }
        assert!(numbers(folder.path()).len() > 400);
    }

    #[test]
    fn numbers_go_on_after_a_restart_even_when_the_newest_file_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        fill(&mut Store::open(folder.path(), MOST).unwrap(), 3);
        std::fs::write(path(folder.path(), 2), "").unwrap();
        fill(&mut Store::open(folder.path(), MOST).unwrap(), 2);
        assert_eq!(numbers(folder.path()), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn numbers_of_years_and_their_wrap_are_read_and_go_on() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path()).unwrap();
        for (part, number) in [(1, u64::from(u32::MAX)), (99_999_999, u64::MAX)] {
            let record = Record { number, unix_ms: u64::MAX, up_ms: u64::MAX, ..Record::default() };
            std::fs::write(path(folder.path(), part), record.line()).unwrap();
            fill(&mut Store::open(folder.path(), MOST).unwrap(), 2);
        }
        let turn = u64::from(u32::MAX);
        assert_eq!(numbers(folder.path()), [turn, turn + 1, turn + 2, u64::MAX, 0, 1]);
        // The files' numbers go on beyond their eight digits.
        fill(&mut Store::open(folder.path(), MOST).unwrap(), 120);
        assert!(folder.path().join("events-100000000.log").exists());
        assert_eq!(numbers(folder.path()).last(), Some(&121));
    }

    #[test]
    fn other_files_in_the_folder_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["events-x.log", "notes.txt", "events-00000009.log.bak"] {
            std::fs::write(folder.path().join(name), "mine").unwrap();
        }
        fill(&mut Store::open(folder.path(), MOST).unwrap(), 3000);
        assert_eq!(std::fs::read(folder.path().join("events-x.log")).unwrap(), b"mine");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3 + 8);
    }
}
