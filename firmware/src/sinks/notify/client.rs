//! The client of HTTP, and TLS for mail: both with the certificates of the configuration, the system or Mozilla's list.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use ureq::Agent;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};

use crate::system::messages::warn;
use crate::system::secret_file;

/// Longest time for one attempt.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// Where systems keep the certificates that they trust: Debian, Fedora, Alpine.
const SYSTEM: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// A client with this time for an attempt. `ca`: file with the certificates that a server's must lead to; empty for the system's,
/// else Mozilla's list.
///
/// # Errors
/// When the file cannot be read or has no certificate.
pub(super) fn client(ca: &Path, timeout: Duration) -> Result<Agent, String> {
    let roots = trusted(ca)?.map_or(RootCerts::WebPki, |roots| RootCerts::Specific(Arc::new(roots)));
    let tls = TlsConfig::builder().provider(TlsProvider::Rustls).root_certs(roots).build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .timeout_global(Some(timeout))
        .http_status_as_error(false)
        // The token is for the server that was named, and for no other.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_idle_connections(0)
        .user_agent(concat!("acoustic-monitor/", env!("CARGO_PKG_VERSION")))
        .build();
    Ok(config.new_agent())
}

/// TLS for other protocols, which trusts the same certificates.
///
/// # Errors
/// When the file cannot be read or has no certificate.
pub(super) fn tls(ca: &Path) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    match trusted(ca)? {
        Some(certificates) => {
            roots.add_parsable_certificates(certificates.iter().map(|one| CertificateDer::from(one.der().to_vec())));
        }
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let versions = versions.map_err(|error| error.to_string())?;
    Ok(Arc::new(versions.with_root_certificates(roots).with_no_client_auth()))
}

/// The certificates of the file `ca`, or without one of the system; `None` where it has none.
fn trusted(ca: &Path) -> Result<Option<Vec<Certificate<'static>>>, String> {
    if ca.as_os_str().is_empty() {
        return Ok(SYSTEM.iter().find_map(|path| certificates(Path::new(path)).ok()));
    }
    certificates(ca).map(Some).map_err(|why| format!("ca {}: {why}", ca.display()))
}

fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>, String> {
    let text = std::fs::read(path).map_err(|error| error.to_string())?;
    let found: Vec<_> = parse_pem(&text)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if found.is_empty() { Err("no certificate (PEM) is in it".into()) } else { Ok(found) }
}

/// The value of the header `Authorization` by the token on the first line of a file; `None` without a file. It is never part
/// of a message.
///
/// # Errors
/// When the file cannot be read or has no token.
pub(super) fn authorization(path: &Path) -> Result<Option<String>, String> {
    if path.as_os_str().is_empty() {
        return Ok(None);
    }
    let read = secret_file::read(path).map_err(|error| format!("token_file {}: {error}", path.display()));
    let (text, is_open) = read?;
    if is_open {
        warn(format!("notify token_file {}: others may read it; chmod 600 it", path.display()));
    }
    let token = text.lines().next().unwrap_or_default().trim();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(format!("token_file {}: no token is on its first line", path.display()));
    }
    Ok(Some(format!("Bearer {token}")))
}
