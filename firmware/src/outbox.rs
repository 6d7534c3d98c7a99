//! A bounded queue to each output, so that one that blocks or has gone touches nothing but itself.
//!
//! A report that finds the queue full is dropped and counted, and its number in the sequence stays missing, so that the
//! reader knows as well. Sending allocates nothing and never waits; only a recording that is played as fast as possible
//! waits for standard output, since nothing is lost by that.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use shared::wire;

use crate::report::Report;

/// A report on its way to one output.
#[derive(Debug, Clone)]
pub struct Item {
    /// Counts what was sent to this output, dropped ones included.
    pub sequence: u32,
    /// Microseconds since the program's start.
    pub time_us: u64,
    /// What is told.
    pub report: Report,
}

impl Item {
    /// The item as a frame of the wire format.
    pub fn frame(&self) -> wire::Frame<'_> {
        wire::Frame { sequence: self.sequence, time_us: self.time_us, message: self.report.message() }
    }
}

#[derive(Debug, Default)]
struct Gauge {
    sequence: AtomicU32,
    waiting: AtomicU32,
    dropped: AtomicU32,
}

/// The sending end of one output's queue.
#[derive(Debug, Clone)]
struct Outbox {
    items: SyncSender<Item>,
    gauge: Arc<Gauge>,
    lossless: bool,
}

/// The receiving end.
#[derive(Debug)]
pub struct Inbox {
    items: Receiver<Item>,
    gauge: Arc<Gauge>,
}

/// The sending ends of all outputs; each thread that reports has its own copy.
#[derive(Debug, Clone)]
pub struct Outboxes {
    boxes: Vec<Outbox>,
    start: Instant,
}

impl Outboxes {
    /// No output yet; times count from `start`.
    pub fn new(start: Instant) -> Self {
        Self { boxes: Vec::new(), start }
    }

    /// Adds an output whose queue takes `capacity` reports. `lossless`: the sender waits when it is full.
    pub fn open(&mut self, capacity: usize, lossless: bool) -> Inbox {
        let (sender, items) = sync_channel(capacity);
        let gauge = Arc::new(Gauge::default());
        self.boxes.push(Outbox { items: sender, gauge: Arc::clone(&gauge), lossless });
        Inbox { items, gauge }
    }

    /// Tells all outputs.
    pub fn send(&self, report: &Report) {
        let time_us = self.start.elapsed().as_micros() as u64;
        for outbox in &self.boxes {
            let sequence = outbox.gauge.sequence.fetch_add(1, Relaxed);
            let item = Item { sequence, time_us, report: report.clone() };
            outbox.gauge.waiting.fetch_add(1, Relaxed);
            let sent =
                if outbox.lossless { outbox.items.send(item).is_ok() } else { outbox.items.try_send(item).is_ok() };
            if !sent {
                outbox.gauge.waiting.fetch_sub(1, Relaxed);
                outbox.gauge.dropped.fetch_add(1, Relaxed);
            }
        }
    }

    /// Reports dropped so far, of all outputs.
    pub fn dropped(&self) -> u32 {
        self.boxes.iter().map(|outbox| outbox.gauge.dropped.load(Relaxed)).fold(0, u32::saturating_add)
    }

    /// Reports that wait for the slowest output.
    pub fn waiting(&self) -> u16 {
        let most = self.boxes.iter().map(|outbox| outbox.gauge.waiting.load(Relaxed)).max().unwrap_or(0);
        most.min(u16::MAX.into()) as u16
    }
}

/// What an inbox has.
#[derive(Debug)]
pub enum Received {
    /// A report.
    Item(Box<Item>),
    /// Nothing within the time.
    Nothing,
    /// Nothing ever again: all senders are gone and the queue is empty.
    End,
}

impl Inbox {
    /// Waits for a report, at most `timeout`.
    pub fn next(&self, timeout: Duration) -> Received {
        match self.items.recv_timeout(timeout) {
            Ok(item) => {
                self.gauge.waiting.fetch_sub(1, Relaxed);
                Received::Item(Box::new(item))
            }
            Err(RecvTimeoutError::Timeout) => Received::Nothing,
            Err(RecvTimeoutError::Disconnected) => Received::End,
        }
    }

    /// Counts a report that the output took from the queue but could not write.
    pub fn count_dropped(&self) {
        self.gauge.dropped.fetch_add(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(index: u64) -> Report {
        Report::Gap(wire::Gap { index, lost_frames: 1 })
    }

    #[test]
    fn a_full_queue_drops_counts_and_leaves_a_hole_in_the_sequence() {
        let mut outboxes = Outboxes::new(Instant::now());
        let inbox = outboxes.open(2, false);
        for index in 0..4 {
            outboxes.send(&gap(index));
        }
        assert_eq!((outboxes.dropped(), outboxes.waiting()), (2, 2));
        let mut sequences = Vec::new();
        while let Received::Item(item) = inbox.next(Duration::ZERO) {
            sequences.push(item.sequence);
        }
        outboxes.send(&gap(9));
        let Received::Item(item) = inbox.next(Duration::ZERO) else { panic!("nothing came") };
        sequences.push(item.sequence);
        assert_eq!(sequences, [0, 1, 4]);
    }

    #[test]
    fn an_output_that_is_gone_does_not_hold_up_the_others() {
        let mut outboxes = Outboxes::new(Instant::now());
        drop(outboxes.open(2, true));
        let alive = outboxes.open(2, false);
        outboxes.send(&gap(0));
        assert!(matches!(alive.next(Duration::ZERO), Received::Item(_)));
    }

    #[test]
    fn the_end_comes_after_the_last_report() {
        let mut outboxes = Outboxes::new(Instant::now());
        let inbox = outboxes.open(2, false);
        outboxes.send(&gap(0));
        drop(outboxes);
        assert!(matches!(inbox.next(Duration::from_secs(1)), Received::Item(_)));
        assert!(matches!(inbox.next(Duration::from_secs(1)), Received::End));
    }
}
