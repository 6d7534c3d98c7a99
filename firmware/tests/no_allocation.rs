//! Capture does not allocate, neither in normal flow nor during a recovery: an allocator that panics enforces it.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use firmware::capture::alsa_pcm::AlsaSource;
use firmware::capture::capture_loop::CaptureLoop;
use firmware::capture::pcm::{Pcm, PcmState, Source};
use firmware::capture::ring::ring;
use firmware::capture::scripted::Scripted;
use firmware::capture::scripted::Step::{Do, Frames, Nothing, State, WaitFails};
use firmware::capture::{CaptureConfig, CaptureStatus, StreamSpec};
use monitor_core::pcm::SampleFormat;
use nix::errno::Errno;

/// The system's allocator; panics in threads that have called `forbid`.
struct Watched;

thread_local! {
    static FORBIDDEN: Cell<bool> = const { Cell::new(false) };
}

fn forbid() {
    FORBIDDEN.set(true);
}

fn permit() {
    FORBIDDEN.set(false);
}

fn check() {
    if FORBIDDEN.try_with(|forbidden| forbidden.replace(false)).unwrap_or(false) {
        panic!("an allocation where none is allowed");
    }
}

// SAFETY:
// - every call is passed to the system's allocator as it came; the check before it allocates only after it has lifted
//   itself, in order to panic.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        check();
        // SAFETY: the caller's obligations are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        check();
        // SAFETY: the caller's obligations are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watched = Watched;

#[test]
#[should_panic(expected = "an allocation where none is allowed")]
fn the_allocator_panics_when_it_is_forbidden() {
    forbid();
    let _ = std::hint::black_box(Box::new(1));
}

#[test]
fn capture_allocates_nothing_in_the_flow_nor_at_an_overrun_a_stall_or_a_resume() {
    let spec =
        StreamSpec { format: SampleFormat::S32, channels: 2, rate: 48_000, period_frames: 480, buffer_frames: 9600 };
    let steps = [Do(forbid)]
        .into_iter()
        .chain([Frames(480); 300])
        .chain([
            State(PcmState::Overrun),
            WaitFails(Errno::EPIPE),
            Frames(480),
            WaitFails(Errno::ESTRPIPE),
            Frames(480),
        ])
        .chain([Nothing; 60])
        .chain([Frames(480), WaitFails(Errno::EIO), Frames(9600), Do(permit)]);
    let status = Arc::new(CaptureStatus::default());
    // Small and never read, so that it fills up and blocks are dropped.
    let (writer, mut reader) = ring(1 << 18, Duration::from_secs(60), Arc::clone(&status));
    let script = Scripted::new(spec, steps, &status);
    // A device with periods of 10 ms stalls after a second.
    let config = CaptureConfig { stall_periods: 100, ..CaptureConfig::default() };
    CaptureLoop::new(&config, script.clone(), script, writer, Arc::clone(&status)).run();
    let counters = status.counters.values();
    assert_eq!((counters.xruns, counters.suspends, counters.stalls, counters.gaps), (1, 1, 1, 4));
    assert!(counters.dropped_blocks > 0);
    forbid();
    let mut blocks = 0;
    while reader.read().is_some() {
        blocks += 1;
    }
    permit();
    assert!(blocks > 10);
}

#[test]
fn the_device_allocates_nothing_while_sound_flows() {
    // libasound's null device always exists and never waits.
    let config = CaptureConfig { device: "null".into(), ..CaptureConfig::default() };
    let mut pcm = AlsaSource::new(&config).open().unwrap();
    pcm.start().unwrap();
    let mut frames = 0;
    forbid();
    for _ in 0..100 {
        pcm.wait(Duration::from_millis(10)).unwrap();
        let available = pcm.available().unwrap();
        frames += pcm.read(available, &mut |bytes| assert!(!bytes.is_empty())).unwrap();
    }
    permit();
    assert!(frames > 0);
}
