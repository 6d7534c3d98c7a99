//! The sink: decides when messages are sent, and keeps the connection to the broker.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use monitor_core::anomaly::Zone;
use monitor_wire::{AcknowledgedBy, Trend};

use super::Config;
use super::command::Command;
use super::discovery::Schedule;
use super::link::{self, Link, LinkEvent, Publisher, Received};
use super::messages::Messages;
use super::outgoing::Outgoing;
use crate::alarms::Alarms;
use crate::alarms::sensitivity::Values;
use crate::reporting::{Event, Item, OutputContext, Snapshot};
use crate::sinks::Sink;
use crate::system::messages::warn;
use crate::system::pause::jittered;

/// How long the protocol is driven between two looks at the queue of events.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// First and longest pause between two attempts to connect.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// Time limit for sending the last messages at the end.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);

/// Prepares the client; it connects when it is first polled.
///
/// # Errors
/// When credentials or certificates cannot be read, or there is no runtime.
pub(super) fn start(config: &Config, context: &OutputContext) -> Result<Box<dyn Sink>, String> {
    let messages = Messages::new(config);
    let (link, publisher) = link::open(config, &messages)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
    let session = Rc::new(Session {
        outgoing: RefCell::new(Outgoing::new(config.queue as usize)),
        discovery: RefCell::new(Schedule::default()),
        config: config.clone(),
        messages,
        publisher,
        alarms: Arc::clone(&context.alarms),
        leaving: Cell::new(false),
        refusing: Cell::new(false),
    });
    let connection = Box::pin(Rc::clone(&session).drive(link));
    let runtime = runtime.map_err(|error| error.to_string())?;
    Ok(Box::new(Client { runtime, connection, session, published: Published::default() }))
}

/// The sink.
struct Client {
    runtime: tokio::runtime::Runtime,
    /// [`Session::drive`], which never ends.
    connection: Pin<Box<dyn Future<Output = ()>>>,
    session: Rc<Session>,
    published: Published,
}

impl Client {
    /// Drives the protocol for a while.
    fn drive(&mut self, time: Duration) {
        self.runtime.block_on(async {
            tokio::select! {
                () = &mut self.connection => {}
                () = tokio::time::sleep(time) => {}
            }
        });
    }
}

impl Sink for Client {
    /// [`poll`](Self::poll) does the waiting.
    fn poll_interval(&self) -> Duration {
        Duration::ZERO
    }

    fn poll(&mut self, context: &OutputContext) {
        self.published.update(&self.session, &context.snapshot);
        self.session.send();
        self.drive(POLL_INTERVAL);
    }

    fn handle(&mut self, item: &Item, context: &OutputContext) {
        let is_event = matches!(
            item.event,
            Event::StateChange(_) | Event::Alarm(_) | Event::Warning(_) | Event::Acknowledged(_) | Event::Gap(_)
        );
        if is_event {
            let message = self.session.messages.event(item, context.snapshot.labels());
            self.session.outgoing.borrow_mut().event(message);
        }
    }

    fn finish(&mut self, context: &OutputContext) {
        self.published.update(&self.session, &context.snapshot);
        let session = Rc::clone(&self.session);
        session.outgoing.borrow_mut().announce(session.messages.availability(false));
        let begun = Instant::now();
        while session.outgoing.borrow().is_waiting() && begun.elapsed() < SHUTDOWN_TIMEOUT && !context.hurry() {
            session.send();
            self.drive(Duration::from_millis(5));
        }
        // After a disconnect the broker does not publish the last will. It closes the connection, which is not an error here.
        session.leaving.set(true);
        session.publisher.disconnect();
        self.drive(POLL_INTERVAL);
    }
}

/// The state shared by the sink and the connection, within one thread.
struct Session {
    config: Config,
    messages: Messages,
    publisher: Publisher,
    outgoing: RefCell<Outgoing>,
    /// When this device is announced to Home Assistant.
    discovery: RefCell<Schedule>,
    alarms: Arc<Alarms>,
    /// Whether a disconnect is requested.
    leaving: Cell<bool>,
    /// Whether the last message could not be used.
    refusing: Cell<bool>,
}

impl Session {
    /// Drives the protocol, and reconnects whenever the connection is lost.
    async fn drive(self: Rc<Self>, mut link: Link) {
        let (host, port) = (&self.config.host, self.config.port);
        let mut pause = PAUSES.0;
        let mut warned = false;
        loop {
            match link.poll().await {
                Ok(LinkEvent::Connected) => {
                    pause = PAUSES.0;
                    if std::mem::replace(&mut warned, false) {
                        warn(format!("mqtt {host}:{port}: there again"));
                    }
                    self.connected();
                }
                Ok(LinkEvent::Received(message)) => self.received(&message),
                Ok(LinkEvent::Delivered) => self.outgoing.borrow_mut().acknowledged(),
                Ok(LinkEvent::Other) => {}
                Err(_) if self.leaving.get() => std::future::pending().await,
                Err(error) => {
                    self.outgoing.borrow_mut().disconnected();
                    if !std::mem::replace(&mut warned, true) {
                        warn(format!(
                            "mqtt {host}:{port}: {error}; trying again until it is there. Are host, port, credentials and \
                             ca right?"
                        ));
                    }
                    tokio::time::sleep(jittered(pause)).await;
                    pause = (pause * 2).min(PAUSES.1);
                }
            }
            self.send();
        }
    }

    fn connected(&self) {
        let mut outgoing = self.outgoing.borrow_mut();
        outgoing.connected();
        outgoing.announce(self.messages.availability(true));
        if self.config.acknowledge {
            self.publisher.subscribe(self.messages.acknowledge());
        }
        if self.config.set_sensitivity {
            self.publisher.subscribe(self.messages.set("+"));
        }
        if self.messages.has_discovery() {
            self.publisher.subscribe(self.messages.status());
            self.publisher.subscribe(self.messages.former_topics());
            self.discovery.borrow_mut().connected(Instant::now());
        }
        if let Some(topics) = self.messages.former_retained() {
            self.publisher.subscribe(topics);
        }
    }

    /// Performs the request of a message.
    fn received(&self, message: &Received) {
        if self.messages.is_started(message) {
            return self.discovery.borrow_mut().started(Instant::now(), jittered);
        }
        if self.messages.is_former(message) {
            return self.discovery.borrow_mut().found(message.topic.clone(), Instant::now());
        }
        if let Some(messages) = self.messages.replace_former(message) {
            messages.into_iter().for_each(|message| self.outgoing.borrow_mut().announce(message));
            return;
        }
        let done = match Command::read(self.messages.base(), message) {
            Ok(Some(Command::Acknowledge(causes))) => {
                self.alarms.acknowledge(AcknowledgedBy::Mqtt, causes);
                Ok(())
            }
            Ok(Some(Command::Set(setting, value))) => {
                self.alarms.sensitivity.set(setting, value).map_err(|error| error.to_string())
            }
            Ok(None) => Ok(()),
            Err(refused) => Err(refused),
        };
        // Once, until a message can be used: a client that repeats itself does not fill the log.
        let refused = done.is_err();
        if let Err(why) = done
            && !self.refusing.get()
        {
            warn(format!("mqtt {why}"));
        }
        self.refusing.set(refused);
    }

    /// Sends the messages that may be sent now.
    fn send(&self) {
        self.outgoing.borrow_mut().send(|message| self.publisher.publish(message));
    }
}

/// The values whose change is published at once.
#[derive(Debug, PartialEq)]
struct Urgent {
    state: String,
    alarms: u32,
    warning: bool,
    zone: Option<Zone>,
    trend: Trend,
    unacknowledged: u32,
    microphone: u8,
    rejected_updates: Vec<String>,
    sensitivity: Option<Values>,
}

/// The last published values.
#[derive(Default)]
struct Published {
    /// The labels of the discovery.
    labels: Option<Vec<String>>,
    /// Time and content of the last state message.
    state: Option<(Instant, Urgent)>,
}

impl Published {
    /// Publishes the discovery, if the labels are new or it is due, and the state, if it has changed or it is time.
    fn update(&mut self, session: &Session, now: &Snapshot) {
        let Some(device) = &now.device else { return };
        let outgoing = &mut *session.outgoing.borrow_mut();
        // The broker may have lost what it retained.
        let is_fresh = outgoing.take_fresh();
        let is_new = self.labels.as_deref().is_some_and(|labels| *labels != *device.labels);
        let due = session.discovery.borrow_mut().take(Instant::now());
        if due.is_some() || is_new {
            let messages = session.messages.announcement(now, &due.unwrap_or_default());
            messages.into_iter().for_each(|message| outgoing.announce(message));
        }
        if is_fresh || is_new || self.labels.is_none() {
            self.labels = Some(device.labels.to_vec());
            self.state = None;
        }
        let newest = Urgent {
            state: now.state_name(),
            alarms: now.alarms,
            warning: now.warning,
            zone: now.zone,
            trend: now.trend(),
            unacknowledged: now.unacknowledged,
            microphone: now.health.microphone,
            rejected_updates: now.rejected_updates().to_vec(),
            sensitivity: session.alarms.sensitivity.now(),
        };
        let is_same = |(at, published): &(Instant, Urgent)| {
            *published == newest && at.elapsed().as_secs_f32() < session.config.every_s
        };
        if !self.state.as_ref().is_some_and(is_same) {
            let message = session.messages.state(now, outgoing.dropped(), newest.sensitivity);
            self.state = Some((Instant::now(), newest));
            outgoing.latest(message);
        }
    }
}
