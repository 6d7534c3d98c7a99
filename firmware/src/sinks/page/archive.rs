//! `GET api/teach.tar`: the labelled clips with their manifest, as one archive that `host-tools train --data` reads once it is
//! unpacked.

use std::path::PathBuf;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use tokio::sync::mpsc::{Sender, channel};
use tokio::task::spawn_blocking;

use super::body::Messages;
use super::shared::Shared;
use super::{access, answer, files, tar, teach};
use crate::sinks::teach::entry::{self, Queued};
use crate::sinks::teach::manifest;
use crate::system::clock;

/// The folder in the archive.
const FOLDER: &str = "teach";

/// Sends the archive while it is read, so that it takes no memory.
pub(super) async fn archive(State(shared): State<Arc<Shared>>) -> Response {
    let folder = shared.folders.get().teach;
    if folder.as_os_str().is_empty() {
        return access::refuse(
            &shared,
            StatusCode::NOT_FOUND,
            "there is no folder of clips to label; set teach.folder",
        );
    }
    let place = folder.clone();
    let clips = match spawn_blocking(move || entry::list(&place)).await {
        Ok(Ok(clips)) => clips,
        Ok(Err(error)) => return teach::unreadable(&shared, &error),
        Err(_) => return access::no_result(&shared),
    };
    let text = manifest::text(&clips);
    let labelled: Vec<Queued> = clips.into_iter().filter(manifest::names).collect();
    if labelled.is_empty() {
        return access::refuse(&shared, StatusCode::NOT_FOUND, "no clip has a label yet; label some on this screen");
    }
    let (pieces, body) = channel(1);
    tokio::spawn(async move { send(folder, text, labelled, &pieces).await });
    let body = Body::new(Messages::new(body));
    answer::download("application/x-tar", "attachment; filename=\"teach.tar\"", body)
}

/// Sends everything; what cannot be read ends the archive early, which `tar` notices.
async fn send(folder: PathBuf, manifest: String, clips: Vec<Queued>, pieces: &Sender<Bytes>) -> Option<()> {
    let unix_s = clock::unix_ms() / 1000;
    let bytes = manifest.len() as u64;
    let mut text = tar::head(&format!("{FOLDER}/{}", manifest::NAME), bytes, unix_s)?;
    text.extend_from_slice(manifest.as_bytes());
    text.extend(tar::padding(bytes));
    pieces.send(text.into()).await.ok()?;
    for one in clips {
        let path = folder.join(&one.clip);
        let (file, len) = spawn_blocking(move || files::open(&path)).await.ok()?.ok()?;
        let head = tar::head(&format!("{FOLDER}/{}", one.clip), len, one.entry.facts.unix_ms / 1000)?;
        pieces.send(head.into()).await.ok()?;
        if !files::send(file, 0, len, pieces).await {
            return None;
        }
        pieces.send(tar::padding(len).into()).await.ok()?;
    }
    pieces.send(tar::end().into()).await.ok()
}
