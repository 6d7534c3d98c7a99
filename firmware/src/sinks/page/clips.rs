//! The clips of alarms, and keeping them.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use tokio::task::spawn_blocking;

use super::shared::Shared;
use super::{access, answer, files};
use crate::sinks::clips::keep::{KeepError, keep};

/// `GET clips/NAME`: the WAV file, or a range of it.
pub(super) async fn clip(State(shared): State<Arc<Shared>>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    files::clip(&shared, shared.folders.get().clips, name, &headers).await
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
            let why = "kept clips take half of clips.max_mib already; keep fewer, or raise it";
            access::refuse(&shared, StatusCode::CONFLICT, why)
        }
        Ok(Err(KeepError::Disk(error))) => {
            let why =
                format!("the folder of the clips cannot be written: {error}; check space and owner of clips.folder");
            access::refuse(&shared, StatusCode::INTERNAL_SERVER_ERROR, &why)
        }
        Err(_) => access::no_result(&shared),
    }
}
