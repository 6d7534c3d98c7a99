//! Files of a folder, whole or in part, as a player asks for them.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use axum::body::{Body, Bytes};
use axum::http::header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, RANGE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use nix::fcntl::OFlag;
use tokio::sync::mpsc::{Sender, channel};
use tokio::task::spawn_blocking;

use super::body::Messages;
use super::ranges::{Asked, asked};
use super::shared::Shared;
use super::{access, answer};
use crate::sinks::clips::store::{PICTURE, is_clip};

/// Bytes that are read at a time.
const PIECE: u64 = 64 * 1024;

/// The clip of this name in `folder`, or the range of it that the headers ask for.
pub(super) async fn clip(shared: &Shared, folder: PathBuf, name: String, headers: &HeaderMap) -> Response {
    let missing = || access::refuse(shared, StatusCode::NOT_FOUND, "there is no such clip");
    if !is_clip(&name) || folder.as_os_str().is_empty() {
        return missing();
    }
    let kind = if name.ends_with(PICTURE) { "image/png" } else { "audio/wav" };
    let Ok(Ok((file, len))) = spawn_blocking(move || open(&folder.join(name))).await else { return missing() };
    let range = headers.get(RANGE).and_then(|range| range.to_str().ok());
    let (status, first, end) = match asked(range, len) {
        Asked::All => (StatusCode::OK, 0, len),
        Asked::Part { first, end } => (StatusCode::PARTIAL_CONTENT, first, end),
        Asked::Nothing => {
            let mut refused = access::refuse(shared, StatusCode::RANGE_NOT_SATISFIABLE, "the clip is shorter");
            set(&mut refused, CONTENT_RANGE, format!("bytes */{len}"));
            return refused;
        }
    };
    let (pieces, body) = channel(1);
    tokio::spawn(async move { send(file, first, end, &pieces).await });
    let mut found = answer::of(kind, Body::new(Messages::new(body)));
    *found.status_mut() = status;
    found.headers_mut().insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    // A clip never changes.
    found.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, max-age=86400"));
    set(&mut found, CONTENT_LENGTH, (end - first).to_string());
    if status == StatusCode::PARTIAL_CONTENT {
        set(&mut found, CONTENT_RANGE, format!("bytes {first}-{}/{len}", end - 1));
    }
    found
}

fn set(answer: &mut Response, name: HeaderName, value: String) {
    // Digits and plain characters: it cannot fail.
    HeaderValue::try_from(value).into_iter().for_each(|value| drop(answer.headers_mut().insert(name.clone(), value)));
}

/// A regular file and its length; a link is not followed.
///
/// # Errors
/// The error of the file system; [`std::io::ErrorKind::NotFound`] for what is no regular file.
pub(super) fn open(path: &Path) -> std::io::Result<(File, u64)> {
    let file = File::options().read(true).custom_flags(OFlag::O_NOFOLLOW.bits()).open(path)?;
    let found = file.metadata()?;
    if found.is_file() { Ok((file, found.len())) } else { Err(std::io::ErrorKind::NotFound.into()) }
}

/// Sends a part of a file, piece by piece: no thread is held while the browser takes its time. Returns whether all was sent; a
/// file that has been cut, or a browser that has gone, ends it early.
pub(super) async fn send(mut file: File, mut at: u64, end: u64, pieces: &Sender<Bytes>) -> bool {
    while at < end {
        let read = spawn_blocking(move || {
            let mut piece = vec![0; PIECE.min(end - at) as usize];
            let read = file.seek(SeekFrom::Start(at)).and_then(|_| file.read_exact(&mut piece));
            read.map(|()| (file, piece))
        });
        let Ok(Ok((same, piece))) = read.await else { return false };
        (file, at) = (same, at + piece.len() as u64);
        if pieces.send(piece.into()).await.is_err() {
            return false;
        }
    }
    true
}
