//! Sound that the device was unsure of, or called unusual, as short clips for people to label (docs/guide/page.md).
//!
//! [`watch`] finds candidates in the events; [`collector`] keeps the newest seconds of sound and makes a clip of a candidate;
//! [`queue`] decides whether it gets a place: one clip for each kind of sound ([`spectrum`]). A clip is a WAV file with an
//! [`entry`] beside it, which holds what the device knew of it and the labels that people gave ([`label`]); all labels
//! together are a [`manifest`] as `host-tools train` reads it.
//!
//! Sound comes through a ring of its own, as for alarm clips: inference never waits for this thread.

#[cfg(feature = "page")]
mod check;
mod collector;
mod config;
pub(crate) mod entry;
mod folder;
pub(crate) mod label;
#[cfg(feature = "page")]
pub(crate) mod labelling;
pub(crate) mod manifest;
mod queue;
mod spectrum;
mod watch;

use std::time::Duration;

use collector::Collector;
pub use config::Config;

use super::Sink;
use crate::reporting::audio_tee::TeeReader;
use crate::reporting::{Item, OutputContext};

/// Longest time that sound waits in the ring.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Queues clips.
struct TeachSink {
    /// Given back at the end.
    sound: Option<TeeReader>,
    collector: Collector,
}

impl TeachSink {
    /// One that reads `sound`.
    fn new(config: &Config, context: &OutputContext, sound: TeeReader) -> Self {
        Self {
            sound: Some(sound),
            collector: Collector::new(config.clone(), context.teach.clone(), context.privacy.clone()),
        }
    }

    fn read_sound(&mut self) {
        while let Some((block, samples)) = self.sound.as_mut().and_then(TeeReader::read) {
            self.collector.block(block, samples);
        }
    }
}

impl Sink for TeachSink {
    fn poll_interval(&self) -> Duration {
        POLL_INTERVAL
    }

    fn poll(&mut self, _: &OutputContext) {
        self.read_sound();
        self.collector.poll();
    }

    fn handle(&mut self, item: &Item, context: &OutputContext) {
        // The sound first: a clip includes what came before its event.
        self.read_sound();
        self.collector.event(item, &context.snapshot);
    }

    fn finish(&mut self, context: &OutputContext) {
        self.read_sound();
        self.sound.take().into_iter().for_each(|sound| context.teach.sound.put(sound));
    }
}
