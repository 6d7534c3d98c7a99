//! Who may do what: passwords, sessions, roles, and the origin of requests.

pub(super) mod budgets;
pub(super) mod cross_site;
pub(super) mod login;
pub(super) mod password;
pub(super) mod sessions;

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::header::{COOKIE, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use tokio::sync::Semaphore;

use super::shared::Shared;
use super::{Config, Look, answer};
use budgets::Budgets;
use password::Password;
use sessions::Sessions;

/// Name of the session's cookie.
const COOKIE_NAME: &str = "monitor_session";

/// Attempts to log in that an address may make at once, and the time in which it gets one more.
const ATTEMPTS: u32 = 5;
const ATTEMPT_REFILL: Duration = Duration::from_secs(12);

/// Requests that an address may make at once, and the time in which it gets one more. A page with its files takes about 30.
const REQUESTS: u32 = 600;
const REQUEST_REFILL: Duration = Duration::from_millis(20);

/// The address that a connection comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

/// What a request may do. Each role includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// Nothing but log in.
    Anonymous,
    /// Look.
    Look,
    /// Acknowledge and change.
    Operate,
}

impl Role {
    /// The name in the answers.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Look => "look",
            Self::Operate => "operate",
        }
    }
}

/// The page's access control.
pub(super) struct Access {
    password: Arc<Password>,
    sessions: Sessions,
    attempts: Budgets,
    requests: Budgets,
    /// One password is checked at a time: each check takes memory and time.
    checking: Semaphore,
    look: Look,
}

impl Access {
    /// By the configuration; a random password is kept in `state_dir`.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub(super) fn new(config: &Config, state_dir: &Path) -> Result<Self, String> {
        Ok(Self {
            password: Arc::new(Password::new(&config.password_hash, state_dir)?),
            sessions: Sessions::default(),
            attempts: Budgets::new(ATTEMPTS, ATTEMPT_REFILL),
            requests: Budgets::new(REQUESTS, REQUEST_REFILL),
            checking: Semaphore::new(1),
            look: config.look,
        })
    }

    /// Begins a session without a password; returns its token.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub(super) fn begin(&self) -> Result<String, getrandom::Error> {
        self.sessions.begin()
    }

    /// The role of a request, by its cookie.
    pub(super) fn role(&self, headers: &HeaderMap) -> Role {
        let known = token(headers).is_some_and(|token| self.sessions.is_known(token));
        match (known, self.look) {
            (true, _) => Role::Operate,
            (false, Look::Open) => Role::Look,
            (false, Look::Password) => Role::Anonymous,
        }
    }
}

/// The session's token in the cookies of a request.
fn token(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).into_iter().filter_map(|cookies| cookies.to_str().ok());
    cookies
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE_NAME).then_some(value))
}

/// Whether an address may begin a handshake of TLS, which costs as much as several requests and counts as one.
pub(super) fn may_begin(shared: &Shared, address: IpAddr) -> bool {
    shared.access.requests.take(address, Instant::now()).is_ok()
}

/// Lets as many requests of an address pass as a few browsers need.
pub(super) async fn limited(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let address = address(request.headers(), request.extensions().get());
    match shared.access.requests.take(address, Instant::now()) {
        Ok(()) => next.run(request).await,
        Err(wait) => too_many(&shared, wait, "too many requests; wait a moment"),
    }
}

/// Lets requests of those pass who may look.
pub(super) async fn looking(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    if shared.access.role(request.headers()) >= Role::Look {
        return next.run(request).await;
    }
    refuse(&shared, StatusCode::UNAUTHORIZED, "log in first")
}

/// Lets requests of those pass who may operate. For answers that change nothing.
pub(super) async fn listening(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    if shared.access.role(request.headers()) >= Role::Operate {
        return next.run(request).await;
    }
    refuse(&shared, StatusCode::UNAUTHORIZED, "log in first")
}

/// Lets requests of those pass who may operate, and whose page has sent the session's own token with the request.
pub(super) async fn operating(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    if shared.access.role(headers) < Role::Operate {
        return refuse(&shared, StatusCode::UNAUTHORIZED, "log in first");
    }
    let expected = token(headers).map(sessions::form_token);
    let given = headers.get("x-form-token").and_then(|given| given.to_str().ok());
    if given.is_none() || given != expected.as_deref() {
        return refuse(&shared, StatusCode::FORBIDDEN, "the request does not come from this page");
    }
    next.run(request).await
}

/// Lets requests that change something pass only from pages of this origin.
pub(super) async fn same_site(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    if request.method().is_safe() || cross_site::is_own(request.headers()) {
        return next.run(request).await;
    }
    refuse(&shared, StatusCode::FORBIDDEN, "the request does not come from this page")
}

/// The address that requests are counted by: the client's as the proxy in front names it, where that is on this device.
pub(super) fn address(headers: &HeaderMap, peer: Option<&Peer>) -> IpAddr {
    let peer = peer.map_or(std::net::Ipv4Addr::UNSPECIFIED.into(), |peer| peer.0);
    let named =
        headers.get("x-forwarded-for").and_then(|list| list.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
    named.filter(|_| peer.is_loopback()).unwrap_or(peer)
}

/// Refuses a request of an address that has asked too often; it may ask again after `wait`.
fn too_many(shared: &Shared, wait: Duration, why: &str) -> Response {
    let mut answer = refuse(shared, StatusCode::TOO_MANY_REQUESTS, why);
    answer.headers_mut().insert(RETRY_AFTER, (wait.as_secs() + 1).into());
    answer
}

/// Answers a request whose work, on another thread, has ended without a result: the program ends, or has an error.
pub(super) fn no_result(shared: &Shared) -> Response {
    let why = "the work ended without a result; try again, and look at the messages of the program";
    refuse(shared, StatusCode::INTERNAL_SERVER_ERROR, why)
}

/// Counts and answers a request that is refused.
pub(super) fn refuse(shared: &Shared, status: StatusCode, why: &str) -> Response {
    shared.counters.refused_requests.fetch_add(1, Relaxed);
    answer::error(status, why)
}
