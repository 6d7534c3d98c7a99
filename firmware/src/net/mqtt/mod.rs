//! The plant's MQTT broker: state and events out, Home Assistant finds the device by itself. Topics: `docs/reference/mqtt.md`.
//!
//! One thread, two tasks on it: one moves the protocol along ([`drive`]), one takes reports from the inbox and hands out
//! what may be sent ([`feed`]). What was sent stays in [`Outgoing`] until the broker has acknowledged it, and is sent again
//! after a break: at least once, in order. While the broker is away, state is only kept at its newest and events in a
//! bounded ring.

mod link;
mod messages;
mod outgoing;

use std::cell::RefCell;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};

use link::{Link, Publisher, Told};
use messages::Messages;
use monitor_wire::AcknowledgedBy;
use outgoing::Outgoing;

use super::Snapshot;
use crate::config::MqttConfig;
use crate::outbox::{Inbox, Received};
use crate::outputs::{Signs, warn};
use crate::report::Report;

/// Time between two looks into the inbox.
const GLANCE: Duration = Duration::from_millis(20);

/// First and longest pause between two attempts to connect.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// What the last messages may take.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Sends reports until there will be no more.
pub fn run(inbox: &Inbox, config: &MqttConfig, signs: &Signs) {
    if let Err(error) = connect_and_feed(inbox, config, signs) {
        warn(format!("mqtt {}: {error}; it stays off", config.host));
        // Whoever sends shall not find a full queue for ever.
        while !matches!(inbox.next(Duration::from_secs(3600)), Received::End) {}
    }
}

fn connect_and_feed(inbox: &Inbox, config: &MqttConfig, signs: &Signs) -> Result<(), String> {
    let messages = Messages::new(config);
    let (mut link, publisher) = link::open(config, &messages)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let outgoing = RefCell::new(Outgoing::new(config.queue as usize));
    runtime.block_on(async {
        tokio::select! {
            () = drive(&mut link, &outgoing, &publisher, &messages, config, signs) => {}
            () = feed(inbox, &outgoing, &publisher, &messages, config, signs) => {}
        }
    });
    Ok(())
}

/// Moves the protocol along, and connects again whenever the broker has gone.
async fn drive(
    link: &mut Link,
    outgoing: &RefCell<Outgoing>,
    publisher: &Publisher,
    messages: &Messages,
    config: &MqttConfig,
    signs: &Signs,
) {
    let mut pause = PAUSES.0;
    let mut warned = false;
    loop {
        match link.poll().await {
            Ok(Told::Connected) => {
                pause = PAUSES.0;
                if std::mem::replace(&mut warned, false) {
                    warn(format!("mqtt {}:{}: there again", config.host, config.port));
                }
                let mut outgoing = outgoing.borrow_mut();
                outgoing.connected();
                outgoing.announce(messages.availability(true));
                if config.acknowledge {
                    publisher.subscribe(messages.acknowledge());
                }
            }
            Ok(Told::Acknowledge(causes)) => signs.alarms.acknowledge(AcknowledgedBy::Mqtt, causes),
            Ok(Told::Acknowledged) => outgoing.borrow_mut().acknowledged(),
            Ok(Told::Other) => {}
            Err(error) => {
                outgoing.borrow_mut().disconnected();
                if !std::mem::replace(&mut warned, true) {
                    warn(format!(
                        "mqtt {}:{}: {error}; trying again until it is there. Are host, port, credentials and ca right?",
                        config.host, config.port
                    ));
                }
                tokio::time::sleep(jittered(pause)).await;
                pause = (pause * 2).min(PAUSES.1);
            }
        }
        send(outgoing, publisher);
    }
}

/// At random from half a pause to the whole of it: devices that lost their broker at one moment come back one after the other.
fn jittered(pause: Duration) -> Duration {
    // The keys of a new hasher are random: enough for this, and no library is needed for it.
    let random = RandomState::new().build_hasher().finish();
    pause.mul_f64(0.5 + 0.5 * random as f64 / u64::MAX as f64)
}

/// Takes reports, and hands out what may be sent.
async fn feed(
    inbox: &Inbox,
    outgoing: &RefCell<Outgoing>,
    publisher: &Publisher,
    messages: &Messages,
    config: &MqttConfig,
    signs: &Signs,
) {
    let mut snapshot = Snapshot::default();
    let mut said = Said::default();
    loop {
        let ended = loop {
            let item = match inbox.next(Duration::ZERO) {
                Received::Item(item) => item,
                Received::Nothing => break false,
                Received::End => break true,
            };
            snapshot.take(&item);
            let happened = matches!(
                item.report,
                Report::StateChange(_) | Report::Alarm(_) | Report::Acknowledged(_) | Report::Gap(_)
            );
            if happened {
                outgoing.borrow_mut().event(messages.event(&item, snapshot.labels()));
            }
        };
        said.say(&mut outgoing.borrow_mut(), &snapshot, messages, config.every_s);
        send(outgoing, publisher);
        if ended {
            break;
        }
        tokio::time::sleep(GLANCE).await;
    }
    outgoing.borrow_mut().announce(messages.availability(false));
    let begun = Instant::now();
    while outgoing.borrow().is_waiting() && begun.elapsed() < LAST_WORDS && !signs.hurry() {
        send(outgoing, publisher);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // An orderly end, by which the broker keeps the last will to itself.
    publisher.disconnect();
    tokio::time::sleep(Duration::from_millis(20)).await;
}

/// What is told at once when it changes: state, alarms, those that are yet to be acknowledged, faults, what is not used.
type News = (String, u32, u32, u8, String);

/// What was said of the device last.
#[derive(Default)]
struct Said {
    /// The labels that were discovered.
    labels: Option<String>,
    /// When, and what.
    state: Option<(Instant, News)>,
}

impl Said {
    /// Says who speaks, if that is new or the broker is, and what is so now, if that has changed or it is time.
    fn say(&mut self, outgoing: &mut Outgoing, now: &Snapshot, messages: &Messages, every_s: f32) {
        if now.who.is_none() {
            return;
        }
        // The broker may have lost what it retained.
        if outgoing.take_fresh() || self.labels.as_deref() != Some(now.labels()) {
            self.labels = Some(now.labels().into());
            messages.discovery(now).into_iter().for_each(|message| outgoing.announce(message));
            self.state = None;
        }
        let not_used = now.not_used().to_owned();
        let newest = (now.state_name(), now.alarms, now.unacknowledged, now.health.microphone, not_used);
        let same = |(at, said): &(Instant, _)| *said == newest && at.elapsed().as_secs_f32() < every_s;
        if !self.state.as_ref().is_some_and(same) {
            self.state = Some((Instant::now(), newest));
            let message = messages.state(now, outgoing.dropped());
            outgoing.latest(message);
        }
    }
}

/// Hands out what may be sent now.
fn send(outgoing: &RefCell<Outgoing>, publisher: &Publisher) {
    outgoing.borrow_mut().send(|message| publisher.publish(message));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_spread_over_their_second_half() {
        let pauses: Vec<f64> = (0..1000).map(|_| jittered(Duration::from_secs(8)).as_secs_f64()).collect();
        assert!(pauses.iter().all(|pause| (4.0..=8.0).contains(pause)));
        for quarter in 0..4 {
            let from = 4.0 + f64::from(quarter);
            let share = pauses.iter().filter(|pause| (from..from + 1.0).contains(*pause)).count();
            assert!((150..350).contains(&share), "{quarter}: {share}");
        }
    }
}
