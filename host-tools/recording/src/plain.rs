//! AIFF, AIFF-C and CAF with plain samples, which the WAV reader reads behind a WAV header in place of their own: truncated
//! files, floats in other units and values that are no numbers are then treated as those of WAV files.
//!
//! AIFF: Apple, "Audio Interchange File Format", 1989, and "AIFF-C", 1991. CAF: Apple, "Core Audio Format Specification 1.0".

use std::io::{self, Read, Seek, SeekFrom};

use crate::source::Source;

/// Most chunks that are looked at.
const MOST: usize = 4096;

const PCM: u16 = 1;
const FLOAT: u16 = 3;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;

/// Samples as a file describes them.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Samples {
    /// Format tag of WAV.
    tag: u16,
    is_big_endian: bool,
    /// 8-bit samples with a sign, which those of WAV do not have.
    is_signed: bool,
    channels: u16,
    rate_hz: u32,
    /// Bytes and bits of one sample.
    bytes: u16,
    bits: u16,
}

/// Puts a WAV header before the samples of an AIFF file; `None` if they are no plain samples or their description is damaged.
///
/// # Errors
/// If reading fails.
pub(crate) fn aiff(mut source: Source) -> io::Result<Option<Source>> {
    let (mut samples, mut sound) = (None, None);
    let mut at = 12;
    for _ in 0..MOST {
        let Some([a, b, c, d, len @ ..]) = read_at::<8>(&mut source, at)? else { break };
        let len = u64::from(u32::from_be_bytes(len));
        at += 8;
        match &[a, b, c, d] {
            b"COMM" => {
                let Some(chunk) = read_at::<18>(&mut source, at)? else { break };
                let kind = if len < 22 { None } else { read_at::<4>(&mut source, at + 18)? };
                samples = common(&chunk, kind.unwrap_or(*b"NONE"));
            }
            b"SSND" => {
                let Some([o, p, q, r, ..]) = read_at::<8>(&mut source, at)? else { break };
                let start = at + 8 + u64::from(u32::from_be_bytes([o, p, q, r]));
                sound = Some((start, (at + len).saturating_sub(start)));
            }
            _ => {}
        }
        if let (Some((samples, frames)), Some((start, len))) = (samples, sound) {
            let stated = u64::from(frames) * u64::from(samples.channels) * u64::from(samples.bytes);
            // A recorder that was interrupted leaves one of them, or both, at 0.
            let len = if stated == 0 || len == 0 { stated.max(len) } else { stated.min(len) };
            return samples.header(source, start, Some(len).filter(|&len| len > 0));
        }
        at += len.next_multiple_of(2);
    }
    Ok(None)
}

/// The samples that a `COMM` chunk describes, and their number of frames; `kind` is the compression of AIFF-C.
fn common(chunk: &[u8; 18], kind: [u8; 4]) -> Option<(Samples, u32)> {
    let [c, d, e, f, g, h, i, j, rate @ ..] = *chunk;
    let (channels, frames, bits) =
        (u16::from_be_bytes([c, d]), u32::from_be_bytes([e, f, g, h]), u16::from_be_bytes([i, j]));
    let pcm = Samples {
        tag: PCM,
        is_big_endian: true,
        is_signed: bits <= 8,
        channels,
        rate_hz: extended(rate)?,
        bytes: bits.div_ceil(8),
        bits,
    };
    let samples = match &kind.map(|letter| letter.to_ascii_lowercase()) {
        b"none" | b"twos" | b"in24" | b"in32" => pcm,
        b"sowt" | b"23ni" | b"42ni" => Samples { is_big_endian: false, ..pcm },
        b"raw " => Samples { is_signed: false, ..pcm },
        b"fl32" => Samples { tag: FLOAT, bytes: 4, bits: 32, is_signed: false, ..pcm },
        b"fl64" => Samples { tag: FLOAT, bytes: 8, bits: 64, is_signed: false, ..pcm },
        // Their bits are those of the decoded samples.
        b"alaw" => Samples { tag: A_LAW, bytes: 1, bits: 8, is_signed: false, ..pcm },
        b"ulaw" => Samples { tag: MU_LAW, bytes: 1, bits: 8, is_signed: false, ..pcm },
        _ => return None,
    };
    Some((samples, frames))
}

/// A rate from an 80-bit float: sign and exponent, and 64 bits of mantissa without a hidden bit (IEEE 754 extended).
fn extended(bytes: [u8; 10]) -> Option<u32> {
    let [a, b, mantissa @ ..] = bytes;
    let exponent = i32::from(u16::from_be_bytes([a, b])) - 16_383 - 63;
    let rate = u64::from_be_bytes(mantissa) as f64 * 2_f64.powi(exponent.clamp(-200, 200));
    (rate <= f64::from(u32::MAX)).then(|| rate.round() as u32)
}

/// Puts a WAV header before the samples of a CAF file; `None` if they are no plain samples or their description is damaged.
///
/// # Errors
/// If reading fails.
pub(crate) fn caf(mut source: Source) -> io::Result<Option<Source>> {
    let mut samples = None;
    let mut at = 8;
    for _ in 0..MOST {
        let Some([a, b, c, d, len @ ..]) = read_at::<12>(&mut source, at)? else { break };
        let len = i64::from_be_bytes(len);
        at += 12;
        match (&[a, b, c, d], samples) {
            (b"desc", _) => samples = read_at::<32>(&mut source, at)?.and_then(|chunk| description(&chunk)),
            // The number of edits comes first. Without a length the samples last to the end of the file.
            (b"data", Some(samples)) => {
                let len = u64::try_from(len).ok().map(|len| len.saturating_sub(4));
                return samples.header(source, at + 4, len);
            }
            _ => {}
        }
        let Some(next) = u64::try_from(len).ok().and_then(|len| at.checked_add(len)) else { break };
        at = next;
    }
    Ok(None)
}

/// The samples that a `desc` chunk describes.
fn description(chunk: &[u8; 32]) -> Option<Samples> {
    let (words, _) = chunk.as_chunks::<4>();
    let word = |at: usize| u32::from_be_bytes(words[at]);
    let rate_hz = f64::from_bits(u64::from(word(0)) << 32 | u64::from(word(1)));
    let (flags, packet_bytes, packet_frames) = (word(3), word(4), word(5));
    let (channels, bits) = (u16::try_from(word(6)).ok()?, u16::try_from(word(7)).ok()?);
    let bytes = u16::try_from(packet_bytes.checked_div(channels.into())?).ok()?;
    if packet_frames != 1 || !(0.0..1e9).contains(&rate_hz) {
        return None;
    }
    let pcm = Samples {
        tag: if flags & 1 == 0 { PCM } else { FLOAT },
        is_big_endian: flags & 2 == 0,
        is_signed: bytes == 1,
        channels,
        rate_hz: rate_hz.round() as u32,
        bytes,
        bits,
    };
    match &words[2] {
        b"lpcm" => Some(pcm),
        b"alaw" => Some(Samples { tag: A_LAW, bits: 8, is_signed: false, ..pcm }),
        b"ulaw" => Some(Samples { tag: MU_LAW, bits: 8, is_signed: false, ..pcm }),
        _ => None,
    }
}

impl Samples {
    /// Puts a WAV header before the samples from `start` on, `len` bytes, or to the end if that is unknown.
    fn header(self, source: Source, start: u64, len: Option<u64>) -> io::Result<Option<Source>> {
        // 2^32 - 1 stands for an unknown length, also of samples beyond 4 GiB.
        let stated = len.and_then(|len| u32::try_from(len).ok()).unwrap_or(u32::MAX);
        let u16_of = |value: u16| if self.is_big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
        let u32_of = |value: u32| if self.is_big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
        let frame = self.bytes.saturating_mul(self.channels);
        let mut header = if self.is_big_endian { b"RIFX".to_vec() } else { b"RIFF".to_vec() };
        header.extend(u32_of(stated.saturating_add(36)));
        header.extend(b"WAVEfmt ");
        header.extend(u32_of(16));
        [self.tag, self.channels].iter().for_each(|&value| header.extend(u16_of(value)));
        header.extend(u32_of(self.rate_hz));
        header.extend(u32_of(self.rate_hz.saturating_mul(frame.into())));
        [frame, self.bits].iter().for_each(|&value| header.extend(u16_of(value)));
        header.extend(b"data");
        header.extend(u32_of(stated));
        let end = len.map_or(u64::MAX, |len| start.saturating_add(len));
        Ok(Some(source.behind(header, start..end, self.is_signed)?))
    }
}

/// `N` bytes from `at` on; `None` if the file ends before.
fn read_at<const N: usize>(source: &mut Source, at: u64) -> io::Result<Option<[u8; N]>> {
    let mut bytes = [0; N];
    source.seek(SeekFrom::Start(at))?;
    let mut read = 0;
    while read < N {
        match source.read(&mut bytes[read..])? {
            0 => break,
            more => read += more,
        }
    }
    Ok((read == N).then_some(bytes))
}
