//! Encodings of tracks: which are decoded, and which are refused.

use std::collections::VecDeque;

use monitor_model::file_kind::FileKind;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions, well_known as codec};
use symphonia::core::errors::Error as Fault;
use symphonia::core::formats::{FormatReader, Track};
use symphonia::core::packet::Packet;

use crate::he_aac;
use crate::reader::Format;

/// Most frames of a packet: the largest of any format is 65,535 (FLAC). A damaged header could ask for gigabytes.
const MOST_FRAMES: u64 = 1 << 16;
/// Most channels that a decoder is asked for.
pub(crate) const MOST_CHANNELS: usize = 256;
/// Packets in a row without a sample after which a file counts as ended: it is damaged or made to be slow.
pub(crate) const MOST_EMPTY: u32 = 10_000;
/// Packets of AAC in which spectral band replication is looked for.
const EXAMINED: usize = 8;

/// The encoding of a track of sound.
pub(crate) fn parameters(track: &Track) -> Option<&AudioCodecParameters> {
    track.codec_params.as_ref().and_then(|parameters| parameters.audio())
}

/// A decoder. Delay and padding are removed here, for the decoders that do not.
pub(crate) fn decoder(parameters: &AudioCodecParameters) -> Result<Box<dyn AudioDecoder>, Fault> {
    let options = AudioDecoderOptions::default().gapless(false).verify(true);
    symphonia::default::get_codecs().make_audio_decoder(parameters, &options)
}

/// The first packets of a track. What ends them early shows again when it is read on.
pub(crate) fn first_packets(packets: &mut dyn FormatReader, track: u32) -> VecDeque<Packet> {
    let mut first = VecDeque::new();
    // Those of pictures between them are passed over.
    for _ in 0..MOST_EMPTY {
        match packets.next_packet() {
            Ok(Some(packet)) if packet.track_id == track => first.push_back(packet),
            Ok(Some(_)) => {}
            _ => break,
        }
        if first.len() == EXAMINED {
            break;
        }
    }
    first
}

/// Why HE-AAC is refused.
pub(crate) const HE_AAC: &str = "it is HE-AAC, of which only half of the spectrum would be decoded";

/// Rejects parameters for which a decoder would allocate without measure, or decode a part of the sound.
pub(crate) fn check(parameters: &AudioCodecParameters) -> Result<(), &'static str> {
    let frames = parameters.max_frames_per_packet.unwrap_or(0).max(parameters.frames_per_block.unwrap_or(0));
    let channels = parameters.channels.as_ref().map_or(0, |channels| channels.count());
    // The ALAC cookie states the frames of a packet in its first four bytes.
    let alac = match (parameters.codec, parameters.extra_data.as_deref()) {
        (codec::CODEC_ID_ALAC, Some(&[a, b, c, d, ..])) => u64::from(u32::from_be_bytes([a, b, c, d])),
        _ => 0,
    };
    let is_he_aac =
        parameters.codec == codec::CODEC_ID_AAC && parameters.extra_data.as_deref().is_some_and(he_aac::is_stated);
    match () {
        () if is_he_aac => Err(HE_AAC),
        () if frames.max(alac) > MOST_FRAMES => Err("its packets are longer than any encoder makes them"),
        () if channels > MOST_CHANNELS => Err("it has more than 256 channels"),
        () => Ok(()),
    }
}

/// Name and kind of the encoding.
pub(crate) fn named(kind: FileKind, parameters: &AudioCodecParameters) -> Format {
    let (name, lossy) = match parameters.codec {
        codec::CODEC_ID_FLAC => ("FLAC", false),
        codec::CODEC_ID_ALAC => ("ALAC", false),
        codec::CODEC_ID_MP3 => ("MP3", true),
        codec::CODEC_ID_AAC => ("AAC", true),
        codec::CODEC_ID_VORBIS => ("Vorbis", true),
        _ => match kind {
            FileKind::Wav => ("ADPCM in WAV", true),
            FileKind::Aiff => ("AIFF", false),
            FileKind::Caf => ("CAF", false),
            _ => ("PCM", false),
        },
    };
    Format { name, lossy }
}
