//! Writes 300,000 blocks of counted frames into the ring from one thread and reads them in another, at their own paces,
//! with blocks voided and dropped on the way: every byte must be the expected one, every gap as long as reported.
//!
//! The thread sanitizer watches the loads and stores: a missing Acquire or Release is a data race.

use std::sync::Arc;
use std::time::Duration;

use firmware::capture::ring::ring;
use firmware::capture::{CaptureStatus, StreamSpec};
use monitor_core::pcm::SampleFormat;

const SPEC: StreamSpec =
    StreamSpec { format: SampleFormat::S32, channels: 1, rate: 48_000, period_frames: 480, buffer_frames: 9_600 };
const BLOCKS: u64 = 300_000;

fn main() {
    let status = Arc::new(CaptureStatus::default());
    let (mut writer, mut reader) = ring(64 * 1024, Duration::from_millis(30), Arc::clone(&status));
    let feeder = std::thread::spawn(move || {
        let mut first = 0u64;
        for block in 0..BLOCKS {
            let frames = 1 + block % 97;
            let bytes: Vec<u8> = (first..first + frames).flat_map(|frame| (frame as u32).to_le_bytes()).collect();
            writer.stage(&bytes);
            match block % 31 {
                0 => writer.void(SPEC),
                _ => writer.commit(SPEC, first, Duration::ZERO, frames as u32),
            }
            // A voided block's frames are lost, like those that found no room.
            first += frames;
            if block % 64 == 0 {
                std::thread::yield_now();
            }
        }
        first
    });
    let (mut expected, mut read, mut lost) = (0u64, 0u64, 0u64);
    loop {
        let over = feeder.is_finished();
        let Some(block) = reader.read() else {
            if over {
                break;
            }
            std::thread::yield_now();
            continue;
        };
        assert_eq!(block.first_frame, expected + block.lost_before, "the gap has the reported length");
        for (frame, bytes) in (block.first_frame..).zip(block.bytes.chunks_exact(4)) {
            assert_eq!(bytes, (frame as u32).to_le_bytes(), "frame {frame}");
            read += 1;
        }
        lost += block.lost_before;
        expected = block.first_frame + block.bytes.len() as u64 / 4;
    }
    let written = feeder.join().expect("the writer");
    assert!(read > 0 && read + lost <= written);
    println!("{written} frames written, {read} read correctly, {lost} reported as lost");
}
