//! Downloads one file of known size and SHA-256.
//!
//! The data goes to a temporary file, which replaces the target only if length and hash are right. So a redirect, a proxy's
//! error page or a broken connection never leaves a wrong file. Every wait is bounded.

use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use sha2::{Digest, Sha256};

use crate::data::hash::hex;

/// Size and hash of the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected {
    /// Length in bytes.
    pub size: u64,
    /// SHA-256 of the content.
    pub sha256: [u8; 32],
}

/// Time limits of a download.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    /// For resolving the name, for connecting, and for the start of the answer, each.
    pub answer: Duration,
    /// For the next bytes of the file.
    pub silence: Duration,
    /// For the whole download.
    pub whole: Duration,
}

impl Default for Timeouts {
    /// Enough for 4 MB over a slow connection, short enough to try the next address.
    fn default() -> Self {
        Self { answer: Duration::from_secs(15), silence: Duration::from_secs(20), whole: Duration::from_secs(600) }
    }
}

/// Downloads `url` to `path`, complete and checked or not at all; calls `progress` with the number of bytes so far.
/// Follows up to 10 redirects.
///
/// # Errors
/// When the server does not answer or refuses, length or hash differ from `expected`, or the file cannot be written.
pub(crate) fn download(
    url: &str,
    expected: Expected,
    path: &Path,
    timeouts: Timeouts,
    mut progress: impl FnMut(u64),
) -> anyhow::Result<()> {
    // A server on this machine is not reached through the environment's proxy.
    let proxy = if is_local(url) { None } else { ureq::Proxy::try_from_env() };
    let agent = ureq::Agent::config_builder()
        .proxy(proxy)
        .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
        .timeout_resolve(Some(timeouts.answer))
        .timeout_connect(Some(timeouts.answer))
        .timeout_recv_response(Some(timeouts.answer))
        .timeout_per_read(Some(timeouts.silence))
        .timeout_global(Some(timeouts.whole))
        .build()
        .new_agent();
    let mut answer = agent.get(url).call().map_err(explain)?;
    if let Some(announced) = answer.body().content_length().filter(|&length| length != expected.size) {
        bail!("the server offers {announced} bytes, the file has {}: not the right file", expected.size);
    }
    let mut body = answer.body_mut().as_reader();

    // Errors of the download, as opposed to the disk.
    let mut refusal = None;
    let stored = monitor_model::atomic_file::write_with(path, |file| {
        receive(&mut body, expected, file, &mut progress).map_err(|failure| match failure {
            Failure::Disk(error) => error,
            Failure::Download(error) => {
                refusal = Some(error);
                io::Error::other("refused")
            }
        })
    });
    match refusal {
        Some(error) => Err(error),
        None => stored.with_context(|| format!("cannot write {}", path.display())),
    }
}

enum Failure {
    Download(anyhow::Error),
    Disk(io::Error),
}

fn receive(
    body: &mut impl Read,
    expected: Expected,
    file: &mut impl Write,
    progress: &mut impl FnMut(u64),
) -> Result<(), Failure> {
    let mut hash = Sha256::new();
    let mut received = 0u64;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                let cause = explain(ureq::Error::from(error));
                return Err(Failure::Download(anyhow!("stopped after {received} of {} bytes: {cause}", expected.size)));
            }
        };
        received += count as u64;
        if received > expected.size {
            let error =
                anyhow!("the server sends more than the {} bytes of the file: not the right file", expected.size);
            return Err(Failure::Download(error));
        }
        hash.update(&buffer[..count]);
        file.write_all(&buffer[..count]).map_err(Failure::Disk)?;
        progress(received);
    }
    if received != expected.size {
        return Err(Failure::Download(anyhow!("ended after {received} of {} bytes", expected.size)));
    }
    let found: [u8; 32] = hash.finalize().into();
    if found != expected.sha256 {
        let (found, wanted) = (hex(&found), hex(&expected.sha256));
        return Err(Failure::Download(anyhow!("its SHA-256 is {found}, not {wanted}: not the right file")));
    }
    Ok(())
}

/// Errors as text for the user.
fn explain(error: ureq::Error) -> anyhow::Error {
    match error {
        ureq::Error::StatusCode(code) => anyhow!("the server answers with status {code}"),
        ureq::Error::HostNotFound => anyhow!("the server's name cannot be resolved (no network?)"),
        ureq::Error::ConnectionFailed => anyhow!("no connection to the server (no network, or a firewall?)"),
        ureq::Error::Timeout(what) => anyhow!("no answer in time ({what})"),
        ureq::Error::BadUri(what) => anyhow!("not an address to download from: {what}"),
        ureq::Error::Io(error) => anyhow!("{error} (no network?)"),
        other => anyhow!("{other}"),
    }
}

fn is_local(url: &str) -> bool {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    ["127.0.0.1", "localhost", "[::1]"].iter().any(|local| host.starts_with(local))
}
