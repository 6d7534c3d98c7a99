//! The connection in either version of the protocol: the library has a client for each.

use std::time::Duration;

use rumqttc::{AsyncClient, Event, EventLoop, Packet, QoS, v5};

use super::messages::{Message, Messages};
use super::outgoing::WINDOW;
use super::{Config, MqttVersion};
use crate::system::secret_file;

/// Requests between the two tasks: the messages in flight, five subscriptions, and the disconnect.
const CHANNEL: usize = WINDOW + 7;

/// Largest message in bytes, either way: the discovery of a model with hundreds of long class names.
const LARGEST: usize = 512 * 1024;

/// What the connection reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LinkEvent {
    /// The broker has accepted the connection.
    Connected,
    /// The broker has acknowledged the oldest message in flight.
    Delivered,
    /// A message on a topic that was subscribed to.
    Received(Received),
    /// Any other event.
    Other,
}

/// A message from the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Received {
    pub(super) topic: String,
    pub(super) payload: Vec<u8>,
    /// Whether the broker had retained it: it arrives again with every connection.
    pub(super) retained: bool,
}

/// The end that drives the protocol.
pub(super) enum Link {
    V3(Box<EventLoop>),
    V5(Box<v5::EventLoop>),
}

/// The end that publishes.
pub(super) enum Publisher {
    V3(AsyncClient),
    V5(v5::AsyncClient),
}

impl Link {
    /// Waits for the next event, and connects if necessary.
    ///
    /// # Errors
    /// Why there is no connection (any more). Messages in flight are discarded; the caller must send them again.
    pub(super) async fn poll(&mut self) -> Result<LinkEvent, String> {
        match self {
            Self::V3(link) => match link.poll().await {
                Ok(Event::Incoming(Packet::ConnAck(_))) => Ok(LinkEvent::Connected),
                Ok(Event::Incoming(Packet::PubAck(_))) => Ok(LinkEvent::Delivered),
                Ok(Event::Incoming(Packet::Publish(message))) => Ok(LinkEvent::Received(Received {
                    topic: message.topic,
                    payload: message.payload.to_vec(),
                    retained: message.retain,
                })),
                Ok(_) => Ok(LinkEvent::Other),
                Err(error) => {
                    link.clean();
                    link.pending.clear();
                    Err(error.to_string())
                }
            },
            Self::V5(link) => match link.poll().await {
                Ok(v5::Event::Incoming(v5::mqttbytes::v5::Packet::ConnAck(_))) => Ok(LinkEvent::Connected),
                Ok(v5::Event::Incoming(v5::mqttbytes::v5::Packet::PubAck(_))) => Ok(LinkEvent::Delivered),
                Ok(v5::Event::Incoming(v5::mqttbytes::v5::Packet::Publish(message))) => {
                    Ok(LinkEvent::Received(Received {
                        topic: String::from_utf8_lossy(&message.topic).into_owned(),
                        payload: message.payload.to_vec(),
                        retained: message.retain,
                    }))
                }
                Ok(_) => Ok(LinkEvent::Other),
                Err(error) => {
                    link.clean();
                    link.pending.clear();
                    Err(error.to_string())
                }
            },
        }
    }
}

impl Publisher {
    /// Subscribes to a topic.
    pub(super) fn subscribe(&self, topic: String) {
        // The channel has room: the connection is new and subscribes once to each topic.
        let _ = match self {
            Self::V3(client) => client.try_subscribe(topic, QoS::AtLeastOnce).is_ok(),
            Self::V5(client) => client.try_subscribe(topic, v5::mqttbytes::QoS::AtLeastOnce).is_ok(),
        };
    }

    /// Queues a message for the connection; returns `false` if its queue is full.
    pub(super) fn publish(&self, message: &Message) -> bool {
        let (topic, payload, retain) = (message.topic.clone(), message.payload.clone(), message.retain);
        match self {
            Self::V3(client) => client.try_publish(topic, QoS::AtLeastOnce, retain, payload).is_ok(),
            Self::V5(client) => {
                client.try_publish(topic, v5::mqttbytes::QoS::AtLeastOnce, retain, payload.into_bytes()).is_ok()
            }
        }
    }

    /// Disconnects from the broker.
    pub(super) fn disconnect(&self) {
        // Without a connection there is nothing to disconnect.
        let _ = match self {
            Self::V3(client) => client.try_disconnect().is_ok(),
            Self::V5(client) => client.try_disconnect().is_ok(),
        };
    }
}

/// Prepares the connection; it is made by the first [`Link::poll`].
///
/// # Errors
/// When the credentials or certificates cannot be read.
pub(super) fn open(config: &Config, messages: &Messages) -> Result<(Link, Publisher), String> {
    let client_id = format!("acoustic-monitor-{}", messages.device());
    let keep_alive = Duration::from_secs(config.keep_alive_s.into());
    let will = messages.availability(false);
    let credentials = secret_file::credentials(&config.credentials, "mqtt")?;
    let transport = transport(config)?;
    Ok(match config.version {
        MqttVersion::V3 => {
            let mut options = rumqttc::MqttOptions::new(client_id, &config.host, config.port);
            options.set_keep_alive(keep_alive).set_transport(transport).set_inflight(WINDOW as u16);
            options.set_max_packet_size(LARGEST, LARGEST);
            options.set_last_will(rumqttc::LastWill::new(will.topic, will.payload, QoS::AtLeastOnce, true));
            if let Some((user, password)) = credentials {
                options.set_credentials(user, password);
            }
            let (client, link) = AsyncClient::new(options, CHANNEL);
            (Link::V3(Box::new(link)), Publisher::V3(client))
        }
        MqttVersion::V5 => {
            let mut options = v5::MqttOptions::new(client_id, &config.host, config.port);
            options.set_keep_alive(keep_alive).set_transport(transport);
            options.set_outgoing_inflight_upper_limit(WINDOW as u16).set_max_packet_size(Some(LARGEST as u32));
            let qos = v5::mqttbytes::QoS::AtLeastOnce;
            options.set_last_will(v5::mqttbytes::v5::LastWill::new(will.topic, will.payload, qos, true, None));
            if let Some((user, password)) = credentials {
                options.set_credentials(user, password);
            }
            let (client, link) = v5::AsyncClient::new(options, CHANNEL);
            (Link::V5(Box::new(link)), Publisher::V5(client))
        }
    })
}

/// TLS when there are certificates to check the broker's by.
#[cfg(feature = "tls")]
fn transport(config: &Config) -> Result<rumqttc::Transport, String> {
    let path = &config.ca;
    if path.as_os_str().is_empty() {
        return Ok(rumqttc::Transport::tcp());
    }
    let ca = std::fs::read(path).map_err(|error| format!("ca {}: {error}", path.display()))?;
    // Fails if a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(rumqttc::Transport::tls(ca, None, None))
}

/// Plain TCP: in this build the configuration's check rejects TLS.
#[cfg(not(feature = "tls"))]
fn transport(_: &Config) -> Result<rumqttc::Transport, String> {
    Ok(rumqttc::Transport::tcp())
}
