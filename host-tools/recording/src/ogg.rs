//! Whether an Ogg file holds several streams one after the other (RFC 3533, section 4): their length is that of all.

use std::io::{self, Read, Seek, SeekFrom};

/// Bytes of a page's header before its table of segments.
const HEADER: usize = 27;

/// Whether a stream begins after pages of another. Reads the headers of the pages, not their content.
///
/// # Errors
/// If reading fails. A damaged page is no error: what follows it is not looked at.
pub(crate) fn is_chained(source: &mut (impl Read + Seek)) -> io::Result<bool> {
    let (mut at, mut is_first) = (0, true);
    loop {
        let mut header = [0; HEADER + 255];
        source.seek(SeekFrom::Start(at))?;
        let mut read = 0;
        while let more @ 1.. = source.read(&mut header[read..])? {
            read += more;
        }
        let [b'O', b'g', b'g', b'S', _, kind, rest @ ..] = header else { return Ok(false) };
        let segments = usize::from(rest[HEADER - 7]);
        if read < HEADER + segments {
            return Ok(false);
        }
        // Streams that run side by side begin together.
        let begins = kind & 2 != 0;
        if begins && !is_first {
            return Ok(true);
        }
        is_first &= begins;
        let content: u64 = header[HEADER..HEADER + segments].iter().map(|&len| u64::from(len)).sum();
        at += (HEADER + segments) as u64 + content;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page with 300 bytes of content.
    fn page(kind: u8) -> Vec<u8> {
        [b"OggS\0", &[kind][..], &[0; 20], &[2, 255, 45], &[7; 300]].concat()
    }

    #[test]
    fn a_stream_after_another_is_found_and_one_beside_another_is_not() {
        for (kinds, chained) in
            [(&[2, 0, 0, 4][..], false), (&[2, 2, 0, 0, 4, 4], false), (&[2, 0, 4, 2, 0, 4], true), (&[], false)]
        {
            let bytes: Vec<u8> = kinds.iter().flat_map(|&kind| page(kind)).collect();
            assert_eq!(is_chained(&mut io::Cursor::new(&bytes)).unwrap(), chained, "{kinds:?}");
            for cut in 1..40.min(bytes.len()) {
                is_chained(&mut io::Cursor::new(&bytes[..bytes.len() - cut])).unwrap();
            }
        }
    }
}
