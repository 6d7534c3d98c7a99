//! Converts raw samples of any format and channel count to mono `f32`.
//!
//! The layout is that of sound devices and WAV files: little-endian, channels interleaved. Every bit pattern is a valid
//! input. Cost: one pass; the only state is a counter.

mod format;

pub use format::SampleFormat;

/// Conversion of a frame of several channels to one sample.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Channel {
    /// The mean of all channels.
    #[default]
    Average,
    /// One channel, counted from 0.
    Pick(u16),
}

/// Why a decoder cannot be created. Fatal: the configuration is wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// The number of channels is 0.
    #[error("the sound has 0 channels; a device or file must have at least 1")]
    NoChannels,
    /// The requested channel does not exist.
    #[error("channel {picked} is not there; choose one from 0 to {last}, or the average", last = .channels.saturating_sub(1))]
    NoSuchChannel {
        /// The requested channel, counted from 0.
        picked: u16,
        /// Number of channels.
        channels: u16,
    },
}

/// Decodes interleaved frames to mono samples.
#[derive(Clone, Debug)]
pub struct Decoder {
    format: SampleFormat,
    channels: u16,
    channel: Channel,
    replaced: u64,
}

impl Decoder {
    /// Creates a decoder for frames of `channels` samples in `format`.
    ///
    /// # Errors
    /// [`Error::NoChannels`]; [`Error::NoSuchChannel`] if `channel` picks one that does not exist.
    pub const fn new(format: SampleFormat, channels: u16, channel: Channel) -> Result<Self, Error> {
        match channel {
            _ if channels == 0 => Err(Error::NoChannels),
            Channel::Pick(picked) if picked >= channels => Err(Error::NoSuchChannel { picked, channels }),
            _ => Ok(Self { format, channels, channel, replaced: 0 }),
        }
    }

    /// Bytes of one frame: one sample of every channel.
    #[must_use]
    pub const fn frame_bytes(&self) -> usize {
        self.format.bytes_per_sample() * self.channels as usize
    }

    /// Number of samples replaced by 0 so far: NaN, infinite, or beyond [`SampleFormat::LOUDEST`]. Occurs only with
    /// [`SampleFormat::F32`]; only samples of the picked channel are counted.
    #[must_use]
    pub const fn replaced(&self) -> u64 {
        self.replaced
    }

    /// Decodes the whole frames in `bytes`, at most `out.len()`, and returns their number.
    ///
    /// Integer formats give values in `[-1, 1]`: -1 for the lowest integer; 1 only for the few highest values of S32, which
    /// round up to it. F32 is copied, also beyond full scale. Bytes of an incomplete frame are ignored; the caller passes
    /// them again with the rest of the frame.
    pub fn decode(&mut self, bytes: &[u8], out: &mut [f32]) -> usize {
        match self.format {
            SampleFormat::S16 => self.frames(bytes, out, format::s16),
            SampleFormat::S24 => self.frames(bytes, out, format::s24),
            SampleFormat::S24In32 => self.frames(bytes, out, format::s24_in_32),
            SampleFormat::S32 => self.frames(bytes, out, format::s32),
            SampleFormat::F32 => {
                let mut replaced = 0;
                let frames = self.frames(bytes, out, |sample| {
                    format::f32(sample).unwrap_or_else(|| {
                        replaced += 1;
                        0.0
                    })
                });
                self.replaced = self.replaced.saturating_add(replaced);
                frames
            }
        }
    }

    /// [`decode`](Self::decode) for samples of `N` bytes.
    fn frames<const N: usize>(&self, bytes: &[u8], out: &mut [f32], mut sample: impl FnMut([u8; N]) -> f32) -> usize {
        let samples = bytes.as_chunks::<N>().0;
        if self.channels == 1 {
            // The same values as below, in a form that the compiler vectorises.
            return samples.iter().zip(out).map(|(&one, out)| *out = sample(one)).count();
        }
        let frames = samples.chunks_exact(usize::from(self.channels)).zip(out);
        match self.channel {
            Channel::Pick(channel) => {
                let channel = usize::from(channel);
                frames.map(|(frame, out)| *out = sample(frame[channel])).count()
            }
            Channel::Average => {
                let count = f32::from(self.channels);
                frames.map(|(frame, out)| *out = frame.iter().fold(0.0, |sum, &one| sum + sample(one)) / count).count()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(format: SampleFormat, channels: u16, channel: Channel, bytes: &[u8]) -> Vec<f32> {
        let mut decoder = Decoder::new(format, channels, channel).unwrap();
        let mut out = vec![9.0; bytes.len()];
        let frames = decoder.decode(bytes, &mut out);
        out.truncate(frames);
        out
    }

    #[test]
    fn the_lowest_integer_of_every_format_is_minus_one() {
        for (format, bytes) in [
            (SampleFormat::S16, &[0, 0x80][..]),
            (SampleFormat::S24, &[0, 0, 0x80]),
            (SampleFormat::S24In32, &[0, 0, 0x80, 0]),
            (SampleFormat::S32, &[0, 0, 0, 0x80]),
        ] {
            assert_eq!(decode(format, 1, Channel::Average, bytes), [-1.0], "{format}");
        }
    }

    #[test]
    fn one_step_of_every_format_has_its_exact_size() {
        for (format, bytes, bits) in [
            (SampleFormat::S16, &[1, 0][..], 15),
            (SampleFormat::S24, &[1, 0, 0], 23),
            (SampleFormat::S24In32, &[1, 0, 0, 0], 23),
            (SampleFormat::S32, &[1, 0, 0, 0], 31),
        ] {
            assert_eq!(decode(format, 1, Channel::Average, bytes), [(0.5_f32).powi(bits)], "{format}");
        }
    }

    #[test]
    fn the_unused_byte_of_24_in_32_bits_does_not_matter() {
        assert_eq!(decode(SampleFormat::S24In32, 1, Channel::Average, &[0, 0, 0x40, 0xaa]), [0.5]);
    }

    #[test]
    fn a_channel_is_picked_or_all_are_averaged() {
        let bytes: Vec<u8> = [16_384_i16, 0, -16_384, 8192, 8192, 8192].iter().flat_map(|s| s.to_le_bytes()).collect();
        assert_eq!(decode(SampleFormat::S16, 3, Channel::Pick(2), &bytes), [-0.5, 0.25]);
        assert_eq!(decode(SampleFormat::S16, 3, Channel::Average, &bytes), [0.0, 0.25]);
    }

    #[test]
    fn invalid_floats_become_zero_and_are_counted() {
        let samples = [0.5, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -f32::MAX, 1.5];
        let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
        let mut decoder = Decoder::new(SampleFormat::F32, 1, Channel::Average).unwrap();
        let mut out = [9.0; 6];
        decoder.decode(&bytes, &mut out);
        assert_eq!((out, decoder.replaced()), ([0.5, 0.0, 0.0, 0.0, 0.0, 1.5], 4));
    }

    #[test]
    fn a_missing_channel_is_refused_and_the_existing_ones_are_named() {
        let error = Decoder::new(SampleFormat::S16, 2, Channel::Pick(2)).unwrap_err();
        assert_eq!(error.to_string(), "channel 2 is not there; choose one from 0 to 1, or the average");
        assert_eq!(Decoder::new(SampleFormat::S16, 0, Channel::Average).unwrap_err(), Error::NoChannels);
    }

    proptest! {
        #[test]
        fn any_bytes_give_whole_frames_of_finite_samples_within_the_output_length(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            format in prop::sample::select(SampleFormat::ALL.to_vec()),
            channels in 1_u16..9,
            picked in prop::option::of(0_u16..9),
            room in 0_usize..40,
        ) {
            let channel = picked.map_or(Channel::Average, |picked| Channel::Pick(picked % channels));
            let mut decoder = Decoder::new(format, channels, channel).unwrap();
            let mut out = vec![f32::NAN; room];
            let frames = decoder.decode(&bytes, &mut out);
            prop_assert_eq!(frames, (bytes.len() / decoder.frame_bytes()).min(room));
            prop_assert!(out[..frames].iter().all(|sample| sample.abs() <= SampleFormat::LOUDEST));
        }
    }
}
