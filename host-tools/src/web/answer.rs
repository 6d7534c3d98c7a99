//! Answers, and bodies of requests.

use axum::body::{Body, to_bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

/// Longest body of a request, in bytes.
const LONGEST: usize = 16 * 1024;

/// An answer of this type, which no cache keeps.
pub(crate) fn of(content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut answer = Response::new(body.into());
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// A value as JSON.
pub(crate) fn json(value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => of("application/json", body),
        Err(error) => self::error(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// An error, for the page to show.
pub(crate) fn error(status: StatusCode, why: &str) -> Response {
    let mut answer = of("application/json", json!({ "error": why }).to_string());
    *answer.status_mut() = status;
    answer
}

/// The answer to an address that there is not.
pub(crate) async fn missing() -> Response {
    error(StatusCode::NOT_FOUND, "there is nothing at this address")
}

/// The body of a request as JSON.
///
/// # Errors
/// The answer to give instead.
pub(crate) async fn read<T: DeserializeOwned>(request: axum::extract::Request) -> Result<T, Box<Response>> {
    let refusal = |status, why: &str| Box::new(error(status, why));
    let (parts, body) = request.into_parts();
    // Forms of other sites cannot send this type.
    let content_type = parts.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    if !content_type.is_some_and(|content_type| content_type.starts_with(b"application/json")) {
        return Err(refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send JSON"));
    }
    let body = to_bytes(body, LONGEST).await;
    let body = body.map_err(|_| refusal(StatusCode::PAYLOAD_TOO_LARGE, "the request is too long"))?;
    serde_json::from_slice(&body).map_err(|why| refusal(StatusCode::BAD_REQUEST, &why.to_string()))
}
