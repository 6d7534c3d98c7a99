//! Where inference gets its sound: the ring that capture (or the player) fills, or straight from a file.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use monitor_core::pcm::{Channel, Decoder};

use super::FileSound;
use crate::capture::ring::Writer;
use crate::capture::{CaptureStatus, Reader, StreamSpec};
use crate::outputs::warn;

/// What comes next.
#[derive(Debug, PartialEq)]
pub enum Piece<'a> {
    /// Sound without a break in it, in mono.
    Samples {
        /// Samples per second.
        rate: u32,
        /// Frames that are missing before it.
        lost_before: u64,
        /// The samples, full scale 1.
        samples: &'a [f32],
        /// How many of them were no numbers, and are 0 now.
        no_numbers: u32,
        /// How much more sound waits behind it.
        behind: Duration,
    },
    /// Nothing within the time.
    Nothing,
    /// Nothing ever again.
    End,
    /// Nothing ever again, and that is not as it should be.
    Failed(String),
}

/// A source of sound.
pub struct Sound {
    source: Source,
    samples: Vec<f32>,
    len: usize,
    rate: u32,
    lost_before: u64,
    no_numbers: u32,
    behind: Duration,
    /// The piece that was last given out is to be given out again.
    again: bool,
}

enum Source {
    Ring {
        reader: Reader,
        status: Arc<CaptureStatus>,
        ended: Arc<AtomicBool>,
        channel: Channel,
        decoder: Option<(StreamSpec, Decoder)>,
        /// Whoever else wants the blocks.
        tap: Option<Writer>,
    },
    File {
        file: FileSound,
        status: Arc<CaptureStatus>,
    },
}

impl Sound {
    /// From the ring; `ended` says that no more will be put into it.
    pub fn ring(reader: Reader, status: Arc<CaptureStatus>, ended: Arc<AtomicBool>, channel: Channel) -> Self {
        Self::new(Source::Ring { reader, status, ended, channel, decoder: None, tap: None })
    }

    /// The same, with every block that comes from the ring handed on into another, if it has room there.
    #[must_use]
    pub fn with_tap(mut self, writer: Writer) -> Self {
        if let Source::Ring { tap, .. } = &mut self.source {
            *tap = Some(writer);
        }
        self
    }

    /// Whether it comes at its own pace, from a device or the player.
    pub fn is_live(&self) -> bool {
        matches!(self.source, Source::Ring { .. })
    }

    /// From a file as fast as it can be read; frames are counted in `status`.
    pub fn file(file: FileSound, status: Arc<CaptureStatus>) -> Self {
        Self::new(Source::File { file, status })
    }

    fn new(source: Source) -> Self {
        Self {
            source,
            samples: Vec::new(),
            len: 0,
            rate: 0,
            lost_before: 0,
            no_numbers: 0,
            behind: Duration::ZERO,
            again: false,
        }
    }

    /// The next piece of at most about 10 ms from a file, a block from the ring; waits at most `timeout`.
    pub fn next(&mut self, timeout: Duration) -> Piece<'_> {
        if !std::mem::take(&mut self.again) {
            let fetched = match &mut self.source {
                Source::Ring { .. } => self.fetch_block(timeout),
                Source::File { .. } => self.fetch_piece(),
            };
            if let Some(other) = fetched {
                return other;
            }
        }
        Piece::Samples {
            rate: self.rate,
            lost_before: self.lost_before,
            samples: &self.samples[..self.len],
            no_numbers: self.no_numbers,
            behind: self.behind,
        }
    }

    /// Has [`next`](Self::next) give out the last piece once more: it was looked at, not used.
    pub fn unread(&mut self) {
        self.again = true;
    }

    /// Fetches a block; `None` when there is one.
    fn fetch_block(&mut self, timeout: Duration) -> Option<Piece<'static>> {
        let Source::Ring { reader, status, ended, channel, decoder, tap } = &mut self.source else {
            return Some(Piece::End);
        };
        // Asked before looking: what was put in before the end is still found.
        let over = ended.load(Relaxed);
        if !reader.wait(if over { Duration::ZERO } else { timeout }) {
            return Some(if over { Piece::End } else { Piece::Nothing });
        }
        let Some(block) = reader.read() else { return Some(Piece::Nothing) };
        if let Some(tap) = tap {
            tap.stage(block.bytes);
            tap.commit(
                block.spec,
                block.first_frame,
                block.recorded,
                (block.bytes.len() / block.spec.frame_bytes().max(1)) as u32,
            );
        }
        if decoder.as_ref().is_none_or(|(spec, _)| *spec != block.spec) {
            let made = Decoder::new(block.spec.format, block.spec.channels, *channel).or_else(|error| {
                warn(format!("capture.channel: {error}; listening to the average of all"));
                Decoder::new(block.spec.format, block.spec.channels, Channel::Average)
            });
            *decoder = made.ok().map(|made| (block.spec, made));
        }
        let Some((spec, decoder)) = decoder else { return Some(Piece::Nothing) };
        let frames = block.bytes.len() / spec.frame_bytes().max(1);
        if self.samples.len() < frames {
            // Room for the longest block there can be, so that this happens once.
            let most = crate::capture::ring::MAX_BLOCK_BYTES / spec.frame_bytes().max(1);
            self.samples.resize(most.max(frames), 0.0);
        }
        let before = decoder.replaced();
        self.len = decoder.decode(block.bytes, &mut self.samples);
        self.no_numbers = u32::try_from(decoder.replaced().saturating_sub(before)).unwrap_or(u32::MAX);
        self.rate = spec.rate;
        self.lost_before = block.lost_before;
        let end = block.first_frame + frames as u64;
        self.behind = spec.duration(status.end.load(Relaxed).saturating_sub(end));
        None
    }

    fn fetch_piece(&mut self) -> Option<Piece<'static>> {
        let Source::File { file, status } = &mut self.source else { return Some(Piece::End) };
        let before = file.replaced();
        let read = file.rate().and_then(|rate| {
            self.rate = rate;
            self.samples.resize((rate / 100).max(1) as usize, 0.0);
            file.read(&mut self.samples)
        });
        match read {
            Ok(0) => return Some(Piece::End),
            Ok(len) => self.len = len,
            Err(error) => return Some(Piece::Failed(format!("{error:#}"))),
        }
        self.no_numbers = u32::try_from(file.replaced().saturating_sub(before)).unwrap_or(u32::MAX);
        status.counters.frames.fetch_add(self.len as u64, Relaxed);
        None
    }
}

#[cfg(test)]
mod tests {
    use monitor_core::pcm::SampleFormat;

    use super::*;
    use crate::capture::ring::ring;

    const SPEC: StreamSpec =
        StreamSpec { format: SampleFormat::F32, channels: 1, rate: 8000, period_frames: 4, buffer_frames: 8 };

    #[test]
    fn a_piece_says_how_many_of_its_own_samples_were_no_numbers_however_often_it_is_given_out() {
        let status = Arc::new(CaptureStatus::default());
        let (mut writer, reader) = ring(0, Duration::from_secs(1), Arc::clone(&status));
        let nan = f32::NAN;
        for (place, samples) in [[nan, 0.5, nan, 0.5], [0.5; 4], [0.5, 0.5, nan, 0.5]].iter().enumerate() {
            let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
            writer.stage(&bytes);
            writer.commit(SPEC, place as u64 * 4, Duration::ZERO, 4);
        }
        let mut sound = Sound::ring(reader, status, Arc::default(), Channel::Average);
        let mut seen = Vec::new();
        for again in [false, true, false, false, true] {
            if again {
                sound.unread();
            }
            let Piece::Samples { no_numbers, .. } = sound.next(Duration::ZERO) else { panic!("no piece") };
            seen.push(no_numbers);
        }
        // A reload, or another rate, has the same piece looked at twice: nothing of the ones before is counted with it.
        assert_eq!(seen, [2, 2, 0, 1, 1]);
    }
}
