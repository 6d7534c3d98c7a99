//! Decoded sound on its way to another thread: from inference to the clips sink, and from a player to inference. A lock-free
//! ring.
//!
//! Passing on allocates nothing and never waits. A block that finds the ring full is dropped, and counted in front of the
//! next one. Each sample is decoded once: inference and clips use the same floats.

use std::sync::{Arc, Mutex, PoisonError};

use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

use crate::capture::wav_writer::WavFormat;

/// Most samples of a block.
pub(crate) const MAX_BLOCK: usize = crate::capture::ring::MAX_BLOCK_BYTES / 2;

/// Blocks that may wait: with periods of 10 ms ten seconds of them.
const MAX_BLOCKS: usize = crate::capture::ring::MAX_BLOCKS;

/// What precedes the samples of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockInfo {
    /// Samples per second.
    pub rate_hz: u32,
    /// Frames missing between the block before and this one.
    pub lost_before: u64,
    /// How many of the samples were not finite, and are 0 now.
    pub non_finite: u32,
    /// The smaller WAV format that holds every sample of the device exactly.
    pub format: WavFormat,
}

/// A ring for `samples` samples. All its memory is touched once, so that inference meets no page fault.
pub fn tee(samples: usize) -> (TeeWriter, TeeReader) {
    let (mut samples_in, mut samples_out) = HeapRb::new(samples.max(2 * MAX_BLOCK)).split();
    samples_in.push_iter(core::iter::repeat(0.0));
    samples_out.clear();
    let (blocks_in, blocks_out) = HeapRb::new(MAX_BLOCKS).split();
    let writer = TeeWriter { samples: samples_in, blocks: blocks_in, dropped: 0 };
    (writer, TeeReader { samples: samples_out, blocks: blocks_out, buffer: vec![0.0; MAX_BLOCK] })
}

/// The end that is written to.
pub struct TeeWriter {
    samples: HeapProd<f32>,
    blocks: HeapProd<(BlockInfo, usize)>,
    /// Frames dropped or lost since the last block that found room.
    dropped: u64,
}

impl TeeWriter {
    /// Passes a block on; returns whether there was room for it.
    pub(crate) fn push(&mut self, info: BlockInfo, samples: &[f32]) -> bool {
        let lost_before = info.lost_before + self.dropped;
        if self.blocks.is_full() || self.samples.vacant_len() < samples.len() || samples.len() > MAX_BLOCK {
            self.dropped = lost_before + samples.len() as u64;
            return false;
        }
        self.dropped = 0;
        self.samples.push_slice(samples);
        // There is room, and no other thread pushes.
        self.blocks.try_push((BlockInfo { lost_before, ..info }, samples.len())).is_ok()
    }
}

/// The end that is read from.
pub struct TeeReader {
    samples: HeapCons<f32>,
    blocks: HeapCons<(BlockInfo, usize)>,
    buffer: Vec<f32>,
}

impl TeeReader {
    /// The oldest block.
    pub(crate) fn read(&mut self) -> Option<(BlockInfo, &[f32])> {
        let (info, len) = self.blocks.try_pop()?;
        self.samples.pop_slice(&mut self.buffer[..len]);
        Some((info, &self.buffer[..len]))
    }

    /// Whether no block waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Samples that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.samples.occupied_len()
    }
}

/// Holds the reading end while no sink has it.
#[derive(Clone, Default)]
pub struct AudioTee(Arc<Mutex<Option<TeeReader>>>);

impl AudioTee {
    /// Deposits the reading end.
    pub(crate) fn put(&self, reader: TeeReader) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(reader);
    }

    /// Takes the reading end, if it is there.
    pub(crate) fn take(&self) -> Option<TeeReader> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl std::fmt::Debug for AudioTee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AudioTee")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_ring_drops_blocks_and_counts_their_frames_before_the_next() {
        let (mut writer, mut reader) = tee(0);
        let info = BlockInfo { rate_hz: 8000, lost_before: 0, non_finite: 0, format: WavFormat::F32 };
        for block in 0..4 {
            writer.push(BlockInfo { lost_before: block, ..info }, &[block as f32; MAX_BLOCK]);
        }
        let mut read = Vec::new();
        while let Some((info, samples)) = reader.read() {
            read.push((info.lost_before, samples[0]));
        }
        writer.push(info, &[9.0]);
        let (info, samples) = reader.read().unwrap();
        assert_eq!(read, [(0, 0.0), (1, 1.0)]);
        assert_eq!((info.lost_before, samples), (2 + 3 + 2 * MAX_BLOCK as u64, &[9.0][..]));
    }
}
