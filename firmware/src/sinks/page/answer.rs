//! Answers and bodies of requests.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Longest body of a request, and the time for it.
const LONGEST_BODY: usize = 4096;
const BODY_TIMEOUT: Duration = Duration::from_secs(5);

/// An answer of this type, which no cache keeps.
pub(super) fn of(content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut answer = Response::new(body.into());
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// The same for the browser to save; `disposition` is `attachment` with the name of the file.
pub(super) fn download(content_type: &'static str, disposition: &'static str, body: impl Into<Body>) -> Response {
    let mut answer = of(content_type, body);
    answer.headers_mut().insert(CONTENT_DISPOSITION, HeaderValue::from_static(disposition));
    answer
}

/// A value as JSON.
pub(super) fn json(value: &Value) -> Response {
    of("application/json", value.to_string())
}

/// An error, for the page to show.
pub(super) fn error(status: StatusCode, why: &str) -> Response {
    let mut answer = json(&json!({ "error": why }));
    *answer.status_mut() = status;
    answer
}

/// The body of a request as JSON.
///
/// # Errors
/// The status of the answer: another type, too long, too slow, or not what is expected.
pub(super) async fn read_json<T: DeserializeOwned>(headers: &HeaderMap, body: Body) -> Result<T, StatusCode> {
    // Forms of other sites cannot send this type.
    if !headers.get(CONTENT_TYPE).is_some_and(|content_type| content_type.as_bytes().starts_with(b"application/json")) {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let body = tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, LONGEST_BODY)).await;
    let body = body.map_err(|_| StatusCode::REQUEST_TIMEOUT)?.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)
}
