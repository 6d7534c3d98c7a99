//! The running sinks: started, replaced at a reload one by one, and ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{Kind, Sink, SinkConfigs};
use crate::reporting::queue::Outbox;
use crate::reporting::{Inbox, Outboxes, OutputContext, Received};
use crate::system::messages::warn;

/// Most events that are handled between two polls.
const BATCH: usize = 64;

/// Drives a sink until no event will follow.
pub fn run(sink: &mut dyn Sink, inbox: &Inbox, context: &OutputContext) {
    let mut context = inbox.context(context);
    loop {
        sink.poll(&context);
        let mut timeout = sink.poll_interval();
        for _ in 0..BATCH {
            match inbox.next(timeout) {
                Received::Item(item) => {
                    context.snapshot.apply(&item);
                    sink.handle(&item, &context);
                }
                Received::Nothing => break,
                Received::End => return sink.finish(&context),
            }
            timeout = Duration::ZERO;
        }
    }
}

/// One running sink.
#[derive(Debug)]
struct Running {
    kind: Kind,
    outbox: Outbox,
    replaced: Arc<AtomicBool>,
    /// Whether it could not be started.
    failed: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

/// The running sinks.
#[derive(Debug)]
pub struct Sinks {
    running: Vec<Running>,
    /// Sinks that the configuration no longer has, until they have ended.
    ending: Vec<JoinHandle<()>>,
    lossless: bool,
}

impl Sinks {
    /// Starts the sinks that the configuration names. `lossless`: standard output is waited for.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub(crate) fn start(
        configs: &SinkConfigs,
        context: &OutputContext,
        lossless: bool,
        start: Instant,
    ) -> std::io::Result<(Self, Outboxes)> {
        let mut sinks = Self { running: Vec::new(), ending: Vec::new(), lossless };
        let none = Outboxes::new(start);
        for kind in Kind::ALL {
            sinks.running.extend(sinks.begin(*kind, configs, context, &none, None)?);
        }
        let outboxes = sinks.outboxes(&none);
        Ok((sinks, outboxes))
    }

    /// Changes from one configuration to another: replaces only sinks whose section has changed, and starts those anew that could not
    /// be started, because a file of theirs may be there now. A new sink starts when the one that it replaces has ended, so that two
    /// sinks never share a line, file or terminal.
    ///
    /// The replaced ones end as soon as all copies of `outboxes`, which the returned ones replace, are dropped.
    pub(crate) fn change(
        &mut self,
        from: &SinkConfigs,
        to: &SinkConfigs,
        context: &OutputContext,
        outboxes: &Outboxes,
    ) -> Outboxes {
        for kind in Kind::ALL.iter().copied() {
            let has_failed = |running: &Running| running.kind == kind && running.failed.load(Relaxed);
            if from.is_same(to, kind) && !self.running.iter().any(has_failed) {
                continue;
            }
            let place = self.running.iter().position(|running| running.kind == kind);
            let before = place.map(|place| {
                let Running { replaced, thread, .. } = self.running.remove(place);
                // It may write what is queued, but waits for no reader.
                replaced.store(true, Relaxed);
                thread
            });
            if to.get(kind).queue().is_none() {
                self.ending.extend(before);
                continue;
            }
            match self.begin(kind, to, context, outboxes, before) {
                Ok(running) => self.running.extend(running),
                Err(error) => warn(format!("{}: no thread for it: {error}; it stays off", kind.name())),
            }
        }
        self.outboxes(outboxes)
    }

    fn outboxes(&self, before: &Outboxes) -> Outboxes {
        before.with(self.running.iter().map(|running| running.outbox.clone()).collect())
    }

    /// Starts one sink, if the configuration has it, to begin when the one `before` has ended.
    fn begin(
        &self,
        kind: Kind,
        configs: &SinkConfigs,
        context: &OutputContext,
        outboxes: &Outboxes,
        before: Option<JoinHandle<()>>,
    ) -> std::io::Result<Option<Running>> {
        let config = configs.get(kind);
        let Some(capacity) = config.queue() else { return Ok(None) };
        let thread = std::thread::Builder::new().name(kind.name().into()).stack_size(config.stack());
        let (outbox, inbox) = outboxes.queue(capacity, self.lossless && config.is_lossless());
        let (replaced, failed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let has_failed = Arc::clone(&failed);
        let context = OutputContext { replaced: Arc::clone(&replaced), ..context.clone() };
        let configs = configs.clone();
        let body = move || {
            if let Some(before) = before {
                // One that panicked has ended as well.
                let _ = before.join();
            }
            match configs.get(kind).start(&context) {
                Ok(mut sink) => run(&mut *sink, &inbox, &context),
                Err(why) => {
                    has_failed.store(true, Relaxed);
                    warn(format!("{}: {why}; it stays off", kind.name()));
                    // Empty the queue, so that senders do not find it full.
                    while !matches!(inbox.next(Duration::from_secs(3600)), Received::End) {}
                }
            }
        };
        Ok(Some(Running { kind, outbox, replaced, failed, thread: thread.spawn(body)? }))
    }

    /// Drops the sending ends held here, so that the sinks end when the reporting threads have dropped theirs.
    pub(crate) fn close(self) -> Ending {
        let threads = self.running.into_iter().map(|running| running.thread);
        Ending { threads: threads.chain(self.ending).collect() }
    }
}

/// Sinks that are about to end.
#[derive(Debug)]
pub(crate) struct Ending {
    threads: Vec<JoinHandle<()>>,
}

impl Ending {
    /// Whether all have ended.
    pub(crate) fn finished(&self) -> bool {
        self.threads.iter().all(JoinHandle::is_finished)
    }

    /// Waits for the sinks to write what is queued and end, at most `timeout`. A thread that still hangs in a write is left
    /// behind: it ends with the program.
    pub(crate) fn finish(self, timeout: Duration) {
        let end = Instant::now() + timeout;
        while !self.finished() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}
