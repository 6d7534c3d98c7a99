//! Checks the sizes in a CAF file before `symphonia` reads it: its reader adds them without a check and allocates a packet of
//! any size, which ends a program.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

/// Most chunks that are looked at, and bytes of a chunk that is kept in memory.
const MOST: usize = 4096;
const LONGEST: u64 = 1 << 20;

/// Whether the chunks lie within the file, apart from the last, and the packets within its samples.
///
/// # Errors
/// If reading fails.
pub(crate) fn is_sound(source: &mut (impl Read + Seek)) -> io::Result<bool> {
    let file = source.seek(SeekFrom::End(0))?;
    let (mut at, mut packet_bytes, mut packet_frames) = (8_u64, None, 0);
    for _ in 0..MOST {
        if at == file {
            return Ok(true);
        }
        let mut header = [0; 12];
        source.seek(SeekFrom::Start(at))?;
        if file.saturating_sub(at) < 12 {
            return Ok(false);
        }
        source.read_exact(&mut header)?;
        let [a, b, c, d, len @ ..] = header;
        let len = i64::from_be_bytes(len);
        at += 12;
        match (&[a, b, c, d], u64::try_from(len)) {
            // Samples without a length last to the end.
            (b"data", Err(_)) => return Ok(len == -1),
            (_, Err(_)) => return Ok(false),
            (_, Ok(len)) if len > file - at => return Ok(false),
            (b"desc", Ok(32)) => {
                let mut chunk = [0; 32];
                source.read_exact(&mut chunk)?;
                let (words, _) = chunk.as_chunks::<4>();
                let [_, _, _, _, bytes, frames, ..] = words else { return Ok(false) };
                (packet_bytes, packet_frames) = (Some(u32::from_be_bytes(*bytes)), u32::from_be_bytes(*frames));
                if packet_bytes.is_some_and(|bytes| u64::from(bytes) > LONGEST) {
                    return Ok(false);
                }
            }
            (b"kuki", Ok(len)) if len > LONGEST => return Ok(false),
            (b"pakt", Ok(len)) => {
                let Some(bytes) = packet_bytes else { return Ok(false) };
                let table = BufReader::new(source.by_ref().take(len));
                if !packets_fit(table, bytes, packet_frames, file)? {
                    return Ok(false);
                }
            }
            _ => {}
        }
        at += u64::try_from(len).unwrap_or(0);
    }
    Ok(false)
}

/// Whether the packets of a packet table are at most as long as the file together: their sizes and frames are of a variable
/// length each, 7 bits in a byte, unless the description states them.
fn packets_fit(mut table: impl BufRead, bytes: u32, frames: u32, file: u64) -> io::Result<bool> {
    let mut header = [0; 24];
    if table.read_exact(&mut header).is_err() {
        return Ok(false);
    }
    let (words, _) = header.as_chunks::<8>();
    let (packets, valid) = (i64::from_be_bytes(words[0]), i64::from_be_bytes(words[1]));
    let per_packet = usize::from(bytes == 0) + usize::from(frames == 0);
    if packets < 0 || valid < 0 || per_packet == 0 {
        return Ok(packets == 0);
    }
    let mut all = 0_u64;
    for _ in 0..packets {
        if bytes == 0 {
            match number(&mut table)? {
                Some(len) if len <= LONGEST => all += len,
                _ => return Ok(false),
            }
        } else {
            all += u64::from(bytes);
        }
        if all > file || (frames == 0 && number(&mut table)?.is_none_or(|frames| frames > LONGEST)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A number of 7 bits in each byte, of which all but the last have the highest bit; `None` if the table ends or it is longer
/// than 5 bytes.
fn number(table: &mut impl BufRead) -> io::Result<Option<u64>> {
    let mut value = 0;
    for _ in 0..5 {
        let mut byte = [0];
        if table.read(&mut byte)? == 0 {
            return Ok(None);
        }
        value = value << 7 | u64::from(byte[0] & 0x7f);
        if byte[0] & 0x80 == 0 {
            return Ok(Some(value));
        }
    }
    Ok(None)
}
