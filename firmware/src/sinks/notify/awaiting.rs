//! Messages of alarms that wait for their clips, and whatever was written after them: the order of messages stays.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::notice::Notice;

/// Reports about clips that are remembered: one may arrive before the message of its alarm is written.
const MOST_SETTLED: usize = 64;

/// A message that waits.
#[derive(Debug)]
struct Message {
    notice: Notice,
    /// The alarm whose clip it waits for, by the time of its event; `None` for none.
    alarm: Option<u64>,
    /// When it waits no longer.
    end: Instant,
}

/// The messages that wait, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Awaiting {
    messages: VecDeque<Message>,
    settled: VecDeque<(u64, Option<String>)>,
}

impl Awaiting {
    /// Adds a message; one of an alarm with a clip waits for that for at most `patience`.
    pub(super) fn push(&mut self, notice: Notice, alarm: Option<u64>, patience: Duration) {
        self.messages.push_back(Message { notice, alarm, end: Instant::now() + patience });
    }

    /// Takes the report about the clip of an alarm.
    pub(super) fn settle(&mut self, settled: (u64, Option<String>)) {
        if self.settled.len() == MOST_SETTLED {
            self.settled.pop_front();
        }
        self.settled.push_back(settled);
    }

    /// Takes the oldest message if it waits for nothing any more, or more than `most` wait.
    pub(super) fn pop(&mut self, most: usize) -> Option<Notice> {
        let crowded = self.messages.len() > most;
        let message = self.messages.front_mut()?;
        if let Some(alarm) = message.alarm {
            match self.settled.iter().find(|(settled, _)| *settled == alarm) {
                Some((_, clip)) => message.notice.clip.clone_from(clip),
                None if crowded || Instant::now() >= message.end => {}
                None => return None,
            }
        }
        self.messages.pop_front().map(|message| message.notice)
    }

    /// Whether none waits.
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Takes all messages as they are.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Notice> + use<> {
        std::mem::take(&mut self.messages).into_iter().map(|message| message.notice)
    }

    /// The messages as they are.
    pub(super) fn notices(&self) -> impl Iterator<Item = &Notice> {
        self.messages.iter().map(|message| &message.notice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sinks::notify::sink::tests::notice;

    const LONG: Duration = Duration::from_secs(3600);

    /// The number and the clip of the next message.
    fn next(awaiting: &mut Awaiting, most: usize) -> Option<(String, Option<String>)> {
        awaiting.pop(most).map(|notice| (notice.id, notice.clip))
    }

    #[test]
    fn a_message_waits_for_its_clip_and_those_behind_it_keep_their_order() {
        let mut awaiting = Awaiting::default();
        awaiting.push(notice("a"), Some(7), LONG);
        awaiting.push(notice("b"), None, LONG);
        awaiting.push(notice("c"), Some(8), LONG);
        assert_eq!(next(&mut awaiting, 9), None);
        // One of another alarm, and one that arrives before its message is written.
        awaiting.settle((9, Some("9.wav".into())));
        awaiting.settle((7, Some("7.wav".into())));
        assert_eq!(next(&mut awaiting, 9), Some(("a".into(), Some("7.wav".into()))));
        assert_eq!(next(&mut awaiting, 9), Some(("b".into(), None)));
        assert_eq!(next(&mut awaiting, 9), None);
        awaiting.settle((8, None));
        assert_eq!(next(&mut awaiting, 9), Some(("c".into(), None)));
        awaiting.push(notice("d"), Some(9), LONG);
        assert_eq!(next(&mut awaiting, 9), Some(("d".into(), Some("9.wav".into()))));
    }

    #[test]
    fn patience_and_room_are_bounded() {
        let mut awaiting = Awaiting::default();
        awaiting.push(notice("a"), Some(1), Duration::ZERO);
        assert_eq!(next(&mut awaiting, 9), Some(("a".into(), None)));
        awaiting.push(notice("b"), Some(2), LONG);
        awaiting.push(notice("c"), Some(3), LONG);
        assert_eq!(next(&mut awaiting, 1), Some(("b".into(), None)));
        assert_eq!(next(&mut awaiting, 1), None);
        assert_eq!(awaiting.notices().count(), 1);
        assert_eq!(awaiting.drain().map(|notice| notice.id).collect::<Vec<_>>(), ["c"]);
        (0..100).for_each(|alarm| awaiting.settle((alarm, None)));
        assert_eq!(awaiting.settled.len(), MOST_SETTLED);
    }
}
