//! The orderly shutdown, in bounded time.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use super::supervisor::{LATCH_TIMEOUT, RECORDING_END_TIMEOUT, SHUTDOWN_TIMEOUT, Supervisor};
use crate::reporting::Event;
use crate::system::safe;
use crate::system::signals::{Request, Signals};

impl Supervisor<'_> {
    /// Ends everything: capture, inference, a last health event, then the sinks; at last the pins' safe levels.
    pub(super) fn end(mut self, signals: &Signals, requested: bool) {
        self.notify.stopping();
        let begun = Instant::now();
        self.progress.control.stop.store(true, Relaxed);
        if let Some(capture) = &self.producer.capture {
            capture.request_stop();
        }
        while !self.inference.is_finished() && begun.elapsed() < SHUTDOWN_TIMEOUT {
            std::thread::sleep(Duration::from_millis(2));
        }
        let stored = self.latch_store.take().map(|store| store.close(self.progress.alarms.unacknowledged()));
        let kept = self.trend.take().and_then(|trend| trend.close(&self.progress.trend));
        let timeout = if requested { SHUTDOWN_TIMEOUT } else { RECORDING_END_TIMEOUT };
        let waiting = Instant::now();
        let mut stopped = false;
        let mut wait = || {
            stopped |= signals.wait(Duration::from_millis(5)) == Some(Request::Stop);
            !stopped && waiting.elapsed() < timeout
        };
        let last = Event::Health(self.health());
        self.outboxes.send_or_wait(&last, &mut wait);
        let Self { outboxes, sinks, context, producer, .. } = self;
        drop(outboxes);
        let sinks = sinks.close();
        while !sinks.finished() && wait() {}
        context.hurry.store(true, Relaxed);
        sinks.finish(Duration::from_millis(100));
        // In case the thread of the pins had no time to do so.
        safe::apply();
        let writes =
            |thread: &Option<std::thread::JoinHandle<()>>| thread.as_ref().is_some_and(|thread| !thread.is_finished());
        while (writes(&stored) || writes(&kept)) && begun.elapsed() < LATCH_TIMEOUT {
            std::thread::sleep(Duration::from_millis(2));
        }
        // A driver that hangs in a call keeps capture's thread, but not the program.
        std::mem::forget(producer);
    }
}
