//! HTTPS with the certificate of the configuration.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{Error, InconsistentKeys, ServerConfig};
use sha2::{Digest, Sha256};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::Config;
use super::timed_stream::TimedStream;
use crate::system::messages::warn;

/// Longest time from the connection to the end of the handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(3);

/// First byte of a connection over TLS: the type of a record of the handshake (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 22;

/// The answer to a request without TLS. Its head is written for HTTP/1.0, which every client knows.
const PLAIN: &[u8] = b"HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n\
                       This page is encrypted: its address begins with https://\n";

/// Longest file that is read, in bytes: a hundred certificates and more.
const MOST: u64 = 256 * 1024;

/// Certificate and key in use.
pub(super) struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    current: Mutex<Current>,
}

/// What connections are accepted by.
struct Current {
    config: Arc<ServerConfig>,
    /// Check sum of the files that it was made of.
    sum: [u8; 32],
}

impl Tls {
    /// By the files of the configuration; `None` where it names none.
    ///
    /// # Errors
    /// When they cannot be read, or are no certificate with its key.
    pub(super) fn new(config: &Config) -> Result<Option<Self>, String> {
        if !config.has_tls() {
            return Ok(None);
        }
        let (certificate, key) = (config.certificate.clone(), config.key.clone());
        let files = Files::read(&certificate, &key)?;
        let current = Mutex::new(Current { config: files.server(&certificate, &key)?, sum: files.sum() });
        Ok(Some(Self { certificate, key, current }))
    }

    /// Reads the files again. Connections from now on have the new certificate; where it cannot be used, which is reported,
    /// they have the one before.
    pub(super) fn renew(&self) {
        let renewed = Files::read(&self.certificate, &self.key).and_then(|files| {
            let sum = files.sum();
            // The same files keep the sessions that browsers resume.
            if self.current().sum == sum {
                return Ok(());
            }
            let config = files.server(&self.certificate, &self.key)?;
            *self.current() = Current { config, sum };
            warn("page: the certificate was read again");
            Ok(())
        });
        if let Err(why) = renewed {
            warn(format!("page: {why}; the certificate before is still used"));
        }
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The handshake; `None` where there is none in time, which is answered if it is a request without TLS.
    pub(super) async fn accept(&self, stream: TcpStream) -> Option<TlsStream<TimedStream<TcpStream>>> {
        tokio::time::timeout(HANDSHAKE_TIMEOUT, self.handshake(stream)).await.ok()?
    }

    async fn handshake(&self, stream: TcpStream) -> Option<TlsStream<TimedStream<TcpStream>>> {
        let mut first = [0];
        stream.peek(&mut first).await.ok()?;
        if first[0] != HANDSHAKE {
            // Methods of HTTP are capital letters.
            if first[0].is_ascii_uppercase() {
                refuse(&stream);
            }
            return None;
        }
        let config = Arc::clone(&self.current().config);
        TlsAcceptor::from(config).accept(TimedStream::new(stream)).await.ok()
    }
}

/// Answers a request without TLS. The request is read first, because the system resets a connection that is closed with unread
/// bytes, and the answer would be lost. Neither call waits: both sides' buffers have room at the beginning of a connection.
fn refuse(stream: &TcpStream) {
    let mut request = [0; 4096];
    if stream.try_read(&mut request).is_ok() {
        // A client that has gone needs no answer.
        let _ = stream.try_write(PLAIN);
    }
}

/// The content of both files.
struct Files {
    chain: Vec<u8>,
    key: Vec<u8>,
    /// Whether every user may read the key.
    is_open: bool,
}

impl Files {
    fn read(certificate: &Path, key: &Path) -> Result<Self, String> {
        let (chain, _) = read("page.certificate", certificate)?;
        let (key, mode) = read("page.key", key)?;
        // A group may read it: Debian keeps keys for the group ssl-cert.
        Ok(Self { chain, key, is_open: mode & 0o007 != 0 })
    }

    fn sum(&self) -> [u8; 32] {
        Sha256::new_with_prefix(&self.chain).chain_update(&self.key).finalize().into()
    }

    /// The server's side of TLS with them.
    fn server(&self, certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, String> {
        let of_certificate = |why: &str| format!("page.certificate {}: {why}", certificate.display());
        let of_key = |why: &str| format!("page.key {}: {why}", key.display());
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.chain).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let chain = chain.ok_or_else(|| of_certificate("no certificate (PEM) is in it"))?;
        let private = PrivateKeyDer::from_pem_slice(&self.key)
            .map_err(|_| of_key("no private key (PEM) without a passphrase is in it"))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let versions = versions.map_err(|error| error.to_string())?;
        let server = versions.with_no_client_auth().with_single_cert(chain, private);
        let mut server = server.map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => of_key("it does not belong to page.certificate"),
            Error::InvalidCertificate(why) => of_certificate(&format!("its first certificate cannot be used: {why}")),
            _ => of_key("it is damaged or of another kind than RSA, ECDSA P-256, ECDSA P-384 and Ed25519"),
        })?;
        if self.is_open {
            warn(format!("page.key {}: every user may read it; chmod 640 it", key.display()));
        }
        server.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(server))
    }
}

/// A file's content and mode.
fn read(name: &str, path: &Path) -> Result<(Vec<u8>, u32), String> {
    let read = || {
        let file = File::open(path)?;
        let mode = file.metadata()?.permissions().mode();
        let mut content = Vec::new();
        file.take(MOST).read_to_end(&mut content)?;
        Ok((content, mode))
    };
    read().map_err(|error: std::io::Error| {
        let remedy = match error.kind() {
            std::io::ErrorKind::PermissionDenied => "; let the user of this program read it",
            _ => "",
        };
        format!("{name} {}: {error}{remedy}", path.display())
    })
}
