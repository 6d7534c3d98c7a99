//! A certificate authority and a server with a certificate of it.
#![allow(dead_code, clippy::unwrap_used)] // Each test program uses its part; a panic is how a test fails.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Makes an authority (`ca.pem`) and a server's key and certificate (`server.key`, `server.pem`), with openssl.
pub fn make(folder: &Path) {
    let script = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.pem &&
        openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr &&
        printf 'subjectAltName=DNS:localhost,IP:127.0.0.1' > ext &&
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out server.pem";
    let made = Command::new("sh").arg("-c").arg(script).current_dir(folder).output().unwrap();
    assert!(made.status.success(), "openssl is needed (package openssl)");
}

/// The server's side of TLS with these files.
pub fn server(folder: &Path) -> Arc<ServerConfig> {
    let chain = CertificateDer::pem_file_iter(folder.join("server.pem")).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap())
}
