//! Headers that every answer has, and the path that a proxy serves the page under.

use axum::extract::Request;
use axum::http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

/// Longest path of a proxy.
const LONGEST_PREFIX: usize = 128;

/// Nothing but the page's own files runs or is loaded, and no other site shows the page in a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 7] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];

/// Adds them.
pub(super) async fn secure(request: Request, next: Next) -> Response {
    let mut answer = next.run(request).await;
    for (name, value) in HEADERS {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// The path that a proxy serves the page under, without a `/` at its end; empty without one. The page's own addresses are
/// relative: only the cookie's path depends on it.
pub(super) fn prefix(headers: &HeaderMap) -> &str {
    let given = headers.get("x-forwarded-prefix").and_then(|prefix| prefix.to_str().ok()).unwrap_or_default();
    let given = given.trim_end_matches('/');
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-_.~".contains(c);
    let usable = given.starts_with('/') && given.len() <= LONGEST_PREFIX && given.chars().all(is_plain);
    if usable { given } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_has_plain_characters_only_or_is_none() {
        let of = |text: &'static str| {
            let headers = HeaderMap::from_iter([("x-forwarded-prefix".parse().unwrap(), text.parse().unwrap())]);
            prefix(&headers).to_owned()
        };
        assert_eq!((of("/plant/pump-7/"), of("/x"), of("/")), ("/plant/pump-7".into(), "/x".into(), String::new()));
        for text in ["plant", "/a;Domain=evil", "/a b", "/a\"", "//", "/ä"] {
            assert_eq!(of(text), "", "{text}");
        }
        assert_eq!(prefix(&HeaderMap::new()), "");
    }
}
