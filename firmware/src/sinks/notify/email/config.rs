//! `[notify.email]`: the mail server, and who gets mail.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::address::{is_address, is_host};
use crate::setting::{InvalidSetting, within};

/// Most recipients: a mailing list is the way to more.
const MOST_RECIPIENTS: usize = 20;

/// How the connection to the mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encryption {
    /// It begins in the clear, and is encrypted before anything else is sent; without that no mail is sent.
    #[default]
    StartTls,
    /// From its beginning.
    Tls,
    /// Not at all.
    None,
}

/// `[notify.email]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EmailConfig {
    /// The mail server's name or address; empty for none.
    pub host: String,
    /// Its port; 0 for the usual one of `encryption`: 587, 465 or 25.
    pub port: u16,
    /// How the connection is encrypted.
    pub encryption: Encryption,
    /// File with the user on the first line and the password on the second; empty for none.
    pub credentials: PathBuf,
    /// Address that messages come from.
    pub from: String,
    /// Addresses that they go to, 1 to 20.
    pub to: Vec<String>,
}

impl EmailConfig {
    /// Whether messages go by mail.
    pub(in super::super) fn is_on(&self) -> bool {
        !self.host.is_empty()
    }

    /// The server's port.
    #[cfg(feature = "notify")]
    pub(super) fn port(&self) -> u16 {
        match (self.port, self.encryption) {
            (0, Encryption::StartTls) => 587,
            (0, Encryption::Tls) => 465,
            (0, Encryption::None) => 25,
            (port, _) => port,
        }
    }

    /// Checks the settings beyond their types.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub(in super::super) fn validate(&self) -> Result<(), InvalidSetting> {
        let refuse = |key, value: &str, remedy| Err(InvalidSetting::Text { key, value: value.into(), remedy });
        if !self.is_on() {
            return Ok(());
        }
        if !is_host(&self.host) {
            let remedy = "give the mail server's name or IP address alone; its port belongs into notify.email.port";
            return refuse("notify.email.host", &self.host, remedy);
        }
        let remedy = "give an address as name@host, without spaces, quotes or brackets";
        if !is_address(&self.from) {
            return refuse("notify.email.from", &self.from, remedy);
        }
        if let Some(address) = self.to.iter().find(|address| !is_address(address)) {
            return refuse("notify.email.to", address, remedy);
        }
        within("notify.email.to (number of addresses)", self.to.len(), 1..=MOST_RECIPIENTS)?;
        if self.encryption == Encryption::None && !self.credentials.as_os_str().is_empty() {
            return Err(InvalidSetting::Conflict(
                "notify.email.credentials would be sent in the clear: set notify.email.encryption to starttls or tls, or remove credentials"
                    .into(),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_used_is_refused_and_nothing_is_checked_without_a_server() {
        let good = EmailConfig {
            host: "mail.plant.example".into(),
            from: "pump-7@plant.example".into(),
            to: vec!["shift@plant.example".into()],
            ..EmailConfig::default()
        };
        good.validate().unwrap();
        EmailConfig { from: "nobody".into(), ..EmailConfig::default() }.validate().unwrap();
        type Change = fn(&mut EmailConfig);
        let wrong: [(&str, Change); 7] = [
            ("notify.email.host", |config| config.host = "smtp://mail".into()),
            ("notify.email.from", |config| config.from = String::new()),
            ("notify.email.from", |config| config.from = "Pump 7 <pump-7@plant.example>".into()),
            ("notify.email.to = \"a@b\\r\\nDATA\"", |config| config.to.push("a@b\\r\\nDATA".into())),
            ("notify.email.to (number of addresses) = 0", |config| config.to.clear()),
            ("notify.email.to (number of addresses) = 21", |config| config.to = vec!["a@b".into(); 21]),
            ("notify.email.credentials", |config| {
                (config.encryption, config.credentials) = (Encryption::None, "/x".into());
            }),
        ];
        for (key, change) in wrong {
            let mut config = good.clone();
            change(&mut config);
            let message = config.validate().unwrap_err().to_string();
            assert!(message.contains(key), "{message}");
        }
    }
}
