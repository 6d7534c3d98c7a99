//! `GET api/live`: what happens, as server-sent events.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::Response;

use super::body::Messages;
use super::hub::encode;
use super::shared::Shared;
use super::{access, answer};

/// Answers with the state now, and then with everything that follows; with `?columns` the spectrogram as well.
pub(super) async fn live(State(shared): State<Arc<Shared>>, uri: Uri) -> Response {
    let first = [Bytes::from_static(b"retry: 2000\n\n"), encode("now", &shared.now_json().to_string())];
    let Some(messages) = shared.hub.follow(uri.query() == Some("columns"), first) else {
        return access::refuse(
            &shared,
            StatusCode::SERVICE_UNAVAILABLE,
            "too many browsers follow already; close the page in another one",
        );
    };
    let mut answer = answer::of("text/event-stream", Body::new(Messages::new(messages)));
    // nginx passes messages on at once with it.
    answer.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    answer
}
