//! The seconds around each alarm as WAV files, in a bounded folder: for people to listen to, and to train on.
//!
//! Inference passes every decoded block on into a ring of its own ([`crate::reporting::audio_tee`]), which allocates nothing
//! and never waits; the thread here keeps the newest seconds of it and writes. Blocks that it does not read in time are lost
//! to clips only.

mod config;
#[cfg(feature = "notify")]
pub(super) mod drawing;
#[cfg(feature = "page")]
pub(crate) mod keep;
pub(super) mod name;
pub(super) mod picture;
pub(super) mod preroll;
mod recorder;
pub(super) mod sound_format;
pub(crate) mod store;

use std::time::Duration;

pub use config::Config;
use recorder::Recorder;

use super::Sink;
use crate::reporting::audio_tee::TeeReader;
use crate::reporting::{Item, OutputContext};

/// Longest time that sound waits in the ring.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Writes clips.
struct ClipsSink {
    /// Given back at the end.
    sound: Option<TeeReader>,
    recorder: Recorder,
}

impl ClipsSink {
    fn read_sound(&mut self) {
        while let Some((block, samples)) = self.sound.as_mut().and_then(TeeReader::read) {
            self.recorder.block(block, samples);
        }
    }
}

impl Sink for ClipsSink {
    fn poll_interval(&self) -> Duration {
        POLL_INTERVAL
    }

    fn poll(&mut self, _: &OutputContext) {
        self.read_sound();
        self.recorder.poll();
    }

    fn handle(&mut self, item: &Item, context: &OutputContext) {
        // The sound first: the clip of an alarm includes what came before it.
        self.read_sound();
        self.recorder.event(item, &context.snapshot);
    }

    fn finish(&mut self, context: &OutputContext) {
        self.read_sound();
        self.recorder.finish();
        context.clips.expect_more(false);
        self.sound.take().into_iter().for_each(|sound| context.audio.put(sound));
    }
}
