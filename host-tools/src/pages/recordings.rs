//! The page of recordings: verdict over time, spectrogram, alarms, sound.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use monitor_model::owned::OwnedModel;
use serde_json::json;

use super::FILES;
use super::analysis::analyse;
use crate::data::sound_part;
use crate::web::{answer, assets};

/// Longest part of a recording that is played, in seconds.
const LONGEST_S: f64 = 120.0;

/// Results that are kept: each is at most some hundred kB.
const MOST: usize = 32;

/// The recordings, the model, and what has been found already.
struct Shared {
    files: Vec<(PathBuf, String)>,
    model: OwnedModel,
    /// Results as JSON with the places of their recordings, the oldest first.
    found: Mutex<Vec<(usize, Bytes)>>,
}

/// The addresses of the page for these files with their names, and a model with labels.
pub(crate) fn router(files: Vec<(PathBuf, String)>, model: OwnedModel) -> Router {
    assets::router(&FILES)
        .route("/api/about", get(|| async { answer::json(&json!({ "kind": "recordings" })) }))
        .route("/api/recordings", get(list))
        .route("/api/recording/{place}", get(recording))
        .route("/api/sound/{place}", get(sound))
        .fallback(answer::missing)
        .with_state(Arc::new(Shared { files, model, found: Mutex::default() }))
}

/// `GET api/recordings`: their names.
async fn list(State(shared): State<Arc<Shared>>) -> Response {
    answer::json(&shared.files.iter().map(|(_, name)| name).collect::<Vec<_>>())
}

impl Shared {
    /// The result for the recording at `place`, as JSON.
    fn result(&self, place: usize) -> anyhow::Result<Bytes> {
        let found = || self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = found().iter().find(|(of, _)| *of == place) {
            return Ok(known.clone());
        }
        let (path, _) = self.files.get(place).ok_or_else(|| anyhow::anyhow!("there is no such recording"))?;
        let result = Bytes::from(serde_json::to_vec(&analyse(path, self.model.contents())?)?);
        let mut found = found();
        if found.len() == MOST {
            found.remove(0);
        }
        found.push((place, result.clone()));
        Ok(result)
    }
}

/// `GET api/recording/PLACE`.
async fn recording(State(shared): State<Arc<Shared>>, Path(place): Path<usize>) -> Response {
    if place >= shared.files.len() {
        return answer::missing().await;
    }
    match tokio::task::spawn_blocking(move || shared.result(place)).await {
        Ok(Ok(result)) => answer::of("application/json", result),
        Ok(Err(why)) => answer::error(StatusCode::CONFLICT, &format!("{why:#}")),
        Err(_) => answer::error(StatusCode::INTERNAL_SERVER_ERROR, "the recording cannot be processed"),
    }
}

/// The number of a parameter of the address.
fn number(query: &str, name: &str) -> Option<f64> {
    let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    value?.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)
}

/// `GET api/sound/PLACE?from_s=...&to_s=...`: a part of its sound.
async fn sound(State(shared): State<Arc<Shared>>, Path(place): Path<usize>, RawQuery(query): RawQuery) -> Response {
    let Some((path, _)) = shared.files.get(place).cloned() else { return answer::missing().await };
    let query = query.unwrap_or_default();
    let asked = number(&query, "from_s").zip(number(&query, "to_s"));
    let Some((from_s, to_s)) = asked.filter(|(from_s, to_s)| to_s > from_s && to_s - from_s <= LONGEST_S) else {
        return answer::error(StatusCode::BAD_REQUEST, "ask for at most 120 s, from one second to a later one");
    };
    match tokio::task::spawn_blocking(move || sound_part::wav(&path, &(from_s..to_s))).await {
        Ok(Ok(bytes)) => answer::of("audio/wav", bytes),
        Ok(Err(why)) => answer::error(StatusCode::CONFLICT, &format!("{why:#}")),
        Err(_) => answer::error(StatusCode::INTERNAL_SERVER_ERROR, "the recording cannot be read"),
    }
}
