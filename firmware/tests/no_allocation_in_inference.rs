//! After the start, inference, the decision, reporting and the wire encoding do not allocate: an allocator that panics
//! enforces it.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use common::model::{loudness_model, noise, write_wav};
use firmware::capture::ring::ring;
use firmware::capture::{CaptureStatus, StreamSpec};
use firmware::config::Config;
use firmware::inference::{AudioBlock, AudioFile, AudioInput, Listening, Progress, Setup, listen};
use firmware::reporting::audio_tee::tee;
use firmware::reporting::column_tee::column_tee;
use firmware::reporting::{Event, Inbox, Outboxes, Received};
use monitor_core::pcm::{Channel, SampleFormat};
use monitor_export::test_network;
use monitor_wire as wire;

/// The system's allocator with a limit on the allocations of the thread.
struct Watched;

thread_local! {
    /// Allocations of this thread so far, and how many it may make.
    static MADE: Cell<(u64, u64)> = const { Cell::new((0, u64::MAX)) };
}

fn count() {
    let over = MADE.try_with(|made| {
        let (count, most) = made.get();
        made.set((count + 1, if count >= most { u64::MAX } else { most }));
        count >= most
    });
    assert!(!over.unwrap_or(false), "an allocation where none is allowed");
}

// SAFETY:
// - every call is passed to the system's allocator as it came; the check before it allocates only after it has lifted
//   itself, in order to panic.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's obligations are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's obligations are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watched = Watched;

/// Runs `work` with at most `most` allocations; returns how many it made.
fn granted(most: u64, work: impl FnOnce()) -> u64 {
    MADE.set((0, most));
    work();
    let made = MADE.get().0;
    MADE.set((0, u64::MAX));
    made
}

#[test]
#[should_panic(expected = "an allocation where none is allowed")]
fn the_allocator_panics_when_the_grant_is_spent() {
    granted(1, || {
        std::hint::black_box((Box::new(1), Box::new(2)));
    });
}

/// Processes `parts` seconds with at most `most` allocations; returns the number of allocations and the reports.
fn process(model: &[u8], folder: &Path, parts: usize, most: u64) -> (u64, Inbox) {
    let mut config = Config::default();
    config.listen.model = folder.join("model.tflite");
    config.listen.hop_s = 0.25;
    config.alarm.states = vec!["unknown".into()];
    config.alarm.unknown_s = 0.0;
    std::fs::write(&config.listen.model, model).unwrap();
    let wav = folder.join("sound.wav");
    write_wav(&wav, &noise(parts, 1.0));
    let file = AudioFile::wav(&wav, &config.capture).unwrap();
    let sound = AudioInput::file(file, Arc::new(CaptureStatus::default()));
    let mut outboxes = Outboxes::new(Instant::now());
    let inbox = outboxes.open(1000, false);
    let (_setups, next) = sync_channel(1);
    // Somebody draws the spectrogram, and nobody reads: the ring overflows.
    let (columns, drawn) = column_tee();
    drawn.wanted().store(true, Relaxed);
    let first = (Setup::load(&config).unwrap(), outboxes);
    let listening = Listening { sound, first, next, progress: Arc::new(Progress::default()), columns: Some(columns) };
    (granted(most, || listen(listening)), inbox)
}

fn assert_more_sound_makes_no_further_allocation(model: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let (made, inbox) = process(model, folder.path(), 2, u64::MAX);
    assert!(matches!(inbox.next(Duration::ZERO), Received::Item(_)));
    let (again, inbox) = process(model, folder.path(), 6, made);
    assert_eq!(again, made);
    let mut windows = 0;
    while let Received::Item(item) = inbox.next(Duration::ZERO) {
        windows += usize::from(matches!(item.event, Event::Window(_)));
    }
    assert_eq!(windows, 21);
}

#[test]
fn three_times_the_sound_makes_no_further_allocation() {
    assert_more_sound_makes_no_further_allocation(&loudness_model("off_state", "on_state"));
}

#[test]
fn three_times_the_sound_makes_no_further_allocation_with_the_network() {
    assert_more_sound_makes_no_further_allocation(&test_network::from_waveform().unwrap());
}

#[test]
fn passing_sound_on_for_clips_allocates_nothing_even_when_it_is_not_read() {
    let spec =
        StreamSpec { format: SampleFormat::S16, channels: 1, rate: 48_000, period_frames: 480, buffer_frames: 960 };
    let status = Arc::new(CaptureStatus::default());
    let (mut writer, reader) = ring(0, Duration::from_secs(60), Arc::clone(&status));
    let (tee, _kept) = tee(0);
    let mut input = AudioInput::ring(reader, status, Arc::default(), Channel::Average).with_tee(tee);
    for block in 0..200 {
        writer.stage(&[1; 960]);
        writer.commit(spec, block * 480, Duration::ZERO, 480);
        // The first call allocates the decoder and a buffer for the longest block.
        let most = if block == 0 { u64::MAX } else { 0 };
        granted(most, || assert!(matches!(input.next(Duration::ZERO), AudioBlock::Samples { lost_before: 0, .. })));
    }
}

#[test]
fn encoding_for_the_wire_allocates_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (_, inbox) = process(&loudness_model("off_state", "on_state"), folder.path(), 3, u64::MAX);
    let mut buffer = vec![0; wire::LARGEST_FRAME];
    let mut kinds = [0u32; 8];
    while let Received::Item(item) = inbox.next(Duration::ZERO) {
        let frame = item.frame();
        kinds[usize::from(frame.message.kind())] += 1;
        granted(0, || {
            let bytes = wire::encode(&mut buffer, frame.sequence, frame.time_us, &frame.message);
            assert!(bytes.is_ok_and(|bytes| bytes.len() > 8));
        });
    }
    // Hello, verdicts, changes, alarms.
    assert!(kinds[1..5].iter().all(|count| *count > 0), "{kinds:?}");
}
