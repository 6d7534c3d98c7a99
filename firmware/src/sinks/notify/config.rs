//! `[notify]`: which alarms are sent, when, and where to.

use std::path::PathBuf;

use monitor_model::line::Causes;
use serde::{Deserialize, Serialize};

use super::email::EmailConfig;
use super::quiet::Quiet;
use super::url::Url;
use super::zone::zone;
use crate::reporting::OutputContext;
use crate::setting::{InvalidSetting, within};
use crate::sinks::{QUEUE, Sink, SinkConfig};

/// The kind of message that is no cause of alarm.
pub(super) const WARNING: &str = "warning";

/// `[notify]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Name of this device in messages; empty for the host name.
    pub name: String,
    /// Causes of alarm that send a message, by their names.
    pub causes: Vec<String>,
    /// Whether warnings of the anomaly score send one too.
    pub warnings: bool,
    /// Whether the end of an alarm sends one too.
    pub ended: bool,
    /// Seconds after a message in which further ones of the same kind are held back: 0 to 86400.
    pub cooldown_s: u32,
    /// Part of each day in which messages are held back, as `22:00-06:00`; empty for none.
    pub quiet: String,
    /// Causes, or `warning`, that send at these hours too.
    pub urgent: Vec<String>,
    /// Time zone of `quiet` and of times in messages, by name or POSIX rule; empty for the system's.
    pub time_zone: String,
    /// Messages that may wait for each server, 1 to 1000; the oldest are dropped first.
    pub queue: u32,
    /// File with the certificates (PEM) that servers' must lead to; empty for the system's.
    pub ca: PathBuf,
    /// Address that messages link to, e.g. of the device's page; empty for none.
    pub link: String,
    /// Whether the message of an alarm waits for its clip and brings the picture of it.
    pub picture: bool,
    /// `[notify.webhook]`.
    pub webhook: WebhookConfig,
    /// `[notify.ntfy]`.
    pub ntfy: NtfyConfig,
    /// `[notify.email]`.
    pub email: EmailConfig,
}

/// `[notify.webhook]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookConfig {
    /// Address that each message is posted to, as JSON; empty for none.
    pub url: String,
    /// File with the token for the header `Authorization: Bearer`; empty for none.
    pub token_file: PathBuf,
}

/// `[notify.ntfy]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NtfyConfig {
    /// Address of the topic; empty for none.
    pub url: String,
    /// File with the access token; empty for none.
    pub token_file: PathBuf,
    /// Mail address that the ntfy server forwards messages to; empty for none.
    pub email: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: String::new(),
            causes: ["state", "anomaly", "no_sound", "microphone"].map(String::from).to_vec(),
            warnings: false,
            ended: false,
            cooldown_s: 600,
            quiet: String::new(),
            urgent: Vec::new(),
            time_zone: String::new(),
            queue: 100,
            ca: PathBuf::new(),
            link: String::new(),
            picture: false,
            webhook: WebhookConfig::default(),
            ntfy: NtfyConfig::default(),
            email: EmailConfig::default(),
        }
    }
}

impl Config {
    fn is_on(&self) -> bool {
        !self.webhook.url.is_empty() || !self.ntfy.url.is_empty() || self.email.is_on()
    }

    /// Checks the settings that say what is sent and when.
    fn validate_policy(&self) -> Result<(), InvalidSetting> {
        let refuse = |key, value: &str, remedy| Err(InvalidSetting::Text { key, value: value.into(), remedy });
        if let Some(name) = self.causes.iter().find(|name| Causes::named(name).is_none()) {
            return refuse("notify.causes", name, "name causes of alarm: state, anomaly, no_sound, microphone");
        }
        if let Some(name) = self.urgent.iter().find(|name| *name != WARNING && Causes::named(name).is_none()) {
            return refuse(
                "notify.urgent",
                name,
                "name causes of alarm (state, anomaly, no_sound, microphone) or warning",
            );
        }
        within("notify.cooldown_s", self.cooldown_s, 0..=86_400)?;
        within("notify.queue", self.queue, 1..=1000)?;
        if !self.quiet.is_empty() && Quiet::parse(&self.quiet).is_none() {
            return refuse("notify.quiet", &self.quiet, "give two times of the day, e.g. 22:00-06:00");
        }
        if zone(&self.time_zone).is_none() {
            let remedy = "this system has no such zone; give its rule, e.g. CET-1CEST,M3.5.0,M10.5.0/3";
            return refuse("notify.time_zone", &self.time_zone, remedy);
        }
        Ok(())
    }

    /// Checks the addresses. A wrong one is not part of the message: it may contain a secret.
    fn validate_addresses(&self) -> Result<(), InvalidSetting> {
        let refuse = |key, remedy| Err(InvalidSetting::Text { key, value: "...".into(), remedy });
        let keys = [
            ("notify.webhook.url", &self.webhook.url),
            ("notify.ntfy.url", &self.ntfy.url),
            ("notify.link", &self.link),
        ];
        for (key, text) in keys {
            if !text.is_empty() && Url::parse(text).is_none() {
                return refuse(
                    key,
                    "give an address as https://host/path, without user or password; a token belongs into token_file",
                );
            }
        }
        if Url::parse(&self.ntfy.url).is_some_and(|url| !url.has_topic()) {
            return refuse(
                "notify.ntfy.url",
                "its last part is the topic: letters, digits, - and _, e.g. https://ntfy.sh/my-secret-topic",
            );
        }
        if self.is_on() && !cfg!(feature = "notify") {
            return refuse("notify", "this build sends no notifications; build it with the feature notify");
        }
        Ok(())
    }
}

impl SinkConfig for Config {
    fn queue(&self) -> Option<usize> {
        self.is_on().then_some(QUEUE)
    }

    fn validate(&self) -> Result<(), InvalidSetting> {
        self.validate_policy()?;
        self.validate_addresses()?;
        self.email.validate()
    }

    #[cfg(feature = "notify")]
    fn start(&self, context: &OutputContext) -> Result<Box<dyn Sink>, String> {
        super::sink::start(self, context)
    }

    #[cfg(not(feature = "notify"))]
    fn start(&self, _: &OutputContext) -> Result<Box<dyn Sink>, String> {
        Err("this build sends no notifications".into())
    }
}
