//! The messages that wait for one server: bounded, shared by the sink and the channel's thread.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::notice::Notice;

/// How long a message is tried.
pub(super) const MAX_AGE: Duration = Duration::from_secs(24 * 3600);

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<(Notice, Instant)>,
    closed: bool,
}

/// What a channel does next.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    /// Delivers the oldest message, which stays in the queue.
    Message(Box<Notice>),
    /// Counts so many messages that were too old and are gone.
    Expired(u64),
}

/// The queue.
#[derive(Debug)]
pub(super) struct Queue {
    most: usize,
    state: Mutex<State>,
    changed: Condvar,
}

impl Queue {
    /// An empty queue for at most `most` messages.
    pub(super) fn new(most: usize) -> Self {
        Self { most, state: Mutex::default(), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a message; returns how many old ones were dropped to make room.
    pub(super) fn push(&self, notice: Notice) -> u64 {
        let mut state = self.lock();
        state.waiting.push_back((notice, Instant::now()));
        let excess = state.waiting.len().saturating_sub(self.most);
        state.waiting.drain(..excess);
        self.changed.notify_all();
        excess as u64
    }

    /// Waits for `pause`, and then for a message. `None` when the queue is closed.
    pub(super) fn next(&self, pause: Duration) -> Option<Next> {
        let begun = Instant::now();
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            let before = state.waiting.len();
            state.waiting.retain(|(_, since)| since.elapsed() <= MAX_AGE);
            if state.waiting.len() < before {
                return Some(Next::Expired((before - state.waiting.len()) as u64));
            }
            let left = pause.saturating_sub(begun.elapsed());
            match state.waiting.front() {
                Some((notice, _)) if left.is_zero() => return Some(Next::Message(Box::new(notice.clone()))),
                Some(_) => {
                    state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
                }
                None => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// Removes a message that is settled, if it is still there.
    pub(super) fn remove(&self, id: &str) {
        let mut state = self.lock();
        if !state.closed {
            state.waiting.retain(|(notice, _)| notice.id != id);
        }
    }

    /// The messages that wait.
    pub(super) fn waiting(&self) -> Vec<Notice> {
        self.lock().waiting.iter().map(|(notice, _)| notice.clone()).collect()
    }

    /// How many messages wait.
    pub(super) fn len(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Ends the channel's thread, as soon as the present attempt has ended.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sinks::notify::sink::tests::notice;

    #[test]
    fn a_full_queue_drops_the_oldest_and_a_settled_message_leaves_the_others() {
        let queue = Queue::new(3);
        assert_eq!((0..5).map(|number| queue.push(notice(&number.to_string()))).sum::<u64>(), 2);
        let next = || match queue.next(Duration::ZERO) {
            Some(Next::Message(notice)) => notice.id,
            other => panic!("{other:?}"),
        };
        assert_eq!(next(), "2");
        queue.remove("2");
        queue.remove("0");
        assert_eq!((next().as_str(), queue.len()), ("3", 2));
    }

    #[test]
    fn messages_that_waited_for_too_long_are_counted_at_once() {
        let queue = Queue::new(3);
        let Some(past) = Instant::now().checked_sub(MAX_AGE + Duration::from_secs(1)) else { return };
        for id in ["1", "2"] {
            queue.push(notice(id));
        }
        queue.lock().waiting[0].1 = past;
        assert_eq!((queue.next(Duration::ZERO), queue.len()), (Some(Next::Expired(1)), 1));
    }

    #[test]
    fn a_pause_is_kept_and_the_end_comes_at_once() {
        let queue = std::sync::Arc::new(Queue::new(3));
        queue.push(notice("1"));
        let begun = Instant::now();
        assert!(queue.next(Duration::from_millis(80)).is_some() && begun.elapsed() >= Duration::from_millis(80));
        let waiting = std::thread::spawn({
            let queue = std::sync::Arc::clone(&queue);
            move || queue.next(Duration::from_secs(3600)).is_none()
        });
        queue.close();
        assert!(waiting.join().unwrap());
        // What waits is still there to be stored.
        queue.remove("1");
        assert_eq!(queue.waiting().len(), 1);
    }
}
