//! A program that serves a page, and plain HTTP to it.
#![allow(dead_code, reason = "each test program uses its part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Headers as they were sent, in lower case.
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A running program; killed when it is dropped.
pub struct Page {
    child: Child,
    /// `127.0.0.1:PORT`.
    pub host: String,
    /// `/SECRET/`.
    pub base: String,
}

impl Page {
    /// Starts `host-tools` with these arguments and waits for the address that it prints.
    pub fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_host-tools"));
        let mut child = command.args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
        let (host, secret) = address.trim().strip_prefix("http://").unwrap().split_once('/').unwrap();
        Self { child, host: host.into(), base: format!("/{secret}") }
    }

    /// Sends a request with exactly these headers besides `Connection`.
    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head, body: bytes[end + 4..].to_vec() }
    }

    /// Gets an address of the page.
    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", &format!("{}{path}", self.base), &[("Host", &self.host)], "")
    }

    /// Sends JSON to an address of the page.
    pub fn post(&self, path: &str, body: &serde_json::Value) -> Answer {
        let headers = [("Host", &self.host[..]), ("Content-Type", "application/json")];
        self.request("POST", &format!("{}{path}", self.base), &headers, &body.to_string())
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
