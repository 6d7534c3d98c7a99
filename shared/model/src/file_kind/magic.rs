//! Identifies a file by its first bytes.
//!
//! Magic numbers from the formats' specifications and the `file` program's list; MPEG headers from ISO/IEC 11172-3.

use super::{FileKind, Foreign};

/// Number of first bytes that identify every kind.
pub const FIRST_BYTES: usize = 4096;

impl FileKind {
    /// Identifies a file by its first bytes, [`FIRST_BYTES`] of them where there are as many.
    #[must_use]
    pub fn from_first_bytes(first: &[u8]) -> Self {
        if first.is_empty() {
            return Self::Empty;
        }
        match Self::from_magic(first) {
            Self::Unknown if mpeg_frame(first).is_some() => Self::Mp3,
            Self::Unknown if is_adts(first) => Self::Adts,
            Self::Unknown if is_text(first) => Self::Foreign(Foreign::Text),
            kind => kind,
        }
    }

    /// As [`from_first_bytes`](Self::from_first_bytes), for bytes that may also be raw samples: only kinds that samples do not
    /// resemble by chance, which means at least four fixed bytes or two MPEG frames in a row.
    #[must_use]
    pub fn from_stream(first: &[u8]) -> Self {
        match Self::from_magic(first) {
            Self::Foreign(Foreign::Gzip | Foreign::Archive | Foreign::Amr | Foreign::Picture) => Self::Unknown,
            Self::Unknown if two_mpeg_frames(first) => Self::Mp3,
            kind => kind,
        }
    }

    /// Identifies a file by the bytes behind its ID3 tag ([`id3_len`]). Such a tag may stand before any stream, and what begins like
    /// no other is MP3.
    #[must_use]
    pub fn from_bytes_behind_id3(behind: &[u8]) -> Self {
        match Self::from_magic(behind) {
            Self::Unknown if is_adts(behind) => Self::Adts,
            Self::Unknown | Self::Foreign(_) => Self::Mp3,
            kind => kind,
        }
    }

    /// Identifies a kind by fixed bytes.
    fn from_magic(first: &[u8]) -> Self {
        if let Some(len) = id3_len(first) {
            let behind = usize::try_from(len).ok().and_then(|len| first.get(len..));
            return Self::from_bytes_behind_id3(behind.unwrap_or_default());
        }
        let begins = |magic: &[u8]| first.starts_with(magic);
        let form = first.get(8..12).unwrap_or_default();
        let holds = |text: &[u8]| first.windows(text.len()).take(512).any(|part| part == text);
        let foreign = match first {
            [b'R', b'I', b'F', b'F' | b'X', ..]
            | [b'R', b'F' | b'W', b'6', b'4', ..]
            | [b'B', b'W', b'6', b'4', ..] => {
                return if form == b"WAVE" || first.len() < 12 { Self::Wav } else { Self::Foreign(Foreign::Riff) };
            }
            _ if begins(b"riff\x2e\x91\xcf\x11") => return Self::Wav,
            _ if begins(b"fLaC") => return Self::Flac,
            _ if begins(b"OggS") && holds(b"\x01vorbis") => return Self::OggVorbis,
            _ if begins(b"OggS") && holds(b"OpusHead") => return Self::OggOpus,
            _ if begins(b"OggS") => return Self::Ogg,
            _ if begins(b"FORM") && matches!(form, b"AIFF" | b"AIFC") => return Self::Aiff,
            _ if begins(b"caff") => return Self::Caf,
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => return Self::Mp4,
            // QuickTime without a file type.
            [_, _, _, _, b'm', b'o', b'o', b'v', ..] | [_, _, _, _, b'm', b'd', b'a', b't', ..] => return Self::Mp4,
            _ if begins(b"\x1a\x45\xdf\xa3") => Foreign::Matroska,
            _ if begins(b".snd") || begins(b"dns.") => Foreign::Au,
            _ if begins(b"\x30\x26\xb2\x75\x8e\x66\xcf\x11") => Foreign::Asf,
            _ if begins(b"#!AMR") => Foreign::Amr,
            _ if begins(b"wvpk") => Foreign::WavPack,
            _ if begins(b"MAC ") => Foreign::Ape,
            _ if begins(b"DSD ") || begins(b"FRM8") => Foreign::Dsd,
            _ if begins(b"version https://git-lfs") => Foreign::LfsPointer,
            _ if is_html(first) => Foreign::Html,
            _ if begins(b"MATLAB 5.0 MAT-file") => Foreign::Matlab,
            _ if begins(b"MATLAB 7.3 MAT-file") || begins(b"\x89HDF\r\n\x1a\n") => Foreign::Hdf5,
            _ if begins(b"\x93NUMPY") => Foreign::Npy,
            _ if begins(b"PAR1") => Foreign::Parquet,
            _ if begins(b"PK\x03\x04") || begins(b"PK\x05\x06") => Foreign::Zip,
            _ if begins(b"\x1f\x8b\x08") => Foreign::Gzip,
            _ if begins(b"7z\xbc\xaf\x27\x1c")
                || begins(b"BZh")
                || begins(b"\xfd7zXZ\0")
                || begins(b"\x28\xb5\x2f\xfd")
                || begins(b"Rar!\x1a\x07") =>
            {
                Foreign::Archive
            }
            _ if begins(b"%PDF-") => Foreign::Pdf,
            _ if begins(b"\x89PNG\r\n\x1a\n") || begins(b"\xff\xd8\xff") || begins(b"GIF8") => Foreign::Picture,
            _ => return Self::Unknown,
        };
        Self::Foreign(foreign)
    }
}

/// Length in bytes of the ID3 tag of version 2 that a file begins with; `None` if it begins with none.
///
/// By ID3 2.4.0, section 3.1: the length has 7 bits per byte, and counts neither the header nor the footer, of 10 bytes each.
#[must_use]
pub fn id3_len(first: &[u8]) -> Option<u64> {
    let &[b'I', b'D', b'3', 2..=4, _, flags, a, b, c, d, ..] = first else { return None };
    let footer = if flags & 0x10 == 0 { 0 } else { 10 };
    let len = [a, b, c, d].into_iter().fold(0, |sum, byte| sum << 7 | u64::from(byte));
    ((a | b | c | d) & 0x80 == 0).then_some(10 + len + footer)
}

/// Length in bytes of the MPEG audio frame that `bytes` begin with; `None` if they do not begin with a frame's header.
fn mpeg_frame(bytes: &[u8]) -> Option<usize> {
    let &[0xff, b, c, d, ..] = bytes else { return None };
    let (version, layer) = (b >> 3 & 3, b >> 1 & 3);
    let (rate, hz, padding) = (usize::from(c >> 4), usize::from(c >> 2 & 3), usize::from(c >> 1 & 1));
    // Emphasis 2, rate 15 and frequency 3 are reserved; rate 0 has no length. Layer 0 is ADTS.
    if b & 0xe0 != 0xe0 || version == 1 || layer == 0 || rate == 0 || rate == 15 || hz == 3 || d & 3 == 2 {
        return None;
    }
    const KBITS: [[usize; 15]; 5] = [
        [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
        [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ];
    // Layer bits: 3 is layer I, 2 is layer II, 1 is layer III. Version bits: 3 is MPEG 1, 2 is MPEG 2, 0 is MPEG 2.5.
    let (table, factor) = match (version, layer) {
        (3, 3) => (0, 48),
        (3, 2) => (1, 144),
        (3, _) => (2, 144),
        (_, 3) => (3, 48),
        (_, 2) => (4, 144),
        _ => (4, 72),
    };
    let hz = [44_100, 48_000, 32_000][hz] >> [2, 0, 1, 0][usize::from(version)];
    let slot = if layer == 3 { 4 } else { 1 };
    let slots = factor * KBITS[table][rate] * 1000 / hz / slot + padding;
    Some(slots * slot)
}

/// Whether two MPEG frames of one version, layer and frequency follow each other.
fn two_mpeg_frames(bytes: &[u8]) -> bool {
    let Some(next) = mpeg_frame(bytes).and_then(|len| bytes.get(len..)) else { return false };
    mpeg_frame(next).is_some() && next[1] == bytes[1] && next[2] & 0x0c == bytes[2] & 0x0c
}

/// Whether `bytes` begin with the header of an ADTS frame.
fn is_adts(bytes: &[u8]) -> bool {
    matches!(bytes, [0xff, b, c, ..] if b & 0xf6 == 0xf0 && c >> 2 & 15 < 13)
}

fn is_html(first: &[u8]) -> bool {
    let text = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first).trim_ascii_start();
    [&b"<!doctype"[..], b"<html", b"<head", b"<?xml"]
        .iter()
        .any(|tag| text.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag)))
}

/// Whether the bytes are text: UTF-8, perhaps cut within a character, without control characters but white space.
fn is_text(first: &[u8]) -> bool {
    let text = match std::str::from_utf8(first) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&first[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.is_empty() && !text.chars().any(|letter| letter.is_control() && !letter.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_its_first_bytes() {
        for (first, what) in [
            (&b""[..], "empty"),
            (b"RIFF\x24\0\0\0WAVEfmt ", "WAV"),
            (b"RF64\xff\xff\xff\xffWAVEds64", "WAV"),
            (b"riff\x2e\x91\xcf\x11\xa5\xd6", "WAV"),
            (b"RIFF\x24\0\0\0AVI LIST", "AVI"),
            (b"fLaC\0\0\0\x22", "FLAC"),
            (b"OggS\0\x02\0\0\0\0\0\0\0\0........\x01\x1e\x01vorbis", "Vorbis"),
            (b"OggS\0\x02\0\0\0\0\0\0\0\0........\x01\x13OpusHead", "Opus"),
            (b"ID3\x04\0\0\0\0\0\x02..\xff\xfb\x90\x00", "MP3"),
            (b"ID3\x04\0\0\0\0\0\x02..fLaC", "FLAC"),
            (b"ID3\x04\0\0\0\0\0\x02..RIFF\x24\0\0\0WAVEfmt ", "WAV"),
            (b"ID3\x04\0\x10\0\0\0\x02..3DI\x04\0\x10\0\0\0\x02fLaC", "FLAC"),
            (b"ID3\x04\0\0\0\0\0\x02..OggS\0\x02\0\0........\x01\x13OpusHead", "Opus"),
            (b"ID3\x04\0\0\0\0\x01\0", "MP3"),
            (b"\xff\xfb\x94\xc4\0\0\0", "MP3"),
            (b"\xff\xf1\x50\x80", "AAC"),
            (b"\0\0\0\x20ftypM4A ", "M4A"),
            (b"FORM\0\0\0\0AIFC", "AIFF"),
            (b"caff\0\x01", "CAF"),
            (b"\x1a\x45\xdf\xa3", "WebM"),
            (b".snd\0\0\0\x18", "AU"),
            (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
            (b"\n <!DOCTYPE html><html>", "HTML"),
            (b"MATLAB 5.0 MAT-file, Platform", "MATLAB"),
            (b"\x89HDF\r\n\x1a\n", "HDF5"),
            (b"\x93NUMPY\x01\0", "NumPy"),
            (b"PK\x03\x04", "ZIP"),
            (b"\x1f\x8b\x08\0", "gzip"),
            (b"%PDF-1.7", "PDF"),
            (b"\x89PNG\r\n\x1a\n", "picture"),
            (b"\xff\xd8\xff\xe0", "picture"),
            (b"time,value\n0,1\n", "text"),
            (b"\0\x01\x02\x03", "unknown"),
        ] {
            let kind = FileKind::from_first_bytes(first);
            assert!(kind.to_string().contains(what), "{first:?}: {kind}");
            assert!(!kind.remedy().is_empty());
        }
    }

    #[test]
    fn raw_samples_are_not_mistaken_for_a_file() {
        // Samples of -1 and small negative numbers, quiet text-like samples, and one header of an MPEG frame by chance.
        for first in [&[0xff; 64][..], b"    !!!!", b"\xff\xfb\x94\xc4\0\0\0\0", b"\x1f\x8b\x08\0", b"\xff\xd8\xff\xe0"]
        {
            assert_eq!(FileKind::from_stream(first), FileKind::Unknown, "{first:?}");
        }
        let mut frames = vec![0; 1000];
        // 128 kbit/s at 44.1 kHz: 144 * 128000 / 44100 = 417 bytes.
        frames[..4].copy_from_slice(b"\xff\xfb\x90\x00");
        frames[417..421].copy_from_slice(b"\xff\xfb\x90\x00");
        assert_eq!(FileKind::from_stream(&frames), FileKind::Mp3);
        assert_eq!(FileKind::from_stream(b"fLaC\0\0\0\x22"), FileKind::Flac);
    }
}
