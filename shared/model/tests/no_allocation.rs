//! The chain from samples to verdicts allocates nothing once it is set up.
#![allow(unsafe_code, reason = "an allocator is unsafe by nature")]
#![allow(clippy::unwrap_used, reason = "the helper of the tests")]

#[path = "../../core/tests/common/mod.rs"]
mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use monitor_core::classifier::Classifier;
use monitor_model::owned::{Memory, OwnedModel};
use test_needs::needs;

/// The system's allocator, which refuses to serve a thread that has forbidden it.
struct Guarded;

thread_local! {
    static FORBIDDEN: Cell<bool> = const { Cell::new(false) };
}

// SAFETY: hands every call on to the system's allocator unchanged, or panics.
unsafe impl GlobalAlloc for Guarded {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if FORBIDDEN.replace(false) {
            panic!("allocation of {} bytes where none is allowed", layout.size());
        }
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Guarded = Guarded;

/// Pushes two seconds in uneven pieces, with a gap, while allocation is forbidden; returns the number of windows.
fn windows_of(classifier: Classifier, rate_hz: u32) -> usize {
    let samples: Vec<f32> = (0..2 * rate_hz).map(|n| (n as f32 * 0.05).sin() * 0.5).collect();
    let mut memory = Memory::new(&classifier, rate_hz).unwrap();
    let mut pipeline = memory.pipeline(classifier, rate_hz, 48).unwrap();
    let mut windows = 0;
    FORBIDDEN.set(true);
    for piece in samples.chunks(777) {
        pipeline.push(piece, |_| windows += 1);
    }
    pipeline.gap(1_000);
    pipeline.push(&samples, |_| windows += 1);
    pipeline.finish(|_| windows += 1);
    FORBIDDEN.set(false);
    windows
}

#[test]
#[should_panic(expected = "where none is allowed")]
fn the_guard_itself_catches_an_allocation() {
    FORBIDDEN.set(true);
    drop(std::hint::black_box(Vec::<u8>::with_capacity(10)));
}

#[test]
fn log_mel_features_allocate_nothing() {
    assert!(windows_of(Classifier::log_mel(), 48_000) >= 5);
}

#[needs(base_model)]
#[test]
fn the_network_and_its_scores_allocate_nothing() {
    let model = OwnedModel::from_bytes(common::base_model(), monitor_nn::Isa::best()).unwrap();
    assert!(windows_of(model.contents().classifier.clone(), 44_100) >= 5);
}
