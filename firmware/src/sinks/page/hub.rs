//! The browsers that follow live: a bounded queue for each, filled by the sink's thread, which waits for none.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::reporting::PageCounters;

/// Browsers that may follow at a time.
const MOST: usize = 64;

/// Messages that may wait for one browser: about 10 s of them.
const QUEUE: usize = 64;

/// What a message is about, as far as browsers choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    /// For every browser.
    Event,
    /// Columns of the spectrogram, for those that draw it.
    Columns,
}

/// A browser that follows.
struct Follower {
    messages: Sender<Bytes>,
    /// Messages that found its queue full since the last that did not.
    lost: u64,
    columns: bool,
}

impl Follower {
    /// Queues a message; returns whether the browser is still there. Before the first message after a loss, the number of
    /// lost ones is queued.
    fn offer(&mut self, message: &Bytes, counters: &PageCounters) -> bool {
        if self.lost > 0 && self.messages.try_send(encode("lost", &self.lost.to_string())).is_ok() {
            self.lost = 0;
        }
        let sent = if self.lost > 0 { Err(TrySendError::Full(())) } else { self.try_send(message) };
        match sent {
            Ok(()) => true,
            Err(TrySendError::Closed(())) => false,
            Err(TrySendError::Full(())) => {
                self.lost += 1;
                counters.lost_events.fetch_add(1, Relaxed);
                !self.messages.is_closed()
            }
        }
    }

    fn try_send(&self, message: &Bytes) -> Result<(), TrySendError<()>> {
        self.messages.try_send(message.clone()).map_err(|error| match error {
            TrySendError::Full(_) => TrySendError::Full(()),
            TrySendError::Closed(_) => TrySendError::Closed(()),
        })
    }
}

/// All browsers that follow.
pub(super) struct Hub {
    followers: Mutex<Vec<Follower>>,
    counters: Arc<PageCounters>,
    /// Whether inference is to pass columns on.
    columns_wanted: Arc<AtomicBool>,
}

impl Hub {
    pub(super) fn new(counters: Arc<PageCounters>, columns_wanted: Arc<AtomicBool>) -> Self {
        Self { followers: Mutex::default(), counters, columns_wanted }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Follower>> {
        self.followers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a browser, whose first messages are `first`; `None` when there are too many already.
    pub(super) fn follow(&self, columns: bool, first: impl IntoIterator<Item = Bytes>) -> Option<Receiver<Bytes>> {
        let mut followers = self.lock();
        followers.retain(|follower| !follower.messages.is_closed());
        if followers.len() >= MOST {
            return None;
        }
        let (messages, receiver) = channel(QUEUE);
        let mut follower = Follower { messages, lost: 0, columns };
        for message in first {
            // The queue is longer than what it begins with.
            follower.offer(&message, &self.counters);
        }
        followers.push(follower);
        self.count(&followers);
        Some(receiver)
    }

    /// Queues a message for the browsers that want it, and forgets those that have gone.
    pub(super) fn send(&self, topic: Topic, message: &Bytes) {
        let mut followers = self.lock();
        followers.retain_mut(|follower| {
            if topic == Topic::Columns && !follower.columns {
                return !follower.messages.is_closed();
            }
            follower.offer(message, &self.counters)
        });
        self.count(&followers);
    }

    /// Ends all streams.
    pub(super) fn close(&self) {
        let mut followers = self.lock();
        followers.clear();
        self.count(&followers);
    }

    fn count(&self, followers: &[Follower]) {
        self.counters.followers.store(followers.len() as u64, Relaxed);
        self.columns_wanted.store(followers.iter().any(|follower| follower.columns), Relaxed);
    }
}

/// A message as server-sent events have it: <https://html.spec.whatwg.org/multipage/server-sent-events.html>. `data` is one
/// line.
pub(super) fn encode(event: &str, data: &str) -> Bytes {
    format!("event: {event}\ndata: {data}\n\n").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_browser_loses_messages_alone_and_learns_how_many() {
        let counters = Arc::<PageCounters>::default();
        let hub = Hub::new(Arc::clone(&counters), Arc::default());
        let mut slow = hub.follow(false, []).unwrap();
        let mut fast = hub.follow(false, []).unwrap();
        for number in 0..QUEUE + 3 {
            hub.send(Topic::Event, &encode("n", &number.to_string()));
            assert!(fast.try_recv().is_ok());
        }
        assert_eq!(counters.lost_events.load(Relaxed), 3);
        (0..QUEUE).for_each(|_| drop(slow.try_recv().unwrap()));
        hub.send(Topic::Event, &encode("n", "last"));
        assert_eq!(slow.try_recv().unwrap(), encode("lost", "3"));
        assert_eq!(slow.try_recv().unwrap(), encode("n", "last"));
    }

    #[test]
    fn columns_are_wanted_only_while_a_browser_draws_them_and_browsers_are_bounded() {
        let (counters, wanted) = (Arc::<PageCounters>::default(), Arc::<AtomicBool>::default());
        let hub = Hub::new(Arc::clone(&counters), Arc::clone(&wanted));
        let mut plain = hub.follow(false, []).unwrap();
        assert!(!wanted.load(Relaxed));
        let drawing = hub.follow(true, []).unwrap();
        hub.send(Topic::Columns, &encode("columns", "!"));
        assert!(wanted.load(Relaxed) && plain.try_recv().is_err());
        drop(drawing);
        hub.send(Topic::Event, &encode("n", "1"));
        assert!(!wanted.load(Relaxed));
        let held: Vec<_> = std::iter::from_fn(|| hub.follow(false, [])).collect();
        assert_eq!((held.len(), counters.followers.load(Relaxed)), (MOST - 1, MOST as u64));
    }
}
