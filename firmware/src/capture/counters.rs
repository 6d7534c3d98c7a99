//! The counters of capture, readable from any thread at any time: atomics, no lock.
//!
//! Each is written by one thread (the reader's by the inference thread, the rest by capture) and only ever grows; relaxed
//! order is enough, since no decision of the writer hangs on them.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::Serialize;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// The live counters.
        #[derive(Debug, Default)]
        pub struct Counters { $($(#[$doc])* pub(crate) $name: AtomicU64,)* }

        /// The counters at one moment.
        #[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
        pub struct CounterValues { $($(#[$doc])* pub $name: u64,)* }

        impl Counters {
            /// The counters now. They are read one after the other: sums over several may be off by one event.
            #[must_use]
            pub fn values(&self) -> CounterValues {
                CounterValues { $($name: self.$name.load(Relaxed),)* }
            }
        }
    };
}

counters! {
    /// Frames that the device delivered.
    frames,
    /// Frames that the device did not deliver: overruns, stalls, unplugged or suspended.
    lost_frames,
    /// Interruptions of the sound, from whatever cause but a slow reader.
    gaps,
    /// Overruns: capture came too late for the device's buffer.
    xruns,
    /// Times the system was suspended.
    suspends,
    /// Times the device delivered nothing for `stall_periods`.
    stalls,
    /// Times the device went on after an error: restarted, resumed or reopened.
    recoveries,
    /// Times the device was opened again after it had been open.
    reopens,
    /// Attempts to open the device that failed.
    failed_opens,
    /// Other errors of the device, and losses that only the clock showed.
    device_errors,
    /// Wake-ups that found more than two periods waiting.
    late,
    /// Whole blocks dropped because inference was too slow.
    dropped_blocks,
    /// Frames in those blocks.
    dropped_frames,
}

/// Adds `n`; for the one writer of a counter.
pub(crate) fn add(counter: &AtomicU64, n: u64) {
    counter.fetch_add(n, Relaxed);
}
