//! Decodes small text files that people write with other programs: UTF-8, UTF-16, Windows-1252.

use std::path::Path;

use anyhow::{Context, ensure};

/// Largest accepted text file, in bytes: a manifest of a million recordings takes about 100 MB.
const LARGEST: u64 = 1 << 28;

/// The text of a file, and a note if it is not UTF-8.
///
/// # Errors
/// If it cannot be read or is larger than [`LARGEST`].
pub(super) fn read(path: &Path) -> anyhow::Result<(String, Option<String>)> {
    let context = || format!("cannot read {}", path.display());
    let size = std::fs::metadata(path).with_context(context)?.len();
    ensure!(size <= LARGEST, "{} has {size} bytes, which is no table of recordings", path.display());
    Ok(decode(&std::fs::read(path).with_context(context)?))
}

/// Decodes UTF-8 or UTF-16 with or without a byte order mark, else Windows-1252, of which Latin-1 is a part.
pub(super) fn decode(bytes: &[u8]) -> (String, Option<String>) {
    let utf16 = |bytes: &[u8], of: fn([u8; 2]) -> u16, name: &str| {
        let units = bytes.chunks_exact(2).map(|pair| of([pair[0], pair[1]]));
        let text = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        (text, Some(format!("read as {name}")))
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes, "UTF-16"),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes, "UTF-16"),
        // The first line of a table is ASCII, so every other byte of UTF-16 is 0.
        [a, 0, b, 0, ..] if *a != 0 && *b != 0 => utf16(bytes, u16::from_le_bytes, "UTF-16 without a byte order mark"),
        [0, a, 0, b, ..] if *a != 0 && *b != 0 => utf16(bytes, u16::from_be_bytes, "UTF-16 without a byte order mark"),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => (text.trim_start_matches('\u{feff}').to_owned(), None),
            Err(_) => {
                let text = bytes.iter().map(|byte| windows_1252(*byte)).collect();
                let note = "not UTF-8, read as Windows-1252 (Latin-1); if names are wrong, save it as UTF-8";
                (text, Some(note.to_owned()))
            }
        },
    }
}

/// The character of a byte, by the WHATWG Encoding Standard (index-windows-1252).
fn windows_1252(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘',
        '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => HIGH[usize::from(byte - 0x80)],
        other => char::from(other),
    }
}

/// The separator of a table whose first line is `header`: the one that it holds most often, a comma if none.
pub(super) fn separator(header: &str) -> u8 {
    let count = |separator: &u8| header.bytes().filter(|byte| byte == separator).count();
    // The last of equals wins.
    [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_of_a_spreadsheet_gives_the_same_text() {
        let text = "file,label\ngröße.wav,on\n";
        let utf16 = |of: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(of).collect::<Vec<u8>>();
        let latin: Vec<u8> = text.chars().map(|c| u32::from(c) as u8).collect();
        let (little, big) = (utf16(u16::to_le_bytes), utf16(u16::to_be_bytes));
        let marked = |mark: &[u8], rest: &[u8]| [mark, rest].concat();
        for (bytes, noted) in [
            (text.as_bytes().to_vec(), false),
            (marked(b"\xef\xbb\xbf", text.as_bytes()), false),
            (marked(b"\xff\xfe", &little), true),
            (marked(b"\xfe\xff", &big), true),
            (little, true),
            (big, true),
            (latin, true),
        ] {
            let (decoded, note) = decode(&bytes);
            assert_eq!((&decoded[..], note.is_some()), (text, noted), "{bytes:?}");
        }
        assert_eq!(decode(b"10 \x80").0, "10 €");
        assert_eq!(decode(b"").0, "");
    }

    #[test]
    fn the_separator_is_the_one_of_the_first_line() {
        for (header, found) in [("file,label", b','), ("file;label", b';'), ("file\tlabel,x\tb", b'\t'), ("file", b',')]
        {
            assert_eq!(separator(header), found, "{header}");
        }
    }
}
