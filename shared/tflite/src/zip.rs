//! The archive that the TFLite Metadata convention appends to a model: files by name, stored, not compressed.
//!
//! Format: PKWARE APPNOTE 6.3, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (its end).

use super::error::Error;
use super::flat::{scalar, slice};

const END_SIGNATURE: [u8; 4] = *b"PK\x05\x06";
const END_LEN: usize = 22;
/// The comment after the end record is at most this long.
const MAX_COMMENT: usize = 65_535;
const ENTRY_SIGNATURE: [u8; 4] = *b"PK\x01\x02";
const ENTRY_LEN: usize = 46;
const LOCAL_SIGNATURE: [u8; 4] = *b"PK\x03\x04";
const LOCAL_LEN: usize = 30;

/// Contents of the archive's file `name`; `None` when the model has no archive or the archive no such file.
pub(super) fn stored_file<'a>(bytes: &'a [u8], name: &str) -> Result<Option<&'a [u8]>, Error> {
    let Some(end) = find_end(bytes) else { return Ok(None) };
    let count: u16 = scalar(bytes, end + 10)?;
    let directory_len = scalar::<u32>(bytes, end + 12)? as usize;
    let stated = scalar::<u32>(bytes, end + 16)? as usize;
    let astray = Error::OutOfBounds { at: end };
    let directory = end.checked_sub(directory_len).ok_or(astray)?;
    // Offsets count from the archive's beginning, which is the file's or somewhere behind the model.
    let base = directory.checked_sub(stated).ok_or(astray)?;
    let mut at = directory;
    for _ in 0..count {
        let entry = slice(bytes, at, ENTRY_LEN)?;
        if entry[..4] != ENTRY_SIGNATURE {
            return Err(Error::OutOfBounds { at });
        }
        let name_len = usize::from(scalar::<u16>(entry, 28)?);
        if slice(bytes, at + ENTRY_LEN, name_len)? == name.as_bytes() {
            return contents(bytes, entry, base).map(Some);
        }
        let extra = usize::from(scalar::<u16>(entry, 30)?) + usize::from(scalar::<u16>(entry, 32)?);
        at += ENTRY_LEN + name_len + extra;
    }
    Ok(None)
}

/// Where the archive's end record begins.
fn find_end(bytes: &[u8]) -> Option<usize> {
    let last = bytes.len().checked_sub(END_LEN)?;
    let first = last.saturating_sub(MAX_COMMENT);
    (first..=last).rev().find(|&at| bytes[at..at + 4] == END_SIGNATURE)
}

/// Contents of the file that the central directory's `entry` describes.
fn contents<'a>(bytes: &'a [u8], entry: &[u8], base: usize) -> Result<&'a [u8], Error> {
    let crc: u32 = scalar(entry, 16)?;
    let size = scalar::<u32>(entry, 24)? as usize;
    if scalar::<u16>(entry, 10)? != 0 || scalar::<u32>(entry, 20)? as usize != size {
        return Err(Error::LabelFileCompressed);
    }
    let at = base.checked_add(scalar::<u32>(entry, 42)? as usize).ok_or(Error::OutOfBounds { at: base })?;
    let local = slice(bytes, at, LOCAL_LEN)?;
    if local[..4] != LOCAL_SIGNATURE {
        return Err(Error::OutOfBounds { at });
    }
    let names = usize::from(scalar::<u16>(local, 26)?) + usize::from(scalar::<u16>(local, 28)?);
    let data = slice(bytes, at + LOCAL_LEN + names, size)?;
    if crc32(data) == crc { Ok(data) } else { Err(Error::LabelFileDamaged) }
}

/// CRC-32 as zip uses it (reflected polynomial 0xEDB88320), bit by bit: label files are a few kilobytes.
fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(!0u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_of_the_standard() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn a_model_without_an_archive_has_no_files() {
        assert_eq!(stored_file(&[0; 100], "labels.txt"), Ok(None));
        assert_eq!(stored_file(b"short", "labels.txt"), Ok(None));
    }
}
