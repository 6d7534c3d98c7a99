//! The connection to the broker, in a thread of its own: subscribes, receives, reconnects.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use anyhow::Context;
use rumqttc::{Client, Connection, Event, MqttOptions, Packet, QoS, SubscribeFilter, Transport};

use super::address::Address;
use super::options::Options;
use super::report::bounded;

/// Longest message that is received, in bytes: a state takes about 1 kB.
const LONGEST: usize = 256 * 1024;

/// Idle time after which the broker is asked whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Time between two attempts to reconnect.
const RETRY: Duration = Duration::from_secs(1);

/// Longest wait for the first connection.
const FIRST: Duration = Duration::from_secs(10);

/// A message of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Update {
    /// The device's name at the broker.
    pub device: String,
    /// Last part of the topic: `availability`, `state` or `event`.
    pub kind: String,
    /// The payload, at most [`LONGEST`] bytes.
    pub payload: Vec<u8>,
    /// Whether the broker had retained it, so that its age is unknown.
    pub retained: bool,
}

/// What happens at the connection.
#[derive(Debug)]
pub(crate) enum Happening {
    /// A message arrived.
    Update(Update),
    /// The broker accepted the connection.
    Connected,
    /// The connection is lost, with the reason; the thread reconnects.
    Lost(String),
}

/// The receiving end of the thread.
#[derive(Debug)]
pub(crate) struct Broker {
    happenings: Receiver<Happening>,
}

impl Broker {
    /// Connects, and waits until the broker accepts.
    ///
    /// # Errors
    /// When an option is wrong, or the broker cannot be reached or rejects the connection. Later, a lost connection is
    /// restored.
    pub(crate) fn connect(address: &Address, options: &Options) -> anyhow::Result<Self> {
        options.validate()?;
        let tls = options.ca.is_some();
        let port = address.port(tls);
        let mut mqtt = MqttOptions::new(client_id(), &address.host, port);
        mqtt.set_keep_alive(KEEP_ALIVE).set_max_packet_size(LONGEST, LONGEST).set_transport(transport(options)?);
        if let Some((user, password)) = options.login()? {
            mqtt.set_credentials(user, password);
        }
        let topics = options.topics();
        let (client, connection) = Client::new(mqtt, topics.len() + 4);
        let (sender, happenings) = sync_channel(1024);
        let prefixes = Prefixes {
            own: options.prefix.iter().map(|prefix| format!("{prefix}/")).collect(),
            discovery: format!("{}/device/", options.discovery),
        };
        std::thread::Builder::new()
            .name("mqtt".into())
            .spawn(move || receive(connection, &client, &topics, &prefixes, &sender))
            .context("there is no thread for the connection to the broker")?;
        let unreachable = || format!("broker {}, port {port}", address.host);
        match happenings.recv_timeout(FIRST) {
            Ok(Happening::Connected) => Ok(Self { happenings }),
            Ok(Happening::Lost(why)) => {
                Err(anyhow::anyhow!("{why}; check host, port, --credentials and --ca")).with_context(unreachable)
            }
            _ => Err(anyhow::anyhow!("no answer within {} s; check host and port", FIRST.as_secs()))
                .with_context(unreachable),
        }
    }

    /// What happens next; `None` if nothing does within `timeout`.
    pub(crate) fn next(&self, timeout: Duration) -> Option<Happening> {
        match self.happenings.recv_timeout(timeout) {
            Ok(happening) => Some(happening),
            Err(RecvTimeoutError::Timeout) => None,
            // The thread never ends before this receiver; if it has, waiting keeps the display from spinning.
            Err(RecvTimeoutError::Disconnected) => {
                std::thread::sleep(timeout);
                None
            }
        }
    }
}

/// A name that no other client has: a broker disconnects the first of two of one name.
fn client_id() -> String {
    // The keys of a new hasher are random.
    format!("host-tools-{:016x}", RandomState::new().build_hasher().finish())
}

/// Drives the protocol until the receiver is gone.
fn receive(
    mut connection: Connection,
    client: &Client,
    topics: &[String],
    prefixes: &Prefixes,
    happenings: &SyncSender<Happening>,
) {
    for event in connection.iter() {
        let happening = match event {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                let filters = topics.iter().map(|topic| SubscribeFilter::new(topic.clone(), QoS::AtLeastOnce));
                // The channel has room: the connection is new.
                let _ = client.try_subscribe_many(filters).is_ok();
                Happening::Connected
            }
            Ok(Event::Incoming(Packet::Publish(message))) => match prefixes.split(&message.topic) {
                Some((device, kind)) => Happening::Update(Update {
                    device: bounded(device),
                    kind: kind.to_owned(),
                    payload: message.payload.to_vec(),
                    retained: message.retain,
                }),
                None => continue,
            },
            Ok(_) => continue,
            Err(error) => {
                if happenings.send(Happening::Lost(bounded(&error.to_string()))).is_err() {
                    return;
                }
                std::thread::sleep(RETRY);
                continue;
            }
        };
        if happenings.send(happening).is_err() {
            return;
        }
    }
}

/// What topics begin with, the `/` included.
struct Prefixes {
    /// Those of the devices.
    own: Vec<String>,
    /// That of their discovery.
    discovery: String,
}

impl Prefixes {
    /// The device and the kind of a topic.
    fn split<'t>(&self, topic: &'t str) -> Option<(&'t str, &'t str)> {
        let is_kind = |kind| matches!(kind, "availability" | "state" | "event");
        let parts = |own: &String| topic.strip_prefix(own)?.split_once('/').filter(|(_, kind)| is_kind(*kind));
        self.own.iter().find_map(parts).or_else(|| {
            let device = topic.strip_prefix(&self.discovery)?.strip_suffix("/config")?;
            (!device.contains('/')).then_some((device, super::discovery::KIND))
        })
    }
}

/// TLS when there are certificates to check the broker's by.
#[cfg(feature = "tls")]
fn transport(options: &Options) -> anyhow::Result<Transport> {
    let Some(path) = &options.ca else { return Ok(Transport::tcp()) };
    let ca = std::fs::read(path).with_context(|| format!("--ca {} cannot be read", crate::console::shown(path)))?;
    // Fails if a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(Transport::tls(ca, None, None))
}

/// Plain TCP: in this build the options' check rejects TLS.
#[cfg(not(feature = "tls"))]
#[allow(clippy::unnecessary_wraps, reason = "as with TLS")]
fn transport(_: &Options) -> anyhow::Result<Transport> {
    Ok(Transport::tcp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_prefix_device_and_kind() {
        let own = vec!["plant/line/".into(), "monitor/".into()];
        let prefixes = Prefixes { own, discovery: "homeassistant/device/".into() };
        let split = |topic: &'static str| prefixes.split(topic);
        assert_eq!(split("monitor/pump-7/event"), Some(("pump-7", "event")));
        assert_eq!(split("plant/line/pump-7/state"), Some(("pump-7", "state")));
        assert_eq!(split("homeassistant/device/pump-7/config"), Some(("pump-7", "model")));
        for other in
            ["plant/line/pump-7/acknowledge", "plant/pump/state", "plant/line/state", "plant/line/a/b/state", ""]
        {
            assert_eq!(split(other), None, "{other}");
        }
    }

    #[test]
    fn names_of_clients_differ() {
        assert_ne!(client_id(), client_id());
    }
}
