//! The part of an MP4 audio track that is sound: encoders put silence before it and pad the last frame.
//!
//! Stated by the edit list (ISO/IEC 14496-12, `elst`) and by Apple's tag `iTunSMPB`, neither of which `symphonia` applies.

use std::io::{self, Read, Seek, SeekFrom};

/// Frames of a track to use, at the track's rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edit {
    /// Frames before the sound.
    pub start: u64,
    /// Frames of sound; `None` for all.
    pub len: Option<u64>,
}

/// Longest atom that is read into memory; tags and edit lists are far shorter.
const LONGEST: u64 = 1 << 16;
/// Most atoms that are looked at: an hour in fragments of a second has some 30,000.
const MOST: usize = 1 << 18;

/// A track of sound: its edit (length, start), the time scale and the duration of its media.
#[derive(Debug, Clone, Copy)]
struct Sound {
    edit: Option<(u64, i64)>,
    scale: u32,
    duration: u64,
}

/// What a file states of the edits of its tracks.
#[derive(Debug, Default)]
pub(crate) struct Edits {
    movie_scale: Option<u32>,
    /// Of the present track.
    edit: Option<(u64, i64)>,
    media: Option<(u32, u64)>,
    is_sound: bool,
    /// Of the first track of sound.
    sound: Option<Sound>,
    smpb: Option<(u64, u64)>,
    /// Whether there is an index, whole.
    pub(crate) has_index: bool,
    /// Whether a fragment would have the decoder look for values that it does not hold.
    pub(crate) is_damaged: bool,
    atoms: usize,
}

impl Edits {
    /// Reads what `source` states.
    ///
    /// # Errors
    /// If reading fails. A damaged structure is no error: what is found until then counts.
    pub(crate) fn read(source: &mut (impl Read + Seek)) -> io::Result<Self> {
        let end = source.seek(SeekFrom::End(0))?;
        let mut found = Self::default();
        walk(source, 0..end, 0, &mut found)?;
        found.close_track();
        Ok(found)
    }

    fn close_track(&mut self) {
        if let (true, Some((scale, duration)), None) = (self.is_sound, self.media, self.sound) {
            self.sound = Some(Sound { edit: self.edit, scale, duration });
        }
        (self.edit, self.media, self.is_sound) = (None, None, false);
    }

    /// Returns the edit of the first track of sound, decoded at `rate_hz`; `None` if the file states none.
    pub(crate) fn at(&self, rate_hz: u32) -> Option<Edit> {
        if let Some((start, len)) = self.smpb {
            return Some(Edit { start, len: Some(len).filter(|&len| len > 0) });
        }
        let Sound { edit, scale, duration } = self.sound?;
        let (segment, media_time) = edit?;
        let start = u64::try_from(media_time).ok()?;
        let frames = |time: u64, scale: u32| {
            u64::try_from(u128::from(time) * u128::from(rate_hz) / u128::from(scale.max(1))).unwrap_or(u64::MAX)
        };
        let movie_scale = self.movie_scale?;
        // The segment's length is in units of the movie, often milliseconds. Where the media ends within one of them, its own
        // duration is exact.
        let (rough, exact) = (frames(segment, movie_scale), frames(duration.saturating_sub(start), scale));
        let unit = frames(1, movie_scale) + 1;
        let len = if segment == 0 || rough.abs_diff(exact) <= unit { exact } else { rough };
        Some(Edit { start: frames(start, scale), len: Some(len) })
    }
}

/// Walks the atoms in `range`.
fn walk(
    source: &mut (impl Read + Seek),
    range: std::ops::Range<u64>,
    depth: usize,
    found: &mut Edits,
) -> io::Result<()> {
    let mut at = range.start;
    while range.end.saturating_sub(at) >= 8 && depth < 10 && found.atoms < MOST {
        found.atoms += 1;
        source.seek(SeekFrom::Start(at))?;
        let mut header = [0; 16];
        let read = source.by_ref().take(16).read(&mut header)?;
        let [a, b, c, d, name @ .., e, f, g, h, i, j, k, l] = header;
        let (len, header_len) = match u32::from_be_bytes([a, b, c, d]) {
            1 if read == 16 => (u64::from_be_bytes([e, f, g, h, i, j, k, l]), 16),
            0 => (range.end - at, 8),
            len => (u64::from(len), 8),
        };
        if read < 8 || len < header_len || len > range.end - at {
            return Ok(());
        }
        let inside = at + header_len..at + len;
        found.has_index |= &name == b"moov";
        match &name {
            b"trak" => {
                found.close_track();
                walk(source, inside, depth + 1, found)?;
            }
            b"moov" | b"edts" | b"mdia" | b"udta" | b"ilst" | b"moof" | b"traf" => {
                walk(source, inside, depth + 1, found)?
            }
            b"meta" => walk(source, inside.start + 4..inside.end, depth + 1, found)?,
            b"mvhd" | b"mdhd" | b"elst" | b"hdlr" | b"----" | b"trun" => {
                let mut content = Vec::new();
                source.seek(SeekFrom::Start(inside.start))?;
                source.by_ref().take((inside.end - inside.start).min(LONGEST)).read_to_end(&mut content)?;
                read_atom(&name, &content, found);
            }
            _ => {}
        }
        at += len;
    }
    Ok(())
}

fn read_atom(name: &[u8; 4], content: &[u8], found: &mut Edits) {
    let u32_at = |at: usize| content.get(at..at + 4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]));
    let u64_at = |at: usize| Some(u64::from(u32_at(at)?) << 32 | u64::from(u32_at(at + 4)?));
    let long = content.first() == Some(&1);
    match name {
        b"mvhd" => found.movie_scale = u32_at(if long { 20 } else { 12 }),
        b"mdhd" => {
            let (scale, duration) =
                if long { (u32_at(20), u64_at(24)) } else { (u32_at(12), u32_at(16).map(u64::from)) };
            found.media = scale.zip(duration);
        }
        // Empty edits (time -1) shift the track within the movie; the first other one is the sound.
        b"elst" => {
            let entries = u32_at(4).unwrap_or(0).min(16) as usize;
            let edits = (0..entries).filter_map(|entry| {
                if long {
                    let at = 8 + 20 * entry;
                    Some((u64_at(at)?, u64_at(at + 8)? as i64))
                } else {
                    let at = 8 + 12 * entry;
                    Some((u64::from(u32_at(at)?), i64::from(u32_at(at + 4)? as i32)))
                }
            });
            let mut edits = edits.filter(|(_, time)| *time >= 0);
            let first = edits.next();
            // Several pieces are left as they are.
            found.edit = if edits.next().is_none() { first } else { None };
        }
        // Of the run's flags 0x100 and 0x200 state durations and sizes of all samples, 4 flags of the first sample (8.8.8).
        // symphonia 0.6.1 takes bits 4 and 0x200 of those for a duration and a size, and looks for them in an empty list.
        b"trun" => {
            let flags = u32_at(0).unwrap_or(0);
            let first = u32_at(if flags & 1 == 0 { 8 } else { 12 }).filter(|_| flags & 4 != 0).unwrap_or(0);
            found.is_damaged |= (first & 4 != 0 && flags & 0x100 == 0) || first & !flags & 0x200 != 0;
        }
        b"hdlr" => found.is_sound |= content.get(8..12) == Some(b"soun"),
        b"----" => found.smpb = smpb(content).or(found.smpb),
        _ => {}
    }
}

/// Delay and length of `iTunSMPB`: hexadecimal numbers, of which the second is the delay, the third the padding and the
/// fourth the length, in frames.
fn smpb(content: &[u8]) -> Option<(u64, u64)> {
    let text = String::from_utf8_lossy(content);
    let (_, after) = text.split_once("iTunSMPB")?;
    let numbers: Vec<u64> = after
        .split(|letter: char| !letter.is_ascii_hexdigit())
        .filter(|word| word.len() >= 8)
        .filter_map(|word| u64::from_str_radix(word, 16).ok())
        .collect();
    match numbers[..] {
        [_, delay, _, len, ..] => Some((delay, len)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn atom(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        [&(content.len() as u32 + 8).to_be_bytes()[..], name, content].concat()
    }

    fn numbers(numbers: &[u32]) -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
    }

    /// A movie with a video track, which has an edit of its own, and a track of sound.
    fn movie(edits: &[u32], duration: u32) -> Vec<u8> {
        let media = |kind: &[u8; 4], scale: u32, duration: u32| {
            let hdlr = [&[0; 8][..], kind, &[0; 12]].concat();
            let mdhd = atom(b"mdhd", &numbers(&[0, 0, 0, scale, duration, 0]));
            atom(b"mdia", &[mdhd, atom(b"hdlr", &hdlr)].concat())
        };
        let edts =
            |edits: &[u32]| atom(b"edts", &atom(b"elst", &numbers(&[&[0, edits.len() as u32 / 3], edits].concat())));
        let video = atom(b"trak", &[edts(&[9, 9, 0x1_0000]), media(b"vide", 90_000, 7)].concat());
        let sound = atom(b"trak", &[edts(edits), media(b"soun", 48_000, duration)].concat());
        let moov = atom(b"moov", &[atom(b"mvhd", &numbers(&[0, 0, 0, 1000, 9])), video, sound].concat());
        [atom(b"ftyp", b"M4A "), moov].concat()
    }

    #[test]
    fn an_edit_list_states_start_and_length() {
        let found = |edits: &[u32], duration| Edits::read(&mut Cursor::new(movie(edits, duration))).unwrap().at(48_000);
        // 2 s in milliseconds; the media's own length is a few frames more exact.
        assert_eq!(found(&[2000, 1024, 0x1_0000], 97_030), Some(Edit { start: 1024, len: Some(96_006) }));
        assert_eq!(found(&[2000, 1024, 0x1_0000], 200_000), Some(Edit { start: 1024, len: Some(96_000) }));
        // An empty edit first.
        assert_eq!(found(&[5, u32::MAX, 0x1_0000, 2000, 1024, 0x1_0000], 97_024).unwrap().start, 1024);
        assert_eq!(found(&[], 97_024), None);
    }

    #[test]
    fn runs_whose_first_sample_would_be_looked_for_in_an_empty_list_are_damaged() {
        let found = |words: &[u32]| {
            let fragment = atom(b"moof", &atom(b"traf", &atom(b"trun", &numbers(words))));
            Edits::read(&mut Cursor::new([movie(&[], 9), fragment].concat())).unwrap().is_damaged
        };
        assert!(!found(&[0x301, 1, 0, 1024, 300]) && !found(&[0x5, 1, 0, 0x200_0000]) && !found(&[]));
        assert!(found(&[0x5, 1, 0, 4]) && found(&[0x4, 1, 0x200]) && found(&[0x105, 1, 0, 0x300, 1024]));
    }

    #[test]
    fn apples_tag_states_delay_and_length() {
        let text = b"....mean....com.apple.iTunes....name....iTunSMPB....data........ 00000000 00000840 0000037C \
            00000000000ACA44 00000000 00000000";
        assert_eq!(smpb(text), Some((0x840, 0xaca44)));
    }

    #[test]
    fn damaged_atoms_are_no_edit() {
        let whole = movie(&[2000, 1024, 0x1_0000], 97_024);
        for len in 0..whole.len() - 1 {
            let _ = Edits::read(&mut Cursor::new(&whole[..len])).unwrap().at(48_000);
        }
        let endless = b"\0\0\0\x01moov\xff\xff\xff\xff\xff\xff\xff\xff";
        assert_eq!(Edits::read(&mut Cursor::new(endless)).unwrap().at(48_000), None);
    }
}
