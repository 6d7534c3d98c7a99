//! The end, in good order and in bounded time.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use super::{LAST_WORDS, LAST_WRITE, PATIENCE, Supervisor};
use crate::outputs::safe;
use crate::report::Report;
use crate::run::signals::{Signals, Told};

impl Supervisor<'_> {
    /// Ends everything: capture, inference, a last count, then the outputs, pins first at their safe levels.
    pub(super) fn end(mut self, signals: &Signals, asked: bool) {
        self.notify.stopping();
        let begun = Instant::now();
        self.progress.stop.store(true, Relaxed);
        if let Some(capture) = &self.source.capture {
            capture.request_stop();
        }
        while !self.inference.is_finished() && begun.elapsed() < LAST_WORDS {
            std::thread::sleep(Duration::from_millis(2));
        }
        let kept = self.keeper.take().map(|keeper| keeper.close(self.progress.alarms.unacknowledged()));
        let patience = if asked { LAST_WORDS } else { PATIENCE };
        let waiting = Instant::now();
        let mut stopped = false;
        let mut patient = || {
            stopped |= signals.wait(Duration::from_millis(5)) == Some(Told::Stop);
            !stopped && waiting.elapsed() < patience
        };
        let last = Report::Health(self.health());
        self.outboxes.send_or_wait(&last, &mut patient);
        let Self { outboxes, outputs, signs, source, .. } = self;
        drop(outboxes);
        let outputs = outputs.close();
        while !outputs.finished() && patient() {}
        signs.hurry.store(true, Relaxed);
        outputs.finish(Duration::from_millis(100));
        // Had the pins' own thread no time to do so.
        safe::apply();
        while kept.as_ref().is_some_and(|kept| !kept.is_finished()) && begun.elapsed() < LAST_WRITE {
            std::thread::sleep(Duration::from_millis(2));
        }
        // A driver that hangs in a call keeps capture's thread, but not the program.
        std::mem::forget(source);
    }
}
