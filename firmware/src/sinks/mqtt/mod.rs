//! The plant's MQTT broker: state and events out, Home Assistant finds the device by itself. Topics: `docs/reference/mqtt.md`.
//!
//! One thread: between events, [`client`] drives the protocol for a few milliseconds at a time. What was sent stays in
//! [`outgoing`] until the broker has acknowledged it, and is sent again after a break: at least once, in order. While the
//! broker is away, only the newest state is kept, and events in a bounded ring.

#[cfg(feature = "mqtt")]
mod client;
#[cfg(feature = "mqtt")]
mod command;
mod config;
#[cfg(feature = "mqtt")]
mod discovery;
#[cfg(feature = "mqtt")]
mod former;
#[cfg(feature = "mqtt")]
mod link;
#[cfg(feature = "mqtt")]
mod messages;
#[cfg(feature = "mqtt")]
mod outgoing;

pub use config::{Config, MqttVersion};
