//! The way from the capture thread to the inference thread: blocks of raw frames through two SPSC rings.
//!
//! One ring holds bytes, the other a [`Header`] for each block of bytes. The writer pushes the bytes first and the header
//! after, so a header that the reader sees always has its bytes. No lock, no allocation, no system call on either side.
//!
//! # When inference is too slow
//! The oldest whole blocks are dropped. In a single-consumer ring only the consumer may move the tail, so the [`Reader`]
//! drops them: each read skips all blocks older than `backlog` (relative to the newest captured frame), counts them, and adds
//! them to the next block's `lost_before`. Sound that reaches inference is therefore never older than `backlog`, however
//! long inference was stopped.
//! The ring is meant to hold more than `backlog`. If inference stops until the ring is full, the [`Writer`] drops each new
//! block, counts it, and adds it to the next gap. When inference resumes, the blocks left in the ring are older than
//! `backlog` and are skipped as above.
//!
//! # Gaps
//! Every frame that the device should have recorded has a number, delivered or not. The reader compares the number of a
//! block's first frame with the end of the previous block, so no gap can be missed, whatever its cause.

use core::sync::atomic::Ordering::{Acquire, Release};
use core::time::Duration;
use std::sync::Arc;

use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

use super::counters::add;
use super::pcm::StreamSpec;
use super::status::CaptureStatus;

/// Largest block, in bytes, and size of the reader's buffer.
pub const MAX_BLOCK_BYTES: usize = 32 * 1024;

/// Least and most time from one look for a block to the next.
const LEAST_POLL: Duration = Duration::from_millis(10);
const MOST_POLL: Duration = Duration::from_millis(50);

/// Blocks the ring holds at most: with periods of 10 ms ten seconds of them.
pub const MAX_BLOCKS: usize = 1024;

/// The writer's description of a block.
#[derive(Debug, Clone, Copy)]
struct Header {
    spec: StreamSpec,
    first_frame: u64,
    recorded: Duration,
    /// Frames of sound; further bytes of the block must be skipped.
    frames: u32,
    bytes: u32,
}

/// A piece of sound without a break in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block<'a> {
    /// How to read the bytes. It may change from one block to the next when the device was reopened.
    pub spec: StreamSpec,
    /// Number of the first frame. Lost frames are numbered too, so this is also the time line (in frames of `spec.rate`;
    /// those before a change of rate in frames of the rate then).
    pub first_frame: u64,
    /// Frames missing between the block before and this one; 0 for continuous sound.
    pub lost_before: u64,
    /// When the first frame was recorded, on the clock of [`super::pcm::SystemClock`]; good to about one period.
    pub recorded: Duration,
    /// The frames as the device gave them: interleaved, little-endian, `spec.frame_bytes()` each.
    pub bytes: &'a [u8],
}

/// A ring of `bytes` bytes that drops what waited longer than `backlog`. All its memory is touched once, so that capture
/// meets no page fault.
#[must_use]
pub fn ring(bytes: usize, backlog: Duration, status: Arc<CaptureStatus>) -> (Writer, Reader) {
    let (mut data_in, mut data_out) = HeapRb::new(bytes.max(2 * MAX_BLOCK_BYTES)).split();
    data_in.push_iter(core::iter::repeat(0u8));
    data_out.clear();
    let (headers_in, headers_out) = HeapRb::new(MAX_BLOCKS).split();
    let writer = Writer { data: data_in, headers: headers_in, staged: 0, status: Arc::clone(&status) };
    let buffer = vec![0; MAX_BLOCK_BYTES];
    let reader =
        Reader { data: data_out, headers: headers_out, buffer, expected: 0, poll: LEAST_POLL, backlog, status };
    (writer, reader)
}

/// The capture thread's end. A block is first [staged](Self::stage), then [committed](Self::commit) or [voided](Self::void).
pub struct Writer {
    data: HeapProd<u8>,
    headers: HeapProd<Header>,
    /// Bytes pushed without a header yet.
    staged: usize,
    status: Arc<CaptureStatus>,
}

impl Writer {
    /// Copies a block's bytes, at most [`MAX_BLOCK_BYTES`], into the ring, if they fit.
    pub fn stage(&mut self, bytes: &[u8]) {
        debug_assert!(self.staged == 0 && bytes.len() <= MAX_BLOCK_BYTES);
        if !self.headers.is_full() && self.data.vacant_len() >= bytes.len() {
            self.staged = self.data.push_slice(bytes);
        }
    }

    /// Publishes the staged block, of which `frames` frames are sound; without room for it, the block is counted as
    /// dropped.
    pub fn commit(&mut self, spec: StreamSpec, first_frame: u64, recorded: Duration, frames: u32) {
        let bytes = core::mem::take(&mut self.staged) as u32;
        if bytes == 0 {
            add(&self.status.counters.dropped_blocks, 1);
            add(&self.status.counters.dropped_frames, frames.into());
        } else {
            // There is room: `stage` checked, and this is the only writer.
            let _ = self.headers.try_push(Header { spec, first_frame, recorded, frames, bytes });
        }
        self.status.end.store(first_frame + u64::from(frames), Release);
    }

    /// Takes back a staged block: its bytes are skipped by the reader.
    pub fn void(&mut self, spec: StreamSpec) {
        let bytes = core::mem::take(&mut self.staged) as u32;
        if bytes > 0 {
            let _ = self.headers.try_push(Header { spec, first_frame: 0, recorded: Duration::ZERO, frames: 0, bytes });
        }
    }
}

/// The inference thread's end.
pub struct Reader {
    data: HeapCons<u8>,
    headers: HeapCons<Header>,
    buffer: Vec<u8>,
    /// Number of the frame that would follow without a gap.
    expected: u64,
    /// Time from one look for a block to the next: half of the last block's.
    poll: Duration,
    backlog: Duration,
    status: Arc<CaptureStatus>,
}

impl Reader {
    /// The oldest block that is not too old, if there is one. Drops those that are.
    pub fn read(&mut self) -> Option<Block<'_>> {
        loop {
            let header = self.headers.try_pop()?;
            let newest = self.status.end.load(Acquire);
            let age = header.spec.duration(newest.saturating_sub(header.first_frame));
            if header.frames == 0 || age > self.backlog {
                self.data.skip(header.bytes as usize);
                if header.frames > 0 {
                    add(&self.status.counters.dropped_blocks, 1);
                    add(&self.status.counters.dropped_frames, header.frames.into());
                }
                continue;
            }
            let used = header.frames as usize * header.spec.frame_bytes();
            let bytes = self.buffer.get_mut(..used)?;
            self.data.pop_slice(bytes);
            self.data.skip(header.bytes as usize - used);
            let lost_before = header.first_frame.saturating_sub(self.expected);
            self.expected = header.first_frame + u64::from(header.frames);
            self.poll = (header.spec.duration(header.frames.into()) / 2).clamp(LEAST_POLL, MOST_POLL);
            let Header { spec, first_frame, recorded, .. } = header;
            return Some(Block { spec, first_frame, lost_before, recorded, bytes });
        }
    }

    /// Waits for a block, at most `timeout`; returns `false` if none arrived.
    ///
    /// Polls: a wake-up by the writer would be a system call on the capture thread.
    pub fn wait(&self, timeout: Duration) -> bool {
        let end = std::time::Instant::now() + timeout;
        while self.headers.is_empty() {
            let now = std::time::Instant::now();
            if now >= end {
                return false;
            }
            std::thread::sleep(self.poll.min(end - now));
        }
        true
    }

    /// Blocks that wait to be read.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.headers.occupied_len()
    }
}

#[cfg(test)]
mod tests {
    use monitor_core::pcm::SampleFormat;

    use super::*;

    const SPEC: StreamSpec =
        StreamSpec { format: SampleFormat::S16, channels: 1, rate: 1000, period_frames: 10, buffer_frames: 100 };

    fn push(writer: &mut Writer, first_frame: u64, samples: &[i16]) {
        let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        writer.stage(&bytes);
        writer.commit(SPEC, first_frame, Duration::ZERO, samples.len() as u32);
    }

    fn small(backlog_ms: u64) -> (Writer, Reader, Arc<CaptureStatus>) {
        let status = Arc::new(CaptureStatus::default());
        let (writer, reader) = ring(0, Duration::from_millis(backlog_ms), Arc::clone(&status));
        (writer, reader, status)
    }

    #[test]
    fn blocks_beyond_32_bits_of_frames_come_out_without_a_gap() {
        let (mut writer, mut reader, _) = small(1000);
        let first = (1u64 << 32) - 15;
        push(&mut writer, first, &[0; 10]);
        push(&mut writer, first + 10, &[1; 10]);
        // A year of 384 kHz.
        let year = 365 * 24 * 3600 * 384_000;
        assert_eq!(reader.read().map(|block| (block.first_frame, block.lost_before)), Some((first, first)));
        assert_eq!(reader.read().map(|block| (block.first_frame, block.lost_before)), Some((first + 10, 0)));
        push(&mut writer, year, &[2; 10]);
        assert_eq!(reader.read().map(|block| block.lost_before), Some(year - first - 20));
    }

    #[test]
    fn blocks_come_out_as_they_went_in() {
        let (mut writer, mut reader, _) = small(1000);
        push(&mut writer, 0, &[1, 2, 3]);
        push(&mut writer, 3, &[4]);
        let block = reader.read().unwrap();
        assert_eq!((block.first_frame, block.lost_before, block.bytes), (0, 0, &[1, 0, 2, 0, 3, 0][..]));
        let block = reader.read().unwrap();
        assert_eq!((block.first_frame, block.lost_before, block.bytes), (3, 0, &[4, 0][..]));
        assert_eq!(reader.read(), None);
    }

    #[test]
    fn a_jump_of_the_frame_number_is_a_gap() {
        let (mut writer, mut reader, _) = small(1000);
        push(&mut writer, 0, &[1]);
        push(&mut writer, 100, &[2]);
        reader.read();
        assert_eq!(reader.read().unwrap().lost_before, 99);
    }

    #[test]
    fn a_voided_block_is_never_seen() {
        let (mut writer, mut reader, _) = small(1000);
        writer.stage(&[9, 9, 9, 9]);
        writer.void(SPEC);
        push(&mut writer, 0, &[1]);
        assert_eq!(reader.read().unwrap().bytes, [1, 0]);
    }

    #[test]
    fn a_slow_reader_loses_the_oldest_whole_blocks_and_receives_the_lost_length() {
        let (mut writer, mut reader, status) = small(25);
        for block in 0..6 {
            push(&mut writer, block * 10, &[block as i16; 10]);
        }
        // The newest frame is 60; a backlog of 25 frames leaves what begins at 35 or later.
        let block = reader.read().unwrap();
        assert_eq!((block.first_frame, block.lost_before), (40, 40));
        assert_eq!((status.counters.values().dropped_blocks, status.counters.values().dropped_frames), (4, 40));
    }

    #[test]
    fn a_full_ring_refuses_whole_blocks_and_counts_them() {
        let (mut writer, mut reader, status) = small(1_000_000);
        let room = 2 * MAX_BLOCK_BYTES as u64 / 20;
        for block in 0..room + 3 {
            push(&mut writer, block * 10, &[7; 10]);
        }
        let held = (room).min(MAX_BLOCKS as u64);
        assert_eq!(status.counters.values().dropped_blocks, room + 3 - held);
        let mut read = 0;
        while reader.read().is_some() {
            read += 1;
        }
        assert_eq!(read, held);
        push(&mut writer, (room + 3) * 10, &[8]);
        assert_eq!(reader.read().unwrap().lost_before, (room + 3 - held) * 10);
    }

    #[test]
    fn nothing_is_torn_or_reordered_between_two_threads() {
        let (mut writer, mut reader, _) = small(1_000_000_000);
        let blocks = 20_000u64;
        let thread = std::thread::spawn(move || {
            for block in 0..blocks {
                push(&mut writer, block * 3, &[block as i16; 3]);
            }
        });
        let mut next = 0;
        loop {
            let done = thread.is_finished();
            match reader.read() {
                Some(block) => {
                    assert_eq!(block.first_frame, next + block.lost_before);
                    let value = (block.first_frame / 3) as i16;
                    assert!(block.bytes.chunks(2).all(|sample| sample == value.to_le_bytes()));
                    next = block.first_frame + 3;
                }
                None if done => break,
                None => std::thread::yield_now(),
            }
        }
        thread.join().unwrap();
    }
}
