//! What follows the samples of a file: chunks, more samples, or bytes that the header does not declare.

use std::io::{self, Read, Seek, SeekFrom};

use super::header::Header;
use super::remark::Remark;

/// A run of samples after the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    /// Bytes between the segment before and this one.
    pub gap: u64,
    /// Its length in bytes: whole frames.
    pub len: u64,
}

/// Largest number of segments: a file of tiny chunks would take much memory otherwise.
const MOST: usize = 4096;

/// Walks the chunks from `end`, the end of the samples, to that of the file, and returns further segments of samples and what
/// to remark. The position of `source` is undefined afterwards.
///
/// # Errors
/// If reading fails.
pub(super) fn walk(
    source: &mut (impl Read + Seek),
    header: &Header,
    end: u64,
    source_len: u64,
) -> io::Result<(Vec<Segment>, Option<Remark>)> {
    let container = header.container;
    let frame = header.format.frame_bytes() as u64;
    let seconds = |bytes: u64| (bytes / frame) as f64 / f64::from(header.format.rate_hz);
    let (mut segments, mut last_end, mut at) = (Vec::new(), end, end);
    while source_len.saturating_sub(at) >= container.chunk_header() as u64 {
        let Some((id, start, len)) = chunk(source, header, at, source_len)? else {
            break;
        };
        match &id {
            b"RIFF" | b"RIFX" | b"RF64" => return Ok((segments, Some(Remark::SecondFile))),
            b"data" if segments.len() < MOST => {
                let len = len.min(source_len - start) / frame * frame;
                if len > 0 {
                    segments.push(Segment { gap: start - last_end, len });
                    last_end = start + len;
                }
            }
            _ => {}
        }
        at = start.saturating_add(len).min(source_len);
    }
    let more = source_len - at;
    let remark = if !segments.is_empty() {
        let bytes: u64 = segments.iter().map(|segment| segment.len).sum();
        Some(Remark::MoreData { chunks: segments.len() as u32, seconds: seconds(bytes) })
    } else if more >= SOME.max(16 * frame) && !is_tag_or_padding(source, at)? {
        let declared_s = seconds(header.data_len.unwrap_or_default());
        Some(Remark::MoreAfterEnd { declared_s, after_s: seconds(more) })
    } else {
        None
    };
    Ok((segments, remark))
}

/// Fewer bytes than this after the end are of no interest.
const SOME: u64 = 64;

/// Whether a chunk begins where `header` places the first sample. The position of `source` is undefined afterwards.
///
/// # Errors
/// If reading fails.
pub(super) fn begins_with_chunk(source: &mut (impl Read + Seek), header: &Header, source_len: u64) -> io::Result<bool> {
    chunk(source, header, header.start, source_len).map(|found| found.is_some())
}

/// The chunk at `at` or after its padding: name, start of its content and length. `None` if there is none.
fn chunk(
    source: &mut (impl Read + Seek),
    file: &Header,
    at: u64,
    source_len: u64,
) -> io::Result<Option<([u8; 4], u64, u64)>> {
    let container = file.container;
    let mut header = [0; 24];
    let header = &mut header[..container.chunk_header()];
    for at in [at, file.base + (at - file.base).next_multiple_of(container.padding())] {
        if at + header.len() as u64 > source_len {
            continue;
        }
        source.seek(SeekFrom::Start(at))?;
        source.read_exact(header)?;
        if let Some((id, len)) = container.chunk(header)
            && id.iter().all(|letter| matches!(letter, b' '..=b'~'))
            && id[0] != b' '
        {
            let start = at + header.len() as u64;
            // A file that follows, or samples, may be cut; anything else that is longer than the file is no chunk.
            let known = matches!(&id, b"data" | b"RIFF" | b"RIFX" | b"RF64");
            if known || len <= source_len - start {
                return Ok(Some((id, start, len)));
            }
        }
    }
    Ok(None)
}

/// Whether a tag of another kind of file begins at `at` (ID3, APE), or zeros fill the file from there.
fn is_tag_or_padding(source: &mut (impl Read + Seek), at: u64) -> io::Result<bool> {
    let mut start = Vec::with_capacity(64);
    source.seek(SeekFrom::Start(at))?;
    source.take(64).read_to_end(&mut start)?;
    Ok([&b"TAG"[..], b"ID3", b"APETAGEX"].iter().any(|tag| start.starts_with(tag))
        || start.iter().all(|&byte| byte == 0))
}
