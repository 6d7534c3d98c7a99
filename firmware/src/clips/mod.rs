//! The seconds around each alarm as WAV files, in a bounded folder: so that people can hear what it heard, and train on it.
//!
//! Inference hands every block of sound on into a ring of its own ([`Tap`]), which allocates nothing and waits for nobody; the
//! thread here keeps the newest seconds of it and writes. What it cannot take in time is lost to clips only.

mod kept;
mod preroll;
mod recorder;
mod store;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub use kept::Kept;
use recorder::Recorder;

use crate::capture::{ChannelChoice, Reader};
use crate::config::ClipsConfig;
use crate::outbox::{Inbox, Received};
use crate::outputs::{Signs, warn};

/// Longest time that sound waits in the ring.
const GLANCE: Duration = Duration::from_millis(50);

/// The reading end of the sound that inference hands on; whoever keeps clips takes it, and gives it back.
#[derive(Clone, Default)]
pub struct Tap(Arc<Mutex<Option<Reader>>>);

impl Tap {
    /// Puts the end here for whoever takes it.
    pub fn put(&self, reader: Reader) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(reader);
    }

    fn take(&self) -> Option<Reader> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl std::fmt::Debug for Tap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tap")
    }
}

/// Keeps clips until there will be no more reports.
pub fn run(inbox: &Inbox, config: &ClipsConfig, channel: ChannelChoice, signs: &Signs) {
    let Some(mut reader) = signs.tap.take() else {
        warn("clips: there is no sound to keep: [clips] takes a restart, and a device or a recording at its own pace");
        while !matches!(inbox.next(Duration::from_secs(3600)), Received::End) {}
        return;
    };
    signs.kept.expect_more(true);
    let mut recorder = Recorder::new(config, channel, &signs.kept);
    loop {
        let received = inbox.next(GLANCE);
        // The sound first: an alarm is about what came before it.
        while let Some(block) = reader.read() {
            recorder.block(&block);
        }
        match received {
            Received::Item(item) => recorder.report(&item.report, item.time_us),
            Received::Nothing => recorder.look(),
            Received::End => break,
        }
    }
    recorder.finish();
    signs.kept.expect_more(false);
    signs.tap.put(reader);
}
