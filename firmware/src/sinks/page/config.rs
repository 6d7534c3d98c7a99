//! `[page]`: the address of the page, and who may use it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::reporting::OutputContext;
use crate::setting::InvalidSetting;
use crate::sinks::{Sink, SinkConfig};

/// Events that may wait for the page's thread.
const PAGE_QUEUE: usize = 64;

/// Who may look at the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Look {
    /// Whoever has the password.
    #[default]
    Password,
    /// Everybody who reaches the address. Operating still takes the password.
    Open,
}

/// Which models the page takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Uploads {
    /// None.
    Off,
    /// Those with a good signature by `listen.public_key`.
    #[default]
    Signed,
    /// Unsigned ones too, unless `listen.require_signature` is set.
    Any,
}

/// `[page]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Whether there is a page.
    pub enabled: bool,
    /// Address and port that it listens on.
    pub listen: SocketAddr,
    /// File with the certificate of HTTPS and those between it and the authority (PEM); empty for HTTP.
    pub certificate: PathBuf,
    /// File with the key of that certificate (PEM).
    pub key: PathBuf,
    /// Argon2 hash of the password in PHC format; empty for a random password in the state directory.
    pub password_hash: String,
    /// Who may look at the page.
    pub look: Look,
    /// Whether those who operate may listen to the sound.
    pub live_sound: bool,
    /// Which models the page takes.
    pub uploads: Uploads,
}

impl Default for Config {
    fn default() -> Self {
        let listen = (Ipv4Addr::LOCALHOST, 8080).into();
        Self {
            enabled: false,
            listen,
            certificate: PathBuf::new(),
            key: PathBuf::new(),
            password_hash: String::new(),
            look: Look::Password,
            live_sound: false,
            uploads: Uploads::Signed,
        }
    }
}

impl Config {
    /// Whether it is served over TLS.
    #[cfg(feature = "page")]
    pub(super) fn has_tls(&self) -> bool {
        !self.certificate.as_os_str().is_empty()
    }

    /// Checks the files without which the page would not start.
    ///
    /// # Errors
    /// When certificate or key cannot be read or used.
    #[cfg(feature = "page")]
    pub(crate) fn check_files(&self) -> Result<(), String> {
        if self.enabled { super::tls::Tls::new(self).map(drop) } else { Ok(()) }
    }

    /// Whether sound is passed on to be listened to.
    pub(crate) fn has_live_sound(&self) -> bool {
        self.enabled && self.live_sound
    }
}

impl SinkConfig for Config {
    fn queue(&self) -> Option<usize> {
        self.enabled.then_some(PAGE_QUEUE)
    }

    #[cfg(feature = "page")]
    fn validate(&self) -> Result<(), InvalidSetting> {
        if self.has_tls() == self.key.as_os_str().is_empty() {
            let why = "page.certificate and page.key belong together: set both for HTTPS, or neither";
            return Err(InvalidSetting::Conflict(why.into()));
        }
        if self.has_tls() && !cfg!(feature = "page-tls") {
            return Err(InvalidSetting::Text {
                key: "page.certificate",
                value: self.certificate.display().to_string(),
                remedy: "this build has no TLS for the page; build it with the feature page-tls",
            });
        }
        if self.password_hash.is_empty() || super::access::password::is_usable(&self.password_hash) {
            return Ok(());
        }
        Err(InvalidSetting::Text {
            key: "page.password_hash",
            value: self.password_hash.clone(),
            remedy: "give what `firmware hash-password` prints: an argon2 hash of at most 64 MiB and 16 passes",
        })
    }

    #[cfg(not(feature = "page"))]
    fn validate(&self) -> Result<(), InvalidSetting> {
        if !self.enabled {
            return Ok(());
        }
        let remedy = "this build has no page; build it with the feature page";
        Err(InvalidSetting::Text { key: "page.enabled", value: "true".into(), remedy })
    }

    #[cfg(feature = "page")]
    fn start(&self, context: &OutputContext) -> Result<Box<dyn Sink>, String> {
        super::sink::start(self, context)
    }

    #[cfg(not(feature = "page"))]
    fn start(&self, _: &OutputContext) -> Result<Box<dyn Sink>, String> {
        Err("this build has no page".into())
    }
}
