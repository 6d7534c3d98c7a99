//! The zip archive of label files that the TFLite Metadata convention appends to a model. Files are stored uncompressed.
//!
//! Format: PKWARE APPNOTE 6.3, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (its end).

use super::error::Error;
use super::flat::{scalar, slice};

/// CRC-32 as zip uses it.
const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
const END_SIGNATURE: [u8; 4] = *b"PK\x05\x06";
const END_LEN: usize = 22;
/// Largest length of the comment after the end record, in bytes.
const MAX_COMMENT: usize = 65_535;
const ENTRY_SIGNATURE: [u8; 4] = *b"PK\x01\x02";
const ENTRY_LEN: usize = 46;
const LOCAL_SIGNATURE: [u8; 4] = *b"PK\x03\x04";
const LOCAL_LEN: usize = 30;

/// Returns the contents of file `name`; `None` if the model has no archive or the archive has no such file.
pub(super) fn stored_file<'a>(bytes: &'a [u8], name: &str) -> Result<Option<&'a [u8]>, Error> {
    let Some(end) = find_end(bytes) else { return Ok(None) };
    let count: u16 = scalar(bytes, end + 10)?;
    let directory_len = scalar::<u32>(bytes, end + 12)? as usize;
    let stated = scalar::<u32>(bytes, end + 16)? as usize;
    let out_of_bounds = Error::OutOfBounds { at: end };
    let directory = end.checked_sub(directory_len).ok_or(out_of_bounds)?;
    // Offsets count from the beginning of the archive: that of the file, or a place after the model.
    let base = directory.checked_sub(stated).ok_or(out_of_bounds)?;
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

/// Returns the position of the archive's end record.
fn find_end(bytes: &[u8]) -> Option<usize> {
    let last = bytes.len().checked_sub(END_LEN)?;
    let first = last.saturating_sub(MAX_COMMENT);
    (first..=last).rev().find(|&at| bytes[at..at + 4] == END_SIGNATURE)
}

/// Returns the contents of the file that the central directory's `entry` describes.
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
    if CRC.checksum(data) == crc { Ok(data) } else { Err(Error::LabelFileDamaged) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_of_the_standard() {
        assert_eq!(CRC.checksum(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn a_model_without_an_archive_has_no_files() {
        assert_eq!(stored_file(&[0; 100], "labels.txt"), Ok(None));
        assert_eq!(stored_file(b"short", "labels.txt"), Ok(None));
    }
}
