//! Where inference gets its sound: the ring that capture fills, a player, or straight from a file.

mod file;
mod file_source;
mod open;
mod played_source;
mod player;
mod ring_source;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use monitor_core::pcm::Channel;

pub use file::AudioFile;
use file_source::FileSource;
pub(crate) use open::{Input, Producer, open};
use played_source::PlayedSource;
use ring_source::RingSource;

use crate::capture::wav_writer::WavFormat;
use crate::capture::{CaptureStatus, Reader};
use crate::reporting::audio_tee::{BlockInfo, TeeWriter};

/// What comes next.
#[derive(Debug, PartialEq)]
pub enum AudioBlock<'a> {
    /// Sound without a break in it, in mono.
    Samples {
        /// Samples per second.
        rate: u32,
        /// Frames that are missing before it.
        lost_before: u64,
        /// The samples, full scale 1.
        samples: &'a [f32],
        /// How many of them were not finite, and are 0 now.
        non_finite: u32,
        /// How much more sound waits behind it.
        behind: Duration,
    },
    /// Nothing within the time.
    Nothing,
    /// The sound has ended.
    End,
    /// The sound has ended too early, and why.
    Failed(String),
}

/// A source of sound.
pub struct AudioInput {
    source: Source,
    current: Current,
    /// The current block is to be given out again.
    again: bool,
    /// Gets every block of a live source.
    tees: Vec<TeeWriter>,
}

enum Source {
    Ring(RingSource),
    Played(PlayedSource),
    File(FileSource),
}

/// The block that was fetched last.
#[derive(Debug)]
struct Current {
    /// Room for the longest block; the block is its first `len` samples.
    samples: Vec<f32>,
    len: usize,
    info: BlockInfo,
    behind: Duration,
}

impl Current {
    fn samples(&self) -> &[f32] {
        &self.samples[..self.len]
    }

    fn block(&self) -> AudioBlock<'_> {
        let BlockInfo { rate_hz: rate, lost_before, non_finite, .. } = self.info;
        AudioBlock::Samples { rate, lost_before, samples: self.samples(), non_finite, behind: self.behind }
    }
}

impl AudioInput {
    /// From the ring; `ended` is set when no more is put into it.
    pub fn ring(reader: Reader, status: Arc<CaptureStatus>, ended: Arc<AtomicBool>, channel: Channel) -> Self {
        Self::new(Source::Ring(RingSource::new(reader, status, ended, channel)))
    }

    /// From a file as fast as it can be read; frames are counted in `status`.
    pub fn file(file: AudioFile, status: Arc<CaptureStatus>) -> Self {
        Self::new(Source::File(FileSource::new(file, status)))
    }

    /// From a player; see [`PlayedSource`].
    fn played(source: PlayedSource) -> Self {
        Self::new(Source::Played(source))
    }

    fn new(source: Source) -> Self {
        let info = BlockInfo { rate_hz: 0, lost_before: 0, non_finite: 0, format: WavFormat::F32 };
        let current = Current { samples: Vec::new(), len: 0, info, behind: Duration::ZERO };
        Self { source, current, again: false, tees: Vec::new() }
    }

    /// The same; every block is passed on to `tee` as well, if that has room.
    #[must_use]
    pub fn with_tee(mut self, tee: TeeWriter) -> Self {
        self.tees.push(tee);
        self
    }

    /// Whether it comes at its own pace, from a device or the player.
    pub(crate) fn is_live(&self) -> bool {
        !matches!(self.source, Source::File(_))
    }

    /// The next block: at most about 10 ms from a file or a player, a block of capture from the ring; waits at most `timeout`.
    pub fn next(&mut self, timeout: Duration) -> AudioBlock<'_> {
        if !std::mem::take(&mut self.again) {
            let fetched = match &mut self.source {
                Source::Ring(source) => source.fetch(&mut self.current, timeout),
                Source::Played(source) => source.fetch(&mut self.current, timeout),
                Source::File(source) => source.fetch(&mut self.current),
            };
            if let Err(other) = fetched {
                return other;
            }
            for tee in &mut self.tees {
                tee.push(self.current.info, self.current.samples());
            }
        }
        self.current.block()
    }

    /// Has [`next`](Self::next) return the last block once more.
    pub(crate) fn unread(&mut self) {
        self.again = true;
    }
}

#[cfg(test)]
mod tests {
    use monitor_core::pcm::SampleFormat;

    use super::*;
    use crate::capture::StreamSpec;
    use crate::capture::ring::ring;

    const SPEC: StreamSpec =
        StreamSpec { format: SampleFormat::F32, channels: 1, rate: 8000, period_frames: 4, buffer_frames: 8 };

    #[test]
    fn a_block_has_the_count_of_its_own_non_finite_samples_however_often_it_is_given_out() {
        let status = Arc::new(CaptureStatus::default());
        let (mut writer, reader) = ring(0, Duration::from_secs(1), Arc::clone(&status));
        let nan = f32::NAN;
        for (place, samples) in [[nan, 0.5, nan, 0.5], [0.5; 4], [0.5, 0.5, nan, 0.5]].iter().enumerate() {
            let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
            writer.stage(&bytes);
            writer.commit(SPEC, place as u64 * 4, Duration::ZERO, 4);
        }
        let mut input = AudioInput::ring(reader, status, Arc::default(), Channel::Average);
        let mut seen = Vec::new();
        for again in [false, true, false, false, true] {
            if again {
                input.unread();
            }
            let AudioBlock::Samples { non_finite, .. } = input.next(Duration::ZERO) else { panic!("no block") };
            seen.push(non_finite);
        }
        // A reload, or another rate, reads the same block twice: the blocks before are not counted with it.
        assert_eq!(seen, [2, 2, 0, 1, 1]);
    }
}
