//! A build without TLS: its configuration has no certificate.

use tokio::net::TcpStream;

use super::Config;

/// There is none of it.
pub(super) enum Tls {}

impl Tls {
    /// None.
    ///
    /// # Errors
    /// Never.
    pub(super) fn new(_: &Config) -> Result<Option<Self>, String> {
        Ok(None)
    }

    pub(super) fn renew(&self) {
        match *self {}
    }

    pub(super) async fn accept(&self, _: TcpStream) -> Option<TcpStream> {
        match *self {}
    }
}
