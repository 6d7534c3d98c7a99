//! Decodes formats other than plain WAV with `symphonia`.

use monitor_core::pcm::{self, Channel, SampleFormat};
use monitor_model::content::Content;
use monitor_model::wav::RATES_HZ;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions, well_known as codec};
use symphonia::core::common::Limit;
use symphonia::core::errors::Error as Fault;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;

use crate::mp4;
use crate::reader::Format;
use crate::source::Source;
use crate::{Error, Remark};

/// Most frames of a packet: the largest of any format is 65,535 (FLAC). A damaged header could ask for gigabytes.
const MOST_FRAMES: u64 = 1 << 16;
/// Most channels that a decoder is asked for.
const MOST_CHANNELS: usize = 256;
/// Packets in a row without a sample after which a file counts as ended: it is damaged or made to be slow.
const MOST_EMPTY: u32 = 10_000;

/// A compressed recording.
pub(crate) struct Compressed {
    packets: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    rate_hz: u32,
    channels: u16,
    frames: Option<u64>,
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
}

impl Compressed {
    /// Opens a recording whose first bytes are those of `content`.
    pub(crate) fn new(mut source: Source, content: Content, channel: Channel) -> Result<(Self, Format), Error> {
        let fault = |fault: Fault| Error::Undecodable { content, reason: fault.to_string() };
        let missing = |what: &str| Error::Undecodable { content, reason: what.into() };
        let edits = if content == Content::Mp4 { Some(mp4::Edits::read(&mut source)?) } else { None };
        std::io::Seek::rewind(&mut source)?;
        let stream = MediaSourceStream::new(Box::new(source), MediaSourceStreamOptions::default());
        let tags = MetadataOptions::default().limit_tag_bytes(Limit::Maximum(1 << 16)).limit_visual_bytes(Limit::None);
        let probe = symphonia::default::get_probe();
        let packets = probe.probe(&Hint::new(), stream, FormatOptions::default(), tags).map_err(fault)?;
        let track = packets.default_track(TrackType::Audio).ok_or_else(|| missing("it has no sound"))?;
        let parameters = track.codec_params.as_ref().and_then(|parameters| parameters.audio());
        let parameters = parameters.ok_or_else(|| missing("its encoding is unknown"))?;
        check(parameters).map_err(missing)?;
        // Delay and padding are removed here, for the decoders that do not.
        let options = AudioDecoderOptions::default().gapless(false);
        let decoder = symphonia::default::get_codecs().make_audio_decoder(parameters, &options).map_err(fault)?;
        let format = named(content, parameters);
        let (id, frames) = (track.id, track.num_frames);
        let mut reader = Self {
            packets,
            decoder,
            track: id,
            rate_hz: 0,
            channels: 0,
            frames,
            drop: 0,
            left: u64::MAX,
            decoded: Vec::new(),
            at: 0,
            ended: false,
            returned: 0,
            replaced: 0,
            damaged: 0,
            stopped: None,
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
        } else if let (true, Some(frames)) = (self.ended, self.frames)
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
            match self.packets.next_packet() {
                Ok(Some(packet)) if packet.track_id == self.track => {
                    let trim = (packet.trim_start.get(), packet.trim_end.get());
                    self.decode(&packet, trim)?;
                }
                Ok(Some(_)) => {}
                Ok(None) => self.ended = true,
                Err(Fault::IoError(error)) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
                    return Err(error.into());
                }
                Err(Fault::ResetRequired) => self.stop("another stream follows".into()),
                Err(fault) => self.stop(fault.to_string()),
            }
        }
        Ok(())
    }

    fn stop(&mut self, why: String) {
        (self.ended, self.stopped) = (true, Some(why));
    }

    /// Decodes a packet, of which `trim` frames at its start and end are no sound.
    fn decode(&mut self, packet: &symphonia::core::packet::Packet, trim: (u64, u64)) -> Result<(), Error> {
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

/// Rejects parameters for which a decoder would allocate without measure.
fn check(parameters: &AudioCodecParameters) -> Result<(), &'static str> {
    let frames = parameters.max_frames_per_packet.unwrap_or(0).max(parameters.frames_per_block.unwrap_or(0));
    let channels = parameters.channels.as_ref().map_or(0, |channels| channels.count());
    // The ALAC cookie states the frames of a packet in its first four bytes.
    let alac = match (parameters.codec, parameters.extra_data.as_deref()) {
        (codec::CODEC_ID_ALAC, Some(&[a, b, c, d, ..])) => u64::from(u32::from_be_bytes([a, b, c, d])),
        _ => 0,
    };
    match () {
        () if frames.max(alac) > MOST_FRAMES => Err("its packets are longer than any encoder makes them"),
        () if channels > MOST_CHANNELS => Err("it has more than 256 channels"),
        () => Ok(()),
    }
}

/// Name and kind of the encoding.
fn named(content: Content, parameters: &AudioCodecParameters) -> Format {
    let (name, lossy) = match parameters.codec {
        codec::CODEC_ID_FLAC => ("FLAC", false),
        codec::CODEC_ID_ALAC => ("ALAC", false),
        codec::CODEC_ID_MP3 => ("MP3", true),
        codec::CODEC_ID_AAC => ("AAC", true),
        codec::CODEC_ID_VORBIS => ("Vorbis", true),
        _ => match content {
            Content::Wav => ("ADPCM in WAV", true),
            Content::Aiff => ("AIFF", false),
            Content::Caf => ("CAF", false),
            _ => ("PCM", false),
        },
    };
    Format { name, lossy }
}
