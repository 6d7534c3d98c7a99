//! Who may ask: the secret in the address, the name of this computer, and the page itself.

use axum::extract::Request;
use axum::http::header::{
    CONTENT_SECURITY_POLICY, HOST, HeaderName, LOCATION, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::Response;

use super::answer;

/// Nothing but the page's own files runs or is loaded, and no other site shows the page in a frame. `blob:` is sound that the
/// page itself has loaded.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self' blob:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Headers of every answer. No address, which has the secret, is ever sent to another site.
const HEADERS: [(HeaderName, &str); 6] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// What is asked of a request.
#[derive(Debug, Clone)]
pub(super) struct Guard {
    secret: String,
    port: u16,
}

impl Guard {
    /// A guard with a new secret of 128 bits, for a server on `port`.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub(super) fn new(port: u16) -> anyhow::Result<Self> {
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("the system has no random numbers: {error}"))?;
        Ok(Self { secret: random.iter().map(|byte| format!("{byte:02x}")).collect(), port })
    }

    /// The address of the page.
    pub(super) fn address(&self) -> String {
        format!("http://127.0.0.1:{}/{}/", self.port, self.secret)
    }

    /// Lets a request through, without the secret in its address.
    ///
    /// # Errors
    /// The answer to give instead.
    pub(super) fn admit(&self, mut request: Request) -> Result<Request, Box<Response>> {
        let refuse = |status, why| Err(Box::new(answer::error(status, why)));
        if !self.is_own_name(request.headers()) {
            return refuse(StatusCode::MISDIRECTED_REQUEST, "this server answers for 127.0.0.1 and localhost alone");
        }
        let path = request.uri().path().strip_prefix('/').unwrap_or_default();
        let (secret, rest) = path.split_once('/').map_or((path, None), |(secret, rest)| (secret, Some(rest)));
        if !is_same(secret, &self.secret) {
            return refuse(StatusCode::NOT_FOUND, "open the address that the program has printed");
        }
        let Some(rest) = rest else {
            let mut moved = answer::of("text/plain", "");
            *moved.status_mut() = StatusCode::PERMANENT_REDIRECT;
            let to = HeaderValue::from_str(&format!("/{}/", self.secret));
            moved.headers_mut().extend(to.map(|to| (LOCATION, to)));
            return Err(Box::new(moved));
        };
        if !matches!(*request.method(), Method::GET | Method::HEAD) && !is_from_page(request.headers()) {
            return refuse(StatusCode::FORBIDDEN, "the request comes from another site");
        }
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        match format!("/{rest}{query}").parse::<Uri>() {
            Ok(uri) => *request.uri_mut() = uri,
            Err(_) => return refuse(StatusCode::BAD_REQUEST, "this is no address"),
        }
        Ok(request)
    }

    /// Whether the browser asks by a name that no other site can have.
    fn is_own_name(&self, headers: &HeaderMap) -> bool {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        ["127.0.0.1", "localhost"].iter().any(|name| host.eq_ignore_ascii_case(&format!("{name}:{}", self.port)))
    }
}

/// Adds the headers of every answer.
pub(super) fn secured(mut answer: Response) -> Response {
    for (name, value) in HEADERS {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// Whether two texts are equal; takes as long for every text of the same length.
fn is_same(given: &str, secret: &str) -> bool {
    let differences = given.bytes().zip(secret.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b));
    given.len() == secret.len() && differences == 0
}

/// Whether a request that changes something comes from the page: by `Sec-Fetch-Site` where the browser sends it, otherwise by
/// `Origin`. A program that is no browser sends neither, and has to know the secret all the same.
fn is_from_page(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match (text("sec-fetch-site"), text(ORIGIN.as_str())) {
        (Some(site), _) => site == "same-origin",
        (None, None) => true,
        (None, Some(origin)) => text(HOST.as_str()).is_some_and(|host| origin.strip_prefix("http://") == Some(host)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> Guard {
        Guard { secret: "0123456789abcdef".into(), port: 4711 }
    }

    fn ask(method: Method, path: &str, headers: &[(&str, &str)]) -> Result<String, u16> {
        let mut request = axum::http::Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let admitted = guard().admit(request.body(axum::body::Body::empty()).unwrap());
        admitted.map(|request| request.uri().to_string()).map_err(|answer| answer.status().as_u16())
    }

    const HERE: (&str, &str) = ("host", "127.0.0.1:4711");

    #[test]
    fn only_who_knows_the_secret_is_let_through_and_the_page_does_not_see_it() {
        assert_eq!(ask(Method::GET, "/0123456789abcdef/", &[HERE]), Ok("/".into()));
        assert_eq!(ask(Method::GET, "/0123456789abcdef/api/x?y=1", &[HERE]), Ok("/api/x?y=1".into()));
        assert_eq!(ask(Method::GET, "/0123456789abcdef", &[HERE]), Err(308));
        for path in ["/", "/api/x", "/0123456789abcdee/", "/0123456789abcde/", "/0123456789abcdef0/", "//"] {
            assert_eq!(ask(Method::GET, path, &[HERE]), Err(404), "{path}");
        }
    }

    #[test]
    fn a_name_of_another_site_is_refused_whatever_it_leads_to() {
        let path = "/0123456789abcdef/";
        assert_eq!(ask(Method::GET, path, &[("host", "LOCALHOST:4711")]), Ok("/".into()));
        for host in ["evil.example:4711", "127.0.0.1", "127.0.0.1:4712", "127.0.0.1:4711.evil.example", ""] {
            assert_eq!(ask(Method::GET, path, &[("host", host)]), Err(421), "{host}");
        }
        assert_eq!(ask(Method::GET, path, &[]), Err(421));
    }

    #[test]
    fn what_changes_something_comes_from_the_page() {
        let post = |headers: &[(&str, &str)]| {
            ask(Method::POST, "/0123456789abcdef/api/label", &[&[HERE], headers].concat()).map(|_| ())
        };
        assert_eq!(post(&[]), Ok(()));
        assert_eq!(post(&[("origin", "http://127.0.0.1:4711")]), Ok(()));
        assert_eq!(post(&[("sec-fetch-site", "same-origin"), ("origin", "http://127.0.0.1:4711")]), Ok(()));
        for (name, value) in [
            ("origin", "http://evil.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "none"),
        ] {
            assert_eq!(post(&[(name, value)]), Err(403), "{name}: {value}");
        }
    }

    #[test]
    fn secrets_differ_and_are_long() {
        let (one, other) = (Guard::new(1).unwrap(), Guard::new(1).unwrap());
        assert_ne!(one.secret, other.secret);
        assert_eq!(one.address(), format!("http://127.0.0.1:1/{}/", one.secret));
        assert_eq!(one.secret.len(), 32);
    }
}
