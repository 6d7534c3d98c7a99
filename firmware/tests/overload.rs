//! Inference that cannot keep up: the oldest whole windows are dropped and counted, and reported windows are never old.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use common::model::{loudness_model, noise};
use firmware::capture::ring::{Writer, ring};
use firmware::capture::{CaptureStatus, StreamSpec};
use firmware::config::Config;
use firmware::inference::{AudioInput, Listening, Progress, Setup, listen};
use firmware::reporting::{Event, Outboxes, Received};
use monitor_core::pcm::{Channel, SampleFormat};

const SPEC: StreamSpec =
    StreamSpec { format: SampleFormat::S16, channels: 1, rate: 48_000, period_frames: 480, buffer_frames: 9_600 };

/// Puts blocks of 10 ms into the ring, `pace` apart; returns the number of the next frame.
fn put(writer: &mut Writer, samples: &[i16], mut first: u64, pace: Duration) -> u64 {
    let start = Instant::now();
    for (number, block) in (1u32..).zip(samples.chunks(480)) {
        std::thread::sleep((pace * number).saturating_sub(start.elapsed()));
        let bytes: Vec<u8> = block.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        writer.stage(&bytes);
        writer.commit(SPEC, first, Duration::ZERO, block.len() as u32);
        first += block.len() as u64;
    }
    first
}

#[test]
fn overdue_sound_drops_whole_windows_without_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.listen.model = folder.path().join("model.tflite");
    config.listen.hop_s = 0.25;
    std::fs::write(&config.listen.model, loudness_model("off_state", "on_state")).unwrap();
    let status = Arc::new(CaptureStatus::default());
    let (mut writer, reader) = ring(4 << 20, Duration::from_secs(60), Arc::clone(&status));
    let ended = Arc::new(AtomicBool::new(false));
    let sound = AudioInput::ring(reader, status, Arc::clone(&ended), Channel::Average);
    let mut outboxes = Outboxes::new(Instant::now());
    let inbox = outboxes.open(1000, false);
    let progress = Arc::new(Progress::default());
    let (_setups, next) = sync_channel(1);
    let first = (Setup::load(&config).unwrap(), outboxes);
    // As after a long stop of the inference thread: 8 s of sound are queued, and more arrives in real time.
    let frames = put(&mut writer, &noise(1, 8.0), 0, Duration::ZERO);
    let feeder = std::thread::spawn(move || {
        put(&mut writer, &noise(1, 2.0), frames, Duration::from_millis(10));
        ended.store(true, Relaxed);
    });
    listen(Listening { sound, first, next, progress: Arc::clone(&progress), columns: None });
    feeder.join().unwrap();
    let mut indices = Vec::new();
    while let Received::Item(item) = inbox.next(Duration::ZERO) {
        match item.event {
            Event::Window(window) => indices.push((window.index, window.spans_gap)),
            Event::Gap(_) => panic!("a gap"),
            _ => {}
        }
    }
    // 10 s less a window, one every 0.25 s; nearly all of the first 8 s are dropped.
    let dropped = progress.counters.dropped_windows.load(Relaxed);
    assert_eq!(dropped as usize + indices.len(), 37);
    assert!((25..=31).contains(&dropped), "{dropped}");
    assert!(
        indices.iter().zip(u64::from(dropped)..).all(|(reported, index)| *reported == (index, false)),
        "{indices:?}"
    );
}
