//! The clips of alarms: their files with ranges, as a player asks for them, and keeping them.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path as FilePath;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, RANGE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use nix::fcntl::OFlag;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc::{Sender, channel};
use tokio::task::spawn_blocking;

use super::body::Messages;
use super::ranges::{Asked, asked};
use super::shared::Shared;
use super::{access, answer};
use crate::sinks::clips::keep::{KeepError, keep};
use crate::sinks::clips::store::is_clip;

/// Bytes that are read at a time.
const PIECE: u64 = 64 * 1024;

/// `GET clips/NAME`: the WAV file, or a range of it.
pub(super) async fn clip(State(shared): State<Arc<Shared>>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let missing = |shared: &Shared| access::refuse(shared, StatusCode::NOT_FOUND, "there is no such clip");
    let folder = shared.folders.get().clips;
    if !is_clip(&name) || folder.as_os_str().is_empty() {
        return missing(&shared);
    }
    let Ok(Ok((file, len))) = spawn_blocking(move || open(&folder.join(name))).await else { return missing(&shared) };
    let range = headers.get(RANGE).and_then(|range| range.to_str().ok());
    let (status, first, end) = match asked(range, len) {
        Asked::All => (StatusCode::OK, 0, len),
        Asked::Part { first, end } => (StatusCode::PARTIAL_CONTENT, first, end),
        Asked::Nothing => {
            let mut refused = access::refuse(&shared, StatusCode::RANGE_NOT_SATISFIABLE, "the clip is shorter");
            set(&mut refused, CONTENT_RANGE, format!("bytes */{len}"));
            return refused;
        }
    };
    let (pieces, body) = channel(1);
    tokio::spawn(send(file, first, end, pieces));
    let mut found = answer::of("audio/wav", Body::new(Messages::new(body)));
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

fn set(answer: &mut Response, name: axum::http::HeaderName, value: String) {
    // Digits and plain characters: it cannot fail.
    HeaderValue::try_from(value).into_iter().for_each(|value| drop(answer.headers_mut().insert(name.clone(), value)));
}

/// A regular file and its length; a link is not followed.
fn open(path: &FilePath) -> std::io::Result<(File, u64)> {
    let file = File::options().read(true).custom_flags(OFlag::O_NOFOLLOW.bits()).open(path)?;
    let found = file.metadata()?;
    if found.is_file() { Ok((file, found.len())) } else { Err(std::io::ErrorKind::NotFound.into()) }
}

/// Sends a part of a file, piece by piece: no thread is held while the browser takes its time.
async fn send(mut file: File, mut at: u64, end: u64, pieces: Sender<Bytes>) {
    while at < end {
        let read = spawn_blocking(move || {
            let mut piece = vec![0; PIECE.min(end - at) as usize];
            let read = file.seek(SeekFrom::Start(at)).and_then(|_| file.read_exact(&mut piece));
            read.map(|()| (file, piece))
        });
        // A file that has been cut ends the answer early, which the browser notices by its length.
        let Ok(Ok((same, piece))) = read.await else { return };
        (file, at) = (same, at + piece.len() as u64);
        if pieces.send(piece.into()).await.is_err() {
            return;
        }
    }
}

/// A request to keep a clip, or no longer.
#[derive(Deserialize)]
struct Keep {
    clip: String,
    keep: bool,
}

/// `POST api/keep`.
pub(super) async fn keeping(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let asked: Keep = match answer::read_json(&parts.headers, body).await {
        Ok(asked) => asked,
        Err(status) => return access::refuse(&shared, status, "send the name of a clip as JSON"),
    };
    let folders = shared.folders.get();
    let most = u64::from(folders.clips_max_mib) * 1024 * 1024 / 2;
    let kept = spawn_blocking(move || keep(&folders.clips, &asked.clip, asked.keep, most)).await;
    match kept {
        Ok(Ok(())) => answer::json(&json!({})),
        Ok(Err(KeepError::Absent)) => access::refuse(&shared, StatusCode::NOT_FOUND, "there is no such clip"),
        Ok(Err(KeepError::Full)) => {
            access::refuse(&shared, StatusCode::CONFLICT, "kept clips take half of clips.max_mib already")
        }
        Ok(Err(KeepError::Disk(error))) => {
            let why = format!("the folder of the clips cannot be written: {error}");
            access::refuse(&shared, StatusCode::INTERNAL_SERVER_ERROR, &why)
        }
        Err(_) => access::refuse(&shared, StatusCode::INTERNAL_SERVER_ERROR, "the work was given up"),
    }
}
