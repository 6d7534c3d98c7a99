//! From a block's bytes to mono samples, whatever the device gives at the moment.

use monitor_core::pcm::{Channel, Decoder, Error};

use super::config::ChannelChoice;
use super::pcm::StreamSpec;
use super::ring::{Block, MAX_BLOCK_BYTES};

impl From<ChannelChoice> for Channel {
    fn from(choice: ChannelChoice) -> Self {
        match choice {
            ChannelChoice::Average => Self::Average,
            ChannelChoice::Pick(channel) => Self::Pick(channel),
        }
    }
}

/// Decodes block after block, and notices when a reopened device gives another format. Allocates only when it is made.
#[derive(Debug)]
pub struct Mono {
    channel: Channel,
    decoder: Option<(StreamSpec, Decoder)>,
    samples: Vec<f32>,
}

impl Mono {
    /// A decoder to one channel, or the mean of all.
    #[must_use]
    pub fn new(channel: impl Into<Channel>) -> Self {
        // No format has samples of fewer than 2 bytes.
        Self { channel: channel.into(), decoder: None, samples: vec![0.0; MAX_BLOCK_BYTES / 2] }
    }

    /// Listens to `channel` from now on.
    pub fn choose(&mut self, channel: Channel) {
        if self.channel != channel {
            (self.channel, self.decoder) = (channel, None);
        }
    }

    /// The block's sound, one sample a frame.
    ///
    /// # Errors
    /// If the device does not have the channel; fatal until the configuration or the device is changed.
    pub fn decode(&mut self, block: &Block<'_>) -> Result<&[f32], Error> {
        let decoder = match &mut self.decoder {
            Some((spec, decoder)) if *spec == block.spec => decoder,
            other => {
                let decoder = Decoder::new(block.spec.format, block.spec.channels, self.channel)?;
                &mut other.insert((block.spec, decoder)).1
            }
        };
        let frames = decoder.decode(block.bytes, &mut self.samples);
        Ok(&self.samples[..frames])
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use monitor_core::pcm::SampleFormat;

    use super::*;

    fn block(format: SampleFormat, channels: u16, bytes: &[u8]) -> Block<'_> {
        let spec = StreamSpec { format, channels, rate: 48_000, period_frames: 480, buffer_frames: 9600 };
        Block { spec, first_frame: 0, lost_before: 0, recorded: Duration::ZERO, bytes }
    }

    #[test]
    fn a_device_that_comes_back_with_another_format_is_decoded_by_it() {
        let mut mono = Mono::new(ChannelChoice::Average);
        assert_eq!(mono.decode(&block(SampleFormat::S16, 2, &[0, 0x40, 0, 0])).unwrap(), [0.25]);
        assert_eq!(mono.decode(&block(SampleFormat::S32, 1, &[0, 0, 0, 0x40])).unwrap(), [0.5]);
    }

    #[test]
    fn a_channel_the_device_does_not_have_is_an_error() {
        let mut mono = Mono::new(ChannelChoice::Pick(1));
        assert!(mono.decode(&block(SampleFormat::S16, 1, &[0, 0])).is_err());
    }
}
