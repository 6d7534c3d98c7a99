//! A bounded queue to each sink, so that one that blocks or has gone affects no other.
//!
//! An event that finds the queue full is dropped and counted, and its sequence number is skipped, so that the reader can
//! count the loss. Sending allocates nothing and never waits ([`Outboxes::send`]); only a recording that is played as fast as
//! possible waits for standard output ([`Outboxes::send_or_wait`]), for as long as the caller allows. A sequence number and
//! its place in the queue are assigned under one lock, which is never held while waiting.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use monitor_wire as wire;

use super::probabilities::Pool;
use super::{Event, OutputContext};

/// Time between two attempts to put an event into a full queue.
const POLL_INTERVAL: Duration = Duration::from_millis(1);

/// An event on its way to one sink.
#[derive(Debug, Clone)]
pub struct Item {
    /// Counts what was sent to this sink, dropped events included.
    pub sequence: u32,
    /// Microseconds since the program's start.
    pub time_us: u64,
    /// The event.
    pub event: Event<'static>,
}

impl Item {
    /// The item as a frame of the wire format.
    pub fn frame(&self) -> wire::Frame<'_> {
        wire::Frame { sequence: self.sequence, time_us: self.time_us, message: self.event.message() }
    }
}

#[derive(Debug, Default)]
struct Gauge {
    /// Number of the next report; locked until it is in the queue, so that the order there is that of the numbers.
    sequence: Mutex<u32>,
    waiting: AtomicU32,
}

/// The sending end of one sink's queue.
#[derive(Debug, Clone)]
pub(crate) struct Outbox {
    items: SyncSender<Item>,
    capacity: usize,
    gauge: Arc<Gauge>,
    lossless: bool,
}

/// The receiving end.
#[derive(Debug)]
pub struct Inbox {
    items: Receiver<Item>,
    gauge: Arc<Gauge>,
    dropped: Arc<AtomicU32>,
}

/// The sending ends of all queues; each thread that reports has its own copy.
#[derive(Debug, Clone)]
pub struct Outboxes {
    boxes: Vec<Outbox>,
    start: Instant,
    /// By all sinks since the start, replaced ones included.
    dropped: Arc<AtomicU32>,
    pool: Arc<Pool>,
}

impl Outbox {
    /// Puts an event into the queue; else returns whether the queue is full (`true`) or its sink has ended. The number is
    /// used up only when there is room.
    fn offer(&self, time_us: u64, event: &Event<'static>) -> Result<(), bool> {
        let mut sequence = self.gauge.sequence.lock().unwrap_or_else(PoisonError::into_inner);
        self.gauge.waiting.fetch_add(1, Relaxed);
        let item = Item { sequence: *sequence, time_us, event: event.clone() };
        match self.items.try_send(item) {
            Ok(()) => {
                *sequence = sequence.wrapping_add(1);
                Ok(())
            }
            Err(error) => {
                self.gauge.waiting.fetch_sub(1, Relaxed);
                Err(matches!(error, TrySendError::Full(_)))
            }
        }
    }

    /// Skips the number of an event that found no room.
    fn skip(&self) {
        let mut sequence = self.gauge.sequence.lock().unwrap_or_else(PoisonError::into_inner);
        *sequence = sequence.wrapping_add(1);
    }
}

impl Outboxes {
    /// No sink yet; times count from `start`.
    pub fn new(start: Instant) -> Self {
        Self { boxes: Vec::new(), start, dropped: Arc::default(), pool: Arc::default() }
    }

    /// Adds a queue of `capacity` events. `lossless`: [`send_or_wait`](Self::send_or_wait) waits while it is full.
    pub fn open(&mut self, capacity: usize, lossless: bool) -> Inbox {
        let (outbox, inbox) = self.queue(capacity, lossless);
        self.boxes.push(outbox);
        inbox
    }

    /// A queue that counts with these but is not one of them yet.
    pub(crate) fn queue(&self, capacity: usize, lossless: bool) -> (Outbox, Inbox) {
        let (sender, items) = sync_channel(capacity);
        let gauge = Arc::new(Gauge::default());
        let inbox = Inbox { items, gauge: Arc::clone(&gauge), dropped: Arc::clone(&self.dropped) };
        (Outbox { items: sender, capacity, gauge, lossless }, inbox)
    }

    /// These queues in place of the ones before; what was dropped so far stays counted.
    #[must_use]
    pub(crate) fn with(&self, boxes: Vec<Outbox>) -> Self {
        Self { boxes, start: self.start, dropped: Arc::clone(&self.dropped), pool: Arc::default() }
    }

    /// Sends to all sinks, and waits for none.
    pub fn send(&self, event: &Event<'_>) {
        self.send_or_wait(event, || false);
    }

    /// Sends to all sinks; waits for the lossless ones as long as `wait`, which is called every millisecond while one is
    /// full, returns true.
    pub fn send_or_wait(&self, event: &Event<'_>, mut wait: impl FnMut() -> bool) {
        // Every queue may be full, each sink may hold one event, and this one is on its way.
        let most = self.boxes.iter().map(|outbox| outbox.capacity + 1).sum::<usize>() + 1;
        let event = event.detached(&self.pool, most);
        let time_us = self.start.elapsed().as_micros() as u64;
        for outbox in &self.boxes {
            while let Err(full) = outbox.offer(time_us, &event) {
                if full && outbox.lossless && wait() {
                    std::thread::sleep(POLL_INTERVAL);
                    continue;
                }
                // Counters that a waiting reader does not get are no loss: the next ones include them.
                if !(outbox.lossless && matches!(event, Event::Health(_))) {
                    outbox.skip();
                    self.dropped.fetch_add(1, Relaxed);
                }
                break;
            }
        }
    }

    /// Events dropped so far, by all sinks.
    pub fn dropped(&self) -> u32 {
        self.dropped.load(Relaxed)
    }

    /// Events that wait for the slowest sink.
    pub fn waiting(&self) -> u16 {
        let most = self.boxes.iter().map(|outbox| outbox.gauge.waiting.load(Relaxed)).max().unwrap_or(0);
        most.min(u16::MAX.into()) as u16
    }
}

/// What an inbox has next.
#[derive(Debug)]
pub enum Received {
    /// An event.
    Item(Box<Item>),
    /// Nothing within the time.
    Nothing,
    /// No event will follow: all senders are gone and the queue is empty.
    End,
}

impl Inbox {
    /// Waits for an event, at most `timeout`.
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

    /// `context`, with the events that its sink drops counted together with those that this queue drops.
    pub fn context(&self, context: &OutputContext) -> OutputContext {
        OutputContext { dropped: Arc::clone(&self.dropped), ..context.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(index: u64) -> Event<'static> {
        Event::Gap(wire::Gap { index, lost_frames: 1 })
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
    fn the_numbers_of_reports_wrap() {
        let mut outboxes = Outboxes::new(Instant::now());
        let inbox = outboxes.open(8, false);
        *outboxes.boxes[0].gauge.sequence.lock().unwrap() = u32::MAX - 1;
        (0..4).for_each(|index| outboxes.send(&gap(index)));
        let mut sequences = Vec::new();
        while let Received::Item(item) = inbox.next(Duration::ZERO) {
            sequences.push(item.sequence);
        }
        assert_eq!(sequences, [u32::MAX - 1, u32::MAX, 0, 1]);
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

    #[test]
    fn a_lossless_queue_is_waited_for_only_as_long_as_the_sender_is_wait() {
        let mut outboxes = Outboxes::new(Instant::now());
        let inbox = outboxes.open(1, true);
        outboxes.send(&gap(0));
        let mut asked = 0;
        outboxes.send_or_wait(&gap(1), || {
            asked += 1;
            asked < 5
        });
        // A sender that does not wait returns at once.
        outboxes.send(&gap(2));
        assert_eq!((asked, outboxes.dropped()), (5, 2));
        assert!(matches!(inbox.next(Duration::ZERO), Received::Item(item) if item.sequence == 0));
        outboxes.send(&gap(3));
        assert!(matches!(inbox.next(Duration::ZERO), Received::Item(item) if item.sequence == 3));
    }

    #[test]
    fn two_senders_never_put_a_later_number_before_an_earlier_one() {
        let mut outboxes = Outboxes::new(Instant::now());
        let inbox = outboxes.open(64, true);
        let senders = [outboxes.clone(), outboxes].map(|outboxes| {
            std::thread::spawn(move || (0..2000).for_each(|index| outboxes.send_or_wait(&gap(index), || true)))
        });
        for expected in 0..4000 {
            let Received::Item(item) = inbox.next(Duration::from_secs(10)) else { panic!("nothing came") };
            assert_eq!(item.sequence, expected);
        }
        senders.into_iter().for_each(|sender| sender.join().unwrap());
    }

    #[test]
    fn what_was_dropped_stays_counted_when_the_outputs_are_replaced() {
        let mut outboxes = Outboxes::new(Instant::now());
        let _inbox = outboxes.open(1, false);
        outboxes.send(&gap(0));
        outboxes.send(&gap(1));
        let (fresh, _kept) = outboxes.queue(1, false);
        assert_eq!(outboxes.with(vec![fresh]).dropped(), 1);
    }
}
