//! A running program with a page, and a browser that has logged in.
#![allow(dead_code, clippy::unwrap_used)] // Each test program uses its part; a panic is how a test fails.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

use super::place::Place;
use super::program::{Program, wait};

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// A running program with a page.
pub struct PageClient {
    pub place: Place,
    pub program: Program,
    port: u16,
    /// Headers of the session.
    session: Vec<(String, String)>,
}

/// The files of a program that has ended.
pub struct Stopped {
    pub place: Place,
    port: u16,
}

impl Stopped {
    /// Starts it again.
    pub fn resume(self) -> PageClient {
        let program = self.place.run_on_stdin();
        let mut page = PageClient { place: self.place, program, port: self.port, session: Vec::new() };
        page.log_in();
        page
    }
}

impl PageClient {
    /// Starts one with these lines of `[listen]` and further ones of the configuration, and logs in.
    pub fn start(place: Place, listen: &str, more: &str) -> Self {
        let port = free_port();
        place.configure(&format!("{more}[page]\nenabled = true\nlisten = \"127.0.0.1:{port}\"\n"));
        let path = place.path("monitor.toml");
        let text = std::fs::read_to_string(&path).unwrap().replace("[listen]\n", &format!("[listen]\n{listen}"));
        std::fs::write(path, text).unwrap();
        let program = place.run_on_stdin();
        let mut page = Self { place, program, port, session: Vec::new() };
        page.log_in();
        page
    }

    /// Ends the program, and starts it again with the same files.
    pub fn restart(self) -> Self {
        self.stop().resume()
    }

    /// Ends the program.
    pub fn stop(self) -> Stopped {
        let Self { place, program, port, .. } = self;
        program.signal(nix::sys::signal::Signal::SIGTERM);
        assert!(program.end().0.success());
        Stopped { place, port }
    }

    fn log_in(&mut self) {
        wait(|| self.send("GET", "/", &[], b"").is_some(), || self.program.stderr());
        let password = std::fs::read_to_string(self.place.state().join("page.password")).unwrap();
        let body = json!({ "password": password.trim() }).to_string();
        let json = ("Content-Type".to_owned(), "application/json".to_owned());
        let (status, head, body) = self.send("POST", "/api/login", &[json], body.as_bytes()).unwrap();
        assert_eq!(status, 200);
        let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        self.session = vec![
            ("Cookie".into(), cookie.split(';').next().unwrap().into()),
            ("X-Form-Token".into(), body["form_token"].as_str().unwrap().into()),
        ];
    }

    /// A request with these headers alone; the status, the head and the body of its answer.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Option<(u16, String, Vec<u8>)> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: pump\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n",
            body.len()
        );
        // A server that refuses early does not read everything.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        Some((head.split(' ').nth(1)?.parse().ok()?, head, bytes[end + 4..].to_vec()))
    }

    /// The headers of the session.
    pub fn session(&self) -> &[(String, String)] {
        &self.session
    }

    /// The JSON at an address.
    pub fn get(&self, path: &str) -> Value {
        let (status, _, body) = self.send("GET", path, &self.session, b"").unwrap();
        assert_eq!(status, 200, "{path}");
        serde_json::from_slice(&body).unwrap()
    }

    /// Sends JSON; the status and the answer.
    pub fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.post_bytes(path, &[("Content-Type", "application/json")], body.to_string().as_bytes())
    }

    /// Sends bytes with further headers.
    pub fn post_bytes(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, Value) {
        let own = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let headers: Vec<_> = self.session.iter().cloned().chain(own).collect();
        let (status, _, body) = self.send("POST", path, &headers, body).unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    /// A POST without the session's own token.
    pub fn forged(&self, path: &str) -> u16 {
        let json = ("Content-Type".to_owned(), "application/json".to_owned());
        self.send("POST", path, &[self.session[0].clone(), json], b"{}").unwrap().0
    }

    /// Waits until the JSON at an address is as wanted; returns it.
    pub fn wait_for(&self, path: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
        let mut found = Value::Null;
        wait(
            || {
                // Not more often than the page answers an address.
                std::thread::sleep(Duration::from_millis(50));
                found = self.get(path);
                is_wanted(&found)
            },
            || self.program.stderr(),
        );
        found
    }

    /// Waits until the device has read its settings again so many times; returns why that failed.
    pub fn reloaded(&self, path: &str, count: u64) -> Value {
        self.wait_for(path, |found| found["reload"]["count"].as_u64() >= Some(count))["reload"]["failure"].clone()
    }
}
