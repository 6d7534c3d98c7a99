//! The queue of clips for people to label: what is in it, their sound, and the labels.

use std::io;
use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::shared::Shared;
use super::{access, answer, files};
use crate::sinks::teach::entry::{self, Progress, Queued};
use crate::sinks::teach::label::Part;
use crate::sinks::teach::labelling::{ChangeError, new_states, set_labels};

/// `GET api/teach`: the clips with what the device knew of them and their labels, oldest first, and the states.
pub(super) async fn queue(State(shared): State<Arc<Shared>>) -> Response {
    let folder = shared.folders.get().teach;
    let has_folder = !folder.as_os_str().is_empty();
    let states = shared.labels();
    let listed = spawn_blocking(move || if has_folder { entry::list(&folder) } else { Ok(Vec::new()) }).await;
    match listed {
        Ok(Ok(clips)) => {
            let new_states = new_states(&clips, &states);
            let clips = clips.iter().map(described).collect::<io::Result<Vec<_>>>();
            let queue = |clips: Vec<Value>| json!({ "has_folder": has_folder, "states": states, "new_states": new_states, "clips": clips });
            clips.map_or_else(|error| unreadable(&shared, &error), |clips| answer::json(&queue(clips)))
        }
        Ok(Err(error)) => unreadable(&shared, &error),
        Err(_) => access::no_result(&shared),
    }
}

/// A clip, without its spectrum.
fn described(one: &Queued) -> io::Result<Value> {
    let mut value = serde_json::to_value(&one.entry.facts)?;
    value["clip"] = one.clip.as_str().into();
    value["bytes"] = one.bytes.into();
    value["seconds"] = one.entry.seconds.into();
    value["parts"] = serde_json::to_value(&one.entry.parts)?;
    value["progress"] = match one.entry.progress() {
        Progress::Waiting => "waiting",
        Progress::Labelled => "labelled",
        Progress::Skipped => "skipped",
    }
    .into();
    Ok(value)
}

/// `GET teach/NAME`: the WAV file, or a range of it.
pub(super) async fn clip(State(shared): State<Arc<Shared>>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    files::clip(&shared, shared.folders.get().teach, name, &headers).await
}

/// A request to replace the labels of a clip.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Labels {
    clip: String,
    /// None takes all labels back.
    parts: Vec<Part>,
}

/// `POST api/label`.
pub(super) async fn label(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let asked: Labels = match answer::read_json(&parts.headers, body).await {
        Ok(asked) => asked,
        Err(status) => return access::refuse(&shared, status, "send a clip and the labels of its parts as JSON"),
    };
    let (folder, states, share) = (shared.folders.get().teach, shared.labels(), shared.teach.clone());
    if folder.as_os_str().is_empty() {
        return access::refuse(&shared, StatusCode::NOT_FOUND, "there is no such clip");
    }
    let changed = spawn_blocking(move || set_labels(&folder, &share, &asked.clip, asked.parts, &states)).await;
    match changed {
        Ok(Ok(())) => answer::json(&json!({})),
        Ok(Err(ChangeError::Absent)) => access::refuse(&shared, StatusCode::NOT_FOUND, "there is no such clip"),
        Ok(Err(ChangeError::Label(error))) => access::refuse(&shared, StatusCode::BAD_REQUEST, &error.to_string()),
        Ok(Err(ChangeError::Disk(error))) => {
            let why =
                format!("the folder of the clips cannot be written: {error}; check space and owner of teach.folder");
            access::refuse(&shared, StatusCode::INTERNAL_SERVER_ERROR, &why)
        }
        Err(_) => access::no_result(&shared),
    }
}

/// The answer where the folder cannot be read.
pub(super) fn unreadable(shared: &Shared, error: &io::Error) -> Response {
    let why = format!("the folder of the clips cannot be read: {error}; check owner and mode of teach.folder");
    access::refuse(shared, StatusCode::INTERNAL_SERVER_ERROR, &why)
}
