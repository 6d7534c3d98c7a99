//! Delivers a message to the mail server of the configuration.

use std::io::{Read, Write};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use super::message::mail;
use super::smtp::{Dialogue, Fault};
use super::stream::Timed;
use super::{EmailConfig, Encryption};
use crate::sinks::notify::client::tls;
use crate::sinks::notify::notice::Notice;
use crate::sinks::notify::request::Outcome;
use crate::system::messages::warn;
use crate::system::secret_file;

/// A mail server takes longer than one of HTTP: it looks up the sender, and many wait before they greet.
const TIMES: u32 = 3;

/// The way to a mail server.
pub(in super::super) struct Mailer {
    config: EmailConfig,
    /// User and password; neither is ever part of a message.
    credentials: Option<(String, String)>,
    tls: Arc<ClientConfig>,
    timeout: Duration,
}

impl Mailer {
    /// The way to the server; `None` where the configuration has none. An attempt takes at most three times `timeout`.
    ///
    /// # Errors
    /// When certificates or the password cannot be read.
    pub(in super::super) fn new(config: &EmailConfig, ca: &Path, timeout: Duration) -> Result<Option<Self>, String> {
        if !config.is_on() {
            return Ok(None);
        }
        let credentials = secret_file::credentials(&config.credentials, "notify email")?;
        Ok(Some(Self { config: config.clone(), credentials, tls: tls(ca)?, timeout: timeout * TIMES }))
    }

    /// The server's name.
    pub(in super::super) fn host(&self) -> &str {
        &self.config.host
    }

    /// Sends the message, the picture as an attachment. Only what the server says about the whole mail refuses it: a wrong
    /// password or address may be mended.
    pub(in super::super) fn send(&self, notice: &Notice, picture: Option<&[u8]>) -> Outcome {
        let mail = mail(notice, &self.config.from, &self.config.to, picture);
        match self.connect(&mail) {
            Ok(()) => Outcome::Delivered,
            Err((Fault::Reply(code @ 500.., text), Stage::Mail)) => Outcome::Refused(Fault::Reply(code, text).why()),
            Err((fault, _)) => Outcome::Failed(fault.why(), None),
        }
    }

    fn connect(&self, mail: &str) -> Result<(), (Fault, Stage)> {
        let before = |fault| (fault, Stage::Before);
        let stream = self.open().map_err(before)?;
        let own = stream.own_address().map_err(|error| before(error.into()))?;
        match self.config.encryption {
            Encryption::None => self.deliver(Dialogue::new(stream), true, own, mail),
            Encryption::Tls => self.deliver(Dialogue::new(self.encrypt(stream).map_err(before)?), true, own, mail),
            Encryption::StartTls => {
                let stream = start_tls(Dialogue::new(stream), own).map_err(before)?;
                self.deliver(Dialogue::new(self.encrypt(stream).map_err(before)?), false, own, mail)
            }
        }
    }

    fn open(&self) -> Result<Timed, Fault> {
        Ok(Timed::connect(&self.config.host, self.config.port(), Instant::now() + self.timeout)?)
    }

    fn encrypt(&self, stream: Timed) -> Result<StreamOwned<ClientConnection, Timed>, Fault> {
        let fault = |why: String| Fault::Connection(why);
        let name = ServerName::try_from(self.config.host.clone()).map_err(|error| fault(error.to_string()))?;
        let connection =
            ClientConnection::new(Arc::clone(&self.tls), name).map_err(|error| fault(error.to_string()))?;
        Ok(StreamOwned::new(connection, stream))
    }

    /// One mail over a connection; with `greeting` the server speaks first.
    fn deliver<S: Read + Write>(
        &self,
        mut server: Dialogue<S>,
        greeting: bool,
        own: IpAddr,
        mail: &str,
    ) -> Result<(), (Fault, Stage)> {
        let refused = self.envelope(&mut server, greeting, own).map_err(|fault| (fault, Stage::Before))?;
        server
            .send(format!("{mail}.\r\n").as_bytes())
            .and_then(|()| server.reply(2))
            .map_err(|fault| (fault, Stage::Mail))?;
        // It has the mail: what it says to the end does not matter.
        let _ = server.command("QUIT", 2);
        if let Some((count, fault)) = refused {
            let (all, host) = (self.config.to.len(), self.host());
            warn(format!("notify email {host}: {count} of {all} recipients get no mail: {}", fault.why()));
        }
        Ok(())
    }

    /// Everything before the mail itself; returns how many recipients the server refuses, and why the first, where it takes
    /// another.
    fn envelope<S: Read + Write>(
        &self,
        server: &mut Dialogue<S>,
        greeting: bool,
        own: IpAddr,
    ) -> Result<Option<(usize, Fault)>, Fault> {
        if greeting {
            server.reply(2)?;
        }
        let extensions = server.hello(&literal(own))?;
        if let Some((user, password)) = &self.credentials {
            server.authenticate(&extensions, user, password)?;
        }
        server.command(&format!("MAIL FROM:<{}>", self.config.from), 2)?;
        let mut refused = None;
        for to in &self.config.to {
            match server.command(&format!("RCPT TO:<{to}>"), 2) {
                Ok(_) => {}
                Err(fault @ Fault::Connection(_)) => return Err(fault),
                Err(fault) => refused = refused.map_or(Some((1, fault)), |(count, first)| Some((count + 1, first))),
            }
        }
        match refused {
            Some((count, fault)) if count == self.config.to.len() => Err(fault),
            refused => server.command("DATA", 3).map(|_| refused),
        }
    }
}

/// What the server was answering.
enum Stage {
    Before,
    /// The whole mail.
    Mail,
}

/// Asks for encryption in a connection that begins in the clear. Nothing else is sent without it.
fn start_tls<S: Read + Write>(mut server: Dialogue<S>, own: IpAddr) -> Result<S, Fault> {
    server.reply(2)?;
    if !server.hello(&literal(own))?.iter().any(|line| line == "STARTTLS") {
        let why = "the mail server offers no STARTTLS, and nothing is sent without it; is encryption right?";
        return Err(Fault::Connection(why.into()));
    }
    server.command("STARTTLS", 2)?;
    server.into_stream()
}

/// The name of this side: its address, as devices have no name that others could look up.
fn literal(own: IpAddr) -> String {
    match own {
        IpAddr::V4(own) => format!("[{own}]"),
        IpAddr::V6(own) => format!("[IPv6:{own}]"),
    }
}

#[cfg(test)]
mod tests;
