//! Whether a request comes from the page itself, and not from another site that the browser shows.

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};

/// Whether the headers of a request that changes something are those of this page's own: `Sec-Fetch-Site` where the browser
/// sends it, otherwise `Origin`. A program that is no browser sends neither, and has no cookies of somebody else.
pub(super) fn is_own(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    let Some(origin) = text(ORIGIN.as_str()) else { return true };
    let origin = origin.split_once("://").map(|(_, host)| host);
    // A proxy in front names the host that the browser asked for; a page of another site cannot set that header.
    let host = text("x-forwarded-host").or_else(|| text(HOST.as_str()));
    origin.is_some() && origin == host
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_the_pages_own_by_where_the_browser_says_it_comes_from() {
        let own = |pairs: &[(&'static str, &'static str)]| {
            is_own(&pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect())
        };
        assert!(own(&[("host", "pump:8080")]));
        assert!(own(&[("host", "pump:8080"), ("origin", "http://pump:8080")]));
        assert!(own(&[("host", "pump:8080"), ("sec-fetch-site", "same-origin"), ("origin", "http://other")]));
        assert!(own(&[("host", "inner"), ("x-forwarded-host", "plant"), ("origin", "https://plant")]));
        for site in ["cross-site", "same-site", "none", ""] {
            assert!(!own(&[("host", "pump"), ("sec-fetch-site", site), ("origin", "http://pump")]), "{site}");
        }
        for origin in ["null", "http://pump", "http://pump:8080.evil", "http://evil/pump:8080", "pump:8080"] {
            assert!(!own(&[("host", "pump:8080"), ("origin", origin)]), "{origin}");
        }
    }
}
