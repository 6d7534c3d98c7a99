//! The outgoing messages: kept until the broker has acknowledged them, and bounded while there is no connection.

use std::collections::VecDeque;

use super::messages::Message;

/// Most messages in flight: few, so that a slow broker does not cause a long queue in the network.
pub(super) const WINDOW: usize = 16;

/// The messages, in the order in which they are sent.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    connected: bool,
    /// Connected since the last call that queried this.
    fresh: bool,
    /// Availability and discovery: made anew with every connection.
    announcements: VecDeque<Message>,
    /// Events, oldest first.
    events: VecDeque<Message>,
    most: usize,
    dropped: u64,
    /// The state now.
    latest: Option<Message>,
    /// Sent and not acknowledged, with whether it is an event.
    sent: VecDeque<(Message, bool)>,
}

impl Outgoing {
    /// Nothing to send; at most `most` events wait.
    pub(super) fn new(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    /// Marks the broker as connected.
    pub(super) fn connected(&mut self) {
        (self.connected, self.fresh) = (true, true);
    }

    /// Whether the broker has connected since the last call.
    pub(super) fn take_fresh(&mut self) -> bool {
        std::mem::take(&mut self.fresh)
    }

    /// Marks the broker as disconnected: unacknowledged events are sent again, all other messages are created again.
    pub(super) fn disconnected(&mut self) {
        self.connected = false;
        self.announcements.clear();
        let undelivered: Vec<Message> =
            self.sent.drain(..).filter(|(_, event)| *event).map(|(message, _)| message).collect();
        undelivered.into_iter().rev().for_each(|message| self.events.push_front(message));
        self.bound();
    }

    /// Adds a message that is sent once per connection; drops it without a connection.
    pub(super) fn announce(&mut self, message: Message) {
        if self.connected {
            self.announcements.push_back(message);
        }
    }

    /// Adds an event.
    pub(super) fn event(&mut self, message: Message) {
        self.events.push_back(message);
        self.bound();
    }

    /// Replaces the state now.
    pub(super) fn latest(&mut self, message: Message) {
        self.latest = Some(message);
    }

    /// Events dropped so far, the oldest first, because the broker was away for too long.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Removes the oldest message in flight: the broker has acknowledged it.
    pub(super) fn acknowledged(&mut self) {
        self.sent.pop_front();
    }

    /// Whether messages are waiting to be sent or acknowledged while the broker is connected.
    pub(super) fn is_waiting(&self) -> bool {
        let waiting = self.announcements.len() + self.events.len() + usize::from(self.latest.is_some());
        self.connected && waiting + self.sent.len() > 0
    }

    /// Sends messages up to the limit in flight; `publish` returns whether it accepted the message.
    pub(super) fn send(&mut self, mut publish: impl FnMut(&Message) -> bool) {
        while self.connected && self.sent.len() < WINDOW {
            let (message, event) = match self.announcements.pop_front() {
                Some(message) => (message, false),
                None => match self.events.pop_front() {
                    Some(message) => (message, true),
                    None => match self.latest.take() {
                        Some(message) => (message, false),
                        None => return,
                    },
                },
            };
            if publish(&message) {
                self.sent.push_back((message, event));
            } else {
                // The channel is full: send later.
                if event { &mut self.events } else { &mut self.announcements }.push_front(message);
                return;
            }
        }
    }

    fn bound(&mut self) {
        while self.events.len() > self.most {
            self.events.pop_front();
            self.dropped += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> Message {
        Message { topic: "t".into(), payload: text.into(), retain: false }
    }

    fn sent(outgoing: &mut Outgoing) -> String {
        let mut sent = String::new();
        outgoing.send(|message| {
            sent += &message.payload;
            true
        });
        sent
    }

    #[test]
    fn what_the_broker_has_not_acknowledged_is_sent_again_in_order() {
        let mut outgoing = Outgoing::new(10);
        outgoing.connected();
        ["a", "b", "c"].into_iter().for_each(|text| outgoing.event(message(text)));
        assert_eq!(sent(&mut outgoing), "abc");
        outgoing.acknowledged();
        outgoing.disconnected();
        outgoing.event(message("d"));
        assert_eq!(sent(&mut outgoing), "");
        outgoing.connected();
        assert_eq!(sent(&mut outgoing), "bcd");
    }

    #[test]
    fn while_the_broker_is_away_the_newest_events_are_kept_and_the_rest_is_counted() {
        let mut outgoing = Outgoing::new(3);
        ["a", "b", "c", "d", "e"].into_iter().for_each(|text| outgoing.event(message(text)));
        outgoing.latest(message("1"));
        outgoing.latest(message("2"));
        outgoing.connected();
        assert_eq!((outgoing.dropped(), sent(&mut outgoing).as_str()), (2, "cde2"));
    }

    #[test]
    fn no_more_than_the_window_is_on_its_way() {
        let mut outgoing = Outgoing::new(1000);
        outgoing.connected();
        (0..100).for_each(|_| outgoing.event(message("x")));
        assert_eq!(sent(&mut outgoing).len(), WINDOW);
        outgoing.acknowledged();
        assert_eq!(sent(&mut outgoing).len(), 1);
    }
}
