//! Decodes formats other than plain samples with `symphonia`.

use std::collections::VecDeque;

use monitor_core::pcm::{self, Channel, SampleFormat};
use monitor_model::file_kind::FileKind;
use monitor_model::wav::RATES_HZ;
use symphonia::core::codecs::audio::{AudioDecoder, well_known as codec};
use symphonia::core::common::Limit;
use symphonia::core::errors::Error as Fault;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;

use crate::encoding::{HE_AAC, MOST_CHANNELS, MOST_EMPTY, check, decoder, first_packets, named, parameters};
use crate::reader::Format;
use crate::source::Source;
use crate::{Error, Remark, caf, he_aac, mp4};

/// A compressed recording.
pub(crate) struct Compressed {
    packets: Box<dyn FormatReader>,
    /// Packets that have been read to examine them.
    examined: VecDeque<Packet>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    /// Number of tracks of sound.
    tracks: usize,
    rate_hz: u32,
    channels: u16,
    frames: Option<u64>,
    /// Frames that the file states, where `frames` has been counted and that says more: of MP3 in the header of its encoder.
    declared: Option<u64>,
    /// Frames before the sound, still to be dropped.
    drop: u64,
    /// Frames of sound to come at most.
    left: u64,
    /// Decoded, interleaved; those from `at` on are still to be returned.
    decoded: Vec<f32>,
    at: usize,
    ended: bool,
    returned: u64,
    replaced: u64,
    damaged: u64,
    stopped: Option<String>,
    /// Whether all of the sound agrees with the checksum in the file, where there is one.
    checked: Option<bool>,
}

impl Compressed {
    /// Opens a recording whose first bytes are those of `kind`.
    pub(crate) fn new(mut source: Source, kind: FileKind, channel: Channel) -> Result<(Self, Format), Error> {
        let fault = |fault: Fault| Error::Undecodable { kind, reason: fault.to_string() };
        let missing = |what: &str| Error::Undecodable { kind, reason: what.into() };
        let edits = if kind == FileKind::Mp4 { Some(mp4::Edits::read(&mut source)?) } else { None };
        if edits.as_ref().is_some_and(|edits| !edits.has_index) {
            return Err(Error::Unfinished(kind));
        }
        if edits.as_ref().is_some_and(|edits| edits.is_damaged) {
            return Err(missing("the flags of its fragments contradict each other"));
        }
        if kind == FileKind::Caf && !caf::is_sound(&mut source)? {
            return Err(missing("the sizes in its header contradict each other"));
        }
        std::io::Seek::rewind(&mut source)?;
        let stream = MediaSourceStream::new(Box::new(source), MediaSourceStreamOptions::default());
        let tags = MetadataOptions::default().limit_tag_bytes(Limit::Maximum(1 << 16)).limit_visual_bytes(Limit::None);
        let probe = symphonia::default::get_probe();
        let mut packets = probe.probe(&Hint::new(), stream, FormatOptions::default(), tags).map_err(fault)?;
        let tracks = packets.tracks().iter().filter(|track| parameters(track).is_some()).count();
        let track = packets.default_track(TrackType::Audio).ok_or_else(|| missing("it has no sound"))?;
        let parameters = parameters(track).ok_or_else(|| missing("its encoding is unknown"))?;
        check(parameters).map_err(missing)?;
        let decoder = decoder(parameters).map_err(fault)?;
        let format = named(kind, parameters);
        let is_aac = parameters.codec == codec::CODEC_ID_AAC;
        let (id, frames) = (track.id, track.num_frames);
        let examined = if is_aac { first_packets(&mut *packets, id) } else { VecDeque::new() };
        let replicated = examined.iter().filter(|packet| he_aac::ends_a_block(&packet.data)).count();
        if replicated > examined.len() / 2 {
            return Err(missing(HE_AAC));
        }
        let mut reader = Self {
            packets,
            examined,
            decoder,
            track: id,
            tracks,
            rate_hz: 0,
            channels: 0,
            frames,
            declared: None,
            drop: 0,
            left: u64::MAX,
            decoded: Vec::new(),
            at: 0,
            ended: false,
            returned: 0,
            replaced: 0,
            damaged: 0,
            stopped: None,
            checked: None,
        };
        // The first packet with sound states rate and channels for certain.
        reader.next_block()?;
        if reader.decoded.is_empty() {
            return Err(missing(reader.stopped.as_deref().unwrap_or("it holds no sound")));
        }
        if !RATES_HZ.contains(&reader.rate_hz) {
            return Err(Error::Rate(reader.rate_hz));
        }
        if let Channel::Pick(picked) = channel
            && picked >= reader.channels
        {
            return Err(pcm::Error::NoSuchChannel { picked, channels: reader.channels }.into());
        }
        if let Some(edit) = edits.and_then(|edits| edits.at(reader.rate_hz)) {
            reader.apply(edit);
        }
        Ok((reader, format))
    }

    /// Applies an edit to the sound from its start.
    fn apply(&mut self, edit: mp4::Edit) {
        (self.drop, self.left) = (edit.start, edit.len.unwrap_or(u64::MAX));
        self.frames = edit.len.or_else(|| self.frames.map(|frames| frames.saturating_sub(edit.start)));
        self.trim();
    }

    pub(crate) fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    pub(crate) fn channels(&self) -> u16 {
        self.channels
    }

    pub(crate) fn frames(&self) -> Option<u64> {
        self.frames
    }

    pub(crate) fn set_frames(&mut self, frames: u64) {
        self.frames = Some(frames);
    }

    /// Keeps the present number of frames as what the file states, to be compared with what it has.
    pub(crate) fn keep_declared(&mut self) {
        self.declared = self.frames;
    }

    /// Frames returned or skipped so far.
    pub(crate) fn returned(&self) -> u64 {
        self.returned
    }

    pub(crate) fn replaced(&self) -> u64 {
        self.replaced
    }

    pub(crate) fn remarks(&self) -> Vec<Remark> {
        let mut remarks = Vec::new();
        let seconds = |frames: u64| frames as f64 / f64::from(self.rate_hz.max(1));
        if self.tracks > 1 {
            let text = format!(
                "it has {} tracks of sound, of which the first is read; to use another, such as the second, `ffmpeg -i IN -map \
                 0:a:1 OUT.wav`",
                self.tracks
            );
            remarks.push(Remark::new("several tracks of sound", text));
        }
        if self.checked == Some(false) {
            let text = "the sound differs from its checksum in the file (MD5): the file is damaged, or a program has edited it; \
                        copy it again";
            remarks.push(Remark::new("wrong checksum", text));
        }
        if self.damaged > 0 {
            let text = format!("{} damaged packets were passed over; copy or record it again", self.damaged);
            remarks.push(Remark::new("damaged", text));
        }
        if let Some(stopped) = &self.stopped {
            let text = format!(
                "the file ends or is damaged after {:.2} s ({stopped}); read up to there; copy or record it again",
                seconds(self.returned)
            );
            remarks.push(Remark::new("truncated", text));
        } else if let (true, Some(frames)) = (self.ended, self.declared.or(self.frames))
            && seconds(frames.saturating_sub(self.returned)) > 0.1
        {
            let text = format!(
                "the file declares {:.2} s, but ends after {:.2} s; copy it again if it was copied",
                seconds(frames),
                seconds(self.returned)
            );
            remarks.push(Remark::new("truncated", text));
        }
        remarks
    }

    /// Fills `out` with interleaved samples and returns the number of frames; less than fit only at the end.
    pub(crate) fn read(&mut self, out: &mut [f32]) -> Result<usize, Error> {
        let count = usize::from(self.channels);
        let wanted = out.len() / count * count;
        let mut done = 0;
        while done < wanted {
            if self.at >= self.decoded.len() {
                if self.ended {
                    break;
                }
                self.next_block()?;
                continue;
            }
            let len = (self.decoded.len() - self.at).min(wanted - done);
            out[done..done + len].copy_from_slice(&self.decoded[self.at..self.at + len]);
            (self.at, done) = (self.at + len, done + len);
        }
        self.returned += (done / count) as u64;
        Ok(done / count)
    }

    /// Decodes and drops `frames` frames.
    pub(crate) fn skip(&mut self, frames: u64) -> Result<(), Error> {
        let count = u64::from(self.channels);
        let mut samples = frames.saturating_mul(count);
        while samples > 0 && !(self.ended && self.at >= self.decoded.len()) {
            if self.at >= self.decoded.len() {
                self.next_block()?;
            }
            let len = samples.min((self.decoded.len() - self.at) as u64);
            (self.at, samples) = (self.at + len as usize, samples - len);
            self.returned += len / count;
        }
        Ok(())
    }

    /// Decodes packets until there is sound or the file ends.
    fn next_block(&mut self) -> Result<(), Error> {
        self.decoded.clear();
        self.at = 0;
        let mut empty = 0;
        while self.decoded.is_empty() && !self.ended {
            empty += 1;
            if self.left == 0 || empty > MOST_EMPTY {
                self.ended = true;
                break;
            }
            let next = self.examined.pop_front().map_or_else(|| self.packets.next_packet(), |packet| Ok(Some(packet)));
            match next {
                Ok(Some(packet)) if packet.track_id == self.track => {
                    let trim = (packet.trim_start.get(), packet.trim_end.get());
                    self.decode(&packet, trim)?;
                }
                Ok(Some(_)) => {}
                Ok(None) => self.end(),
                Err(Fault::IoError(error)) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
                    return Err(error.into());
                }
                Err(Fault::ResetRequired) => self.next_stream(),
                Err(fault) => self.stop(fault.to_string()),
            }
        }
        Ok(())
    }

    /// Ends after the last packet.
    fn end(&mut self) {
        (self.ended, self.checked) = (true, self.decoder.finalize().verify_ok);
    }

    /// Goes on with the stream that follows in a chain of them.
    fn next_stream(&mut self) {
        let Some(track) = self.packets.default_track(TrackType::Audio) else {
            return self.stop("a stream without sound follows".into());
        };
        self.track = track.id;
        match parameters(track).filter(|parameters| check(parameters).is_ok()).map(decoder) {
            Some(Ok(decoder)) => self.decoder = decoder,
            _ => self.stop("a stream follows that cannot be decoded".into()),
        }
    }

    fn stop(&mut self, why: String) {
        (self.ended, self.stopped) = (true, Some(why));
    }

    /// Decodes a packet, of which `trim` frames at its start and end are no sound.
    fn decode(&mut self, packet: &Packet, trim: (u64, u64)) -> Result<(), Error> {
        let buffer = match self.decoder.decode(packet) {
            Ok(buffer) => buffer,
            Err(Fault::IoError(_) | Fault::DecodeError(_)) => {
                self.damaged += 1;
                return Ok(());
            }
            Err(fault) => {
                self.stop(fault.to_string());
                return Ok(());
            }
        };
        let (rate_hz, channels) = (buffer.spec().rate(), buffer.spec().channels().count());
        let frames = buffer.frames() as u64;
        if channels == 0 || channels > MOST_CHANNELS || frames == 0 {
            return Ok(());
        }
        if self.channels == 0 {
            (self.rate_hz, self.channels) = (rate_hz, channels as u16);
        } else if (rate_hz, channels) != (self.rate_hz, usize::from(self.channels)) {
            self.stop(format!("it changes to {rate_hz} Hz and {channels} channels"));
            return Ok(());
        }
        buffer.copy_to_vec_interleaved(&mut self.decoded);
        let (start, end) = (trim.0.min(frames) as usize, frames.saturating_sub(trim.1) as usize);
        self.decoded.truncate(end * channels);
        self.decoded.drain(..(start * channels).min(self.decoded.len()));
        for sample in &mut self.decoded {
            if sample.is_nan() || sample.abs() > SampleFormat::LOUDEST {
                *sample = 0.0;
                self.replaced += 1;
            }
        }
        self.trim();
        Ok(())
    }

    /// Drops what the edit excludes from the decoded block.
    fn trim(&mut self) {
        let count = usize::from(self.channels);
        let frames = (self.decoded.len() / count) as u64;
        let drop = self.drop.min(frames);
        self.drop -= drop;
        self.decoded.drain(..drop as usize * count);
        let kept = self.left.min(frames - drop);
        self.decoded.truncate(kept as usize * count);
        if self.left != u64::MAX {
            self.left -= kept;
        }
    }
}
