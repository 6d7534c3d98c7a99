//! `[mqtt]`: the broker, and what is sent to it.

use std::net::Ipv6Addr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::reporting::OutputContext;
use crate::setting::{InvalidSetting, within};
use crate::sinks::{QUEUE, Sink, SinkConfig};

/// The version of the protocol that is spoken with the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum MqttVersion {
    /// MQTT 3.1.1.
    #[serde(rename = "3.1.1")]
    V3,
    /// MQTT 5.
    #[default]
    #[serde(rename = "5")]
    V5,
}

/// What topics begin with by default.
pub(super) const PREFIX: &str = "acoustic-monitor";

/// `[mqtt]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The broker's name or address; empty for none.
    pub host: String,
    /// The broker's port.
    pub port: u16,
    /// The protocol's version.
    pub version: MqttVersion,
    /// Name of this device, unique at the broker; empty for the host name.
    pub id: String,
    /// What all topics begin with.
    pub prefix: String,
    /// Prefix of Home Assistant's discovery; empty for none.
    pub discovery: String,
    /// File with the user on the first line and the password on the second; empty for none.
    pub credentials: PathBuf,
    /// File with the certificates (PEM) that the broker's must lead to; empty for no TLS.
    pub ca: PathBuf,
    /// Seconds between two of the same state, 0.1 to 3600; a change is sent at once. Home Assistant takes the device for dead
    /// after twice that and a second.
    pub every_s: f32,
    /// Events that are kept while the broker is away, 1 to 100000; the oldest are dropped first.
    pub queue: u32,
    /// Seconds of silence after which the broker reports the device as offline: 5 to 3600.
    pub keep_alive_s: u16,
    /// Whether alarms can be acknowledged by a message.
    pub acknowledge: bool,
    /// Whether the sensitivity of the alarm by the anomaly score can be set by messages.
    pub set_sensitivity: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            host: String::new(),
            port: 1883,
            version: MqttVersion::V5,
            id: String::new(),
            prefix: PREFIX.into(),
            discovery: "homeassistant".into(),
            credentials: PathBuf::new(),
            ca: PathBuf::new(),
            every_s: 2.0,
            queue: 1000,
            keep_alive_s: 5,
            acknowledge: false,
            set_sensitivity: false,
        }
    }
}

#[cfg(feature = "mqtt")]
impl Config {
    /// The device's name at the broker.
    pub(super) fn device(&self) -> String {
        if !self.id.is_empty() {
            return self.id.clone();
        }
        let host = crate::system::host::name();
        let name: String = host.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
        if name.is_empty() { "monitor".into() } else { name }
    }
}

impl SinkConfig for Config {
    fn queue(&self) -> Option<usize> {
        (!self.host.is_empty()).then_some(QUEUE)
    }

    /// A TLS handshake takes more than writing a line.
    fn stack(&self) -> usize {
        1024 * 1024
    }

    fn validate(&self) -> Result<(), InvalidSetting> {
        within("mqtt.every_s", self.every_s, 0.1..=3600.0)?;
        within("mqtt.queue", self.queue, 1..=100_000)?;
        within("mqtt.keep_alive_s", self.keep_alive_s, 5..=3600)?;
        within("mqtt.port", self.port, 1..=65535)?;
        let refuse = |key, value: &str, remedy| Err(InvalidSetting::Text { key, value: value.into(), remedy });
        if !self.host.is_empty() && !is_host(&self.host) {
            let remedy = "give the broker's name or IP address alone; its port belongs into mqtt.port";
            return refuse("mqtt.host", &self.host, remedy);
        }
        if !self.id.chars().all(is_plain) {
            return refuse("mqtt.id", &self.id, "letters, digits, - and _ only");
        }
        for (key, topic) in [("mqtt.prefix", &self.prefix), ("mqtt.discovery", &self.discovery)] {
            let off = topic.is_empty() && key == "mqtt.discovery";
            if !off && !topic.split('/').all(|part| !part.is_empty() && part.chars().all(is_plain)) {
                return refuse(key, topic, "names of letters, digits, - and _, with / between them");
            }
        }
        if !self.host.is_empty() && !cfg!(feature = "mqtt") {
            return refuse("mqtt.host", &self.host, "this build has no MQTT; build it with the feature mqtt");
        }
        if !self.ca.as_os_str().is_empty() && !cfg!(feature = "tls") {
            let path = self.ca.display().to_string();
            return refuse("mqtt.ca", &path, "this build has no TLS; build it with the feature tls");
        }
        Ok(())
    }

    #[cfg(feature = "mqtt")]
    fn start(&self, context: &OutputContext) -> Result<Box<dyn Sink>, String> {
        super::client::start(self, context)
    }

    #[cfg(not(feature = "mqtt"))]
    fn start(&self, _: &OutputContext) -> Result<Box<dyn Sink>, String> {
        Err("this build has no MQTT".into())
    }
}

/// Whether it is a host's name or an IP address, and neither an URL nor followed by a port.
fn is_host(text: &str) -> bool {
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    match inner.contains(':') {
        true => inner.split('%').next().is_some_and(|address| address.parse::<Ipv6Addr>().is_ok()),
        false => !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c)),
    }
}

/// Whether it may stand in a name of a topic here: Home Assistant takes no others in its own.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

#[cfg(test)]
mod tests {
    use super::is_host;

    #[test]
    fn a_broker_is_a_name_or_an_address_without_scheme_and_port() {
        for host in ["broker", "mqtt.plant.example", "192.168.1.10", "::1", "[::1]", "fe80::1%eth0", "my_pi"] {
            assert!(is_host(host), "{host}");
        }
        for host in ["mqtt://broker", "broker:1883", "192.168.1.10:1883", "my broker", "user@broker", "[::1]:1883", ""]
        {
            assert!(!is_host(host), "{host}");
        }
    }
}
