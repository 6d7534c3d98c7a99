//! The page's own files: written by hand, compressed by `build.rs`, part of the program.

use axum::extract::Path;
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use monitor_model::palette;

use super::answer;

/// A file.
struct Asset {
    name: &'static str,
    content_type: &'static str,
    /// Check sum of the content, in quotation marks.
    etag: &'static str,
    gzip: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// `GET /`.
pub(super) async fn index(headers: HeaderMap) -> Response {
    found("index.html", &headers)
}

/// `GET assets/NAME`.
pub(super) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    found(&name, &headers)
}

/// `GET assets/palette.js`: the colours that pictures, reports and terminals have as well.
pub(super) async fn palette() -> Response {
    let mut found = answer::of("text/javascript; charset=utf-8", palette::script());
    found.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    found
}

fn found(name: &str, headers: &HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return answer::error(StatusCode::NOT_FOUND, "there is nothing at this address");
    };
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let mut found = answer::of(asset.content_type, asset.gzip);
    if text(ACCEPT_ENCODING).is_some_and(|accepted| !accepted.contains("gzip") && !accepted.contains('*')) {
        return answer::error(StatusCode::NOT_ACCEPTABLE, "the page is compressed: accept gzip");
    }
    let all = found.headers_mut();
    all.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    all.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    // Another program version may be there the next time.
    all.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    all.insert(ETAG, HeaderValue::from_static(asset.etag));
    if text(IF_NONE_MATCH).is_some_and(|known| known.contains(asset.etag)) {
        all.remove(CONTENT_TYPE);
        all.remove(CONTENT_ENCODING);
        *found.status_mut() = StatusCode::NOT_MODIFIED;
        *found.body_mut() = axum::body::Body::empty();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_stay_below_100_kb() {
        let total: usize = ASSETS.iter().map(|asset| asset.gzip.len()).sum();
        assert!(total < 100_000, "{total} bytes");
    }
}
