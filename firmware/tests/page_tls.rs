//! The page of the real program over TLS, with clients that trust its certificate, that do not, and that speak something else.
#![cfg(feature = "page-tls")]
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

#[path = "common/certificates.rs"]
mod certificates;
mod common;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::page_client::free_port;
use common::place::Place;
use common::program::{Program, firmware, output, wait};
use nix::sys::signal::Signal;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};

/// The first bytes of a handshake, and no more.
const BEGUN: [u8; 3] = [22, 3, 1];

/// A running program with a page over TLS; the authority, certificate and key in the folder of its place.
struct Page {
    place: Place,
    program: Program,
    port: u16,
}

/// The status of an answer, its head and its body.
type Answer = (u16, String, Vec<u8>);

/// A place whose configuration names certificate and key in its folder, on a port.
fn configured() -> (Place, u16) {
    let (place, port) = (Place::new("", 60, 2.0), free_port());
    let (certificate, key) = (place.path("server.pem"), place.path("server.key"));
    place.configure(&format!(
        "[page]\nenabled = true\nlook = \"open\"\nlisten = \"127.0.0.1:{port}\"\ncertificate = {certificate:?}\nkey = {key:?}\n"
    ));
    (place, port)
}

impl Page {
    fn start() -> Self {
        let (place, port) = configured();
        certificates::make(place.folder.path());
        let program = place.run_on_stdin();
        let page = Self { place, program, port };
        wait(|| page.ask(page.place.folder.path(), "/", "").is_some(), || page.program.stderr());
        page
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream
    }

    /// A GET with these lines of the head by a client that trusts the authority of a folder; `None` without an answer.
    fn ask(&self, authority: &Path, path: &str, head: &str) -> Option<Answer> {
        self.send(authority, &format!("GET {path} HTTP/1.1\r\nHost: pump\r\nConnection: close\r\n{head}\r\n"))
    }

    /// A connection of a client that trusts the authority of a folder.
    fn open(&self, authority: &Path) -> Option<StreamOwned<ClientConnection, TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(authority.join("ca.pem")).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = Arc::new(config.with_root_certificates(roots).with_no_client_auth());
        let connection = ClientConnection::new(config, "localhost".try_into().unwrap()).unwrap();
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        Some(StreamOwned::new(connection, stream))
    }

    fn send(&self, authority: &Path, request: &str) -> Option<Answer> {
        let mut stream = self.open(authority)?;
        stream.write_all(request.as_bytes()).ok()?;
        let mut bytes = Vec::new();
        // Ends with the connection being closed properly: an answer that was cut off is an error.
        stream.read_to_end(&mut bytes).ok()?;
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        Some((head.split(' ').nth(1)?.parse().ok()?, head, bytes[end + 4..].to_vec()))
    }

    /// The answer of a client that trusts the page's authority.
    fn answer(&self, path: &str, head: &str) -> Answer {
        self.ask(self.place.folder.path(), path, head).expect("an answer")
    }

    fn json(&self, path: &str) -> Value {
        serde_json::from_slice(&self.answer(path, "").2).unwrap()
    }

    /// Begins a session; its cookie with all attributes.
    fn log_in(&self) -> String {
        let password = fs::read_to_string(self.place.state().join("page.password")).unwrap();
        let body = json!({ "password": password.trim() }).to_string();
        let head = format!(
            "POST /api/login HTTP/1.1\r\nHost: pump\r\nConnection: close\r\nOrigin: https://pump\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let (status, head, _) = self.send(self.place.folder.path(), &head).unwrap();
        assert_eq!(status, 200);
        head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap().into()
    }

    /// What is answered to bytes without TLS, until the connection is closed; whether it was closed in order.
    fn plain(&self, bytes: &[u8]) -> (String, bool) {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        let is_orderly = stream.read_to_end(&mut answer).is_ok();
        (String::from_utf8(answer).unwrap(), is_orderly)
    }
}

#[test]
fn the_page_is_served_to_clients_that_trust_its_certificate_and_nothing_leaves_it_in_the_clear() {
    let page = Page::start();
    let other = tempfile::tempdir().unwrap();
    certificates::make(other.path());
    assert!(page.ask(other.path(), "/", "").is_none(), "another authority");
    let cookie = page.log_in();
    assert!(cookie.ends_with("; HttpOnly; SameSite=Strict; Secure"), "{cookie}");
    let session = format!("Cookie: {}\r\n", cookie.split(';').next().unwrap());
    let (status, head, body) = page.answer("/api/session", &session);
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, &body["role"]), (200, &json!("operate")));
    // Messages of the live stream come as they are sent.
    let mut live = BufReader::new(page.open(page.place.folder.path()).unwrap());
    live.get_mut().write_all(b"GET /api/live HTTP/1.1\r\nHost: pump\r\n\r\n").unwrap();
    let windows = live.lines().map_while(Result::ok).filter(|line| line == "event: window").take(5);
    assert_eq!(windows.count(), 5);
    // Whoever has it once over HTTP may want that again: browsers are not forbidden to.
    assert!(!head.contains("strict-transport-security"), "{head}");
    let (answer, is_orderly) = page.plain(b"GET /api/session HTTP/1.1\r\nHost: pump\r\n\r\n");
    assert!(is_orderly && answer.starts_with("HTTP/1.0 400 ") && answer.contains("https://"), "{answer}");
    for other in [&b"\x05\x01\x00"[..], b"\0\0\0\0", b"SSH-2.0-x"] {
        let (answer, _) = page.plain(other);
        assert!(!answer.contains("HTTP/1.1"), "{answer}");
    }
    // Half of a handshake in nonsense.
    let (answer, _) = page.plain(&[&BEGUN[..], &[0, 5, 1, 2, 3, 4, 5]].concat());
    assert!(!answer.contains("HTTP"), "{answer:?}");
    let now = page.json("/api/now");
    assert_eq!((&now["health"]["dropped_windows"], &now["health"]["dropped_reports"]), (&json!(0), &json!(0)));
}

#[test]
fn handshakes_that_stall_count_as_connections_and_end_after_three_seconds() {
    let page = Page::start();
    let before = page.program.reports("verdict").len();
    let start = Instant::now();
    // More than there may be: a part of a handshake each, or nothing at all.
    let mut stalled: Vec<TcpStream> = (0..140)
        .map(|number| {
            let mut stream = page.connect();
            let _ = stream.write_all(&BEGUN[..number % 4]);
            stream
        })
        .collect();
    let waited = page.connect().read(&mut [0; 8]);
    // No place is left: it is closed at once.
    assert!(waited.is_ok_and(|read| read == 0) && start.elapsed() < Duration::from_millis(2900));
    assert!(stalled[0].read(&mut [0; 8]).is_ok_and(|read| read == 0), "closed by the page");
    assert!((2.9..8.0).contains(&start.elapsed().as_secs_f32()), "{:?}", start.elapsed());
    wait(|| page.ask(page.place.folder.path(), "/api/now", "").is_some(), || "an answer afterwards".into());
    let now = page.json("/api/now");
    assert!(now["page"]["refused_connections"].as_u64() > Some(10), "{now}");
    assert_eq!((&now["health"]["dropped_windows"], &now["health"]["dropped_reports"]), (&json!(0), &json!(0)));
    assert!(page.program.reports("verdict").len() > before);
    // An address that comes again and again, one connection at a time, is refused before a handshake costs anything.
    let is_refused = (0..50).any(|_| {
        for _ in 0..200 {
            let mut stream = page.connect();
            // Closed by the page, whether it was refused or has sent nonsense.
            let _ = stream.write_all(b"x").and_then(|()| stream.read(&mut [0; 8]));
        }
        page.ask(page.place.folder.path(), "/", "").is_none()
    });
    assert!(is_refused);
    wait(|| page.ask(page.place.folder.path(), "/", "").is_some(), || "an answer after a pause".into());
    page.program.signal(Signal::SIGTERM);
    let (status, took, ..) = page.program.end();
    assert!(status.success() && took < Duration::from_secs(1), "{took:?}");
}

#[test]
fn a_renewed_certificate_is_taken_over_at_sighup_without_ending_sessions_and_a_damaged_one_is_not() {
    let page = Page::start();
    let (own, before) = (page.place.folder.path(), tempfile::tempdir().unwrap());
    fs::copy(own.join("ca.pem"), before.path().join("ca.pem")).unwrap();
    let cookie = page.log_in();
    let session = format!("Cookie: {}\r\n", cookie.split(';').next().unwrap());
    let reload = |message: &str| {
        page.program.signal(Signal::SIGHUP);
        page.program.wait(message, |program| program.stderr().contains(message));
    };
    fs::write(own.join("server.pem"), "half").unwrap();
    reload("no certificate (PEM) is in it; the certificate before is still used");
    assert!(page.ask(before.path(), "/", "").is_some());
    // Another authority too.
    certificates::make(own);
    assert!(page.ask(before.path(), "/", "").is_some(), "not before SIGHUP");
    reload("page: the certificate was read again");
    assert!(page.ask(before.path(), "/", "").is_none());
    let (_, _, body) = page.answer("/api/session", &session);
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["role"], "operate");
    let now = page.json("/api/now");
    assert_eq!((&now["health"]["dropped_windows"], &now["health"]["dropped_reports"]), (&json!(0), &json!(0)));
}

#[test]
fn files_that_cannot_be_used_are_named_before_the_start_and_keep_the_page_alone_off_until_they_are_mended() {
    let (place, port) = configured();
    let own = place.folder.path();
    let check = || output(Command::new(firmware()).arg("validate-config").arg(place.path("monitor.toml")));
    let refused = |file: &str, why: &str| {
        let (code, _, err) = check();
        assert!(code == Some(1) && err.contains(&place.path(file).display().to_string()) && err.contains(why), "{err}");
    };
    refused("server.pem", "No such file");
    certificates::make(own);
    let (code, out, _) = check();
    assert!(code == Some(0) && out.ends_with("monitor.toml: good\n"), "{out}");
    let good = fs::read(place.path("server.key")).unwrap();
    fs::set_permissions(place.path("server.key"), fs::Permissions::from_mode(0o644)).unwrap();
    let (code, _, err) = check();
    assert!(code == Some(0) && err.contains("every user may read it; chmod 640 it"), "{err}");
    let made = |arguments: &str| {
        let made = Command::new("sh").arg("-c").arg(format!("openssl {arguments}")).current_dir(own).output().unwrap();
        assert!(made.status.success(), "{made:?}");
    };
    fs::copy(place.path("ca.key"), place.path("server.key")).unwrap();
    refused("server.key", "it does not belong to page.certificate");
    made("rsa -aes128 -passout pass:secret -in ca.key -out server.key");
    refused("server.key", "no private key (PEM) without a passphrase is in it");
    made("ecparam -genkey -name secp521r1 -noout -out server.key");
    refused("server.key", "of another kind than RSA, ECDSA P-256, ECDSA P-384 and Ed25519");
    fs::write(place.path("server.key"), "").unwrap();
    refused("server.key", "no private key (PEM) without a passphrase is in it");
    // The machine is monitored all the same, and nothing is served in the clear.
    let mut program = Program::start(place.run(&["--stdin", "--realtime"]));
    program.feed(place.wav());
    program.wait("the page's error", |program| program.stderr().contains("it stays off"));
    program.wait("verdicts", |program| program.reports("verdict").len() > 4);
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
    fs::write(place.path("server.key"), good).unwrap();
    program.signal(Signal::SIGHUP);
    let page = Page { place, program, port };
    let trusts = |page: &Page| page.ask(page.place.folder.path(), "/", "").is_some();
    wait(|| trusts(&page), || page.program.stderr());
}

#[test]
fn a_certificate_without_its_key_and_a_key_without_its_certificate_are_refused() {
    for key in ["certificate", "key"] {
        let place = Place::new(&format!("[page]\n{key} = \"x.pem\"\n"), 1, 1.0);
        let (code, _, err) = output(Command::new(firmware()).arg("validate-config").arg(place.path("monitor.toml")));
        assert!(code == Some(1) && err.contains("page.certificate and page.key belong together"), "{err}");
    }
}
