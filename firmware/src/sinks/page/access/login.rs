//! Logging in and out, and what a page is told of its session.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::super::headers::prefix;
use super::super::shared::Shared;
use super::super::{Look, answer};
use super::{COOKIE_NAME, Peer, Role, address, refuse, sessions, token, too_many};
use crate::system::messages::warn;

/// The body of a request to log in.
#[derive(Deserialize)]
struct Login {
    password: String,
}

/// `GET api/session`: the role of this browser, and the token that it sends with requests that change something.
pub(in super::super) async fn session(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    described(&shared, shared.access.role(&headers), token(&headers))
}

fn described(shared: &Shared, role: Role, token: Option<&str>) -> Response {
    let form_token = token.filter(|_| role == Role::Operate).map(sessions::form_token);
    let is_open = shared.config.look == Look::Open;
    answer::json(
        &json!({ "role": role.name(), "form_token": form_token, "look_is_open": is_open, "live_sound": shared.config.live_sound }),
    )
}

/// `POST api/login`: begins a session for who has the password.
pub(in super::super) async fn login(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let address = address(&parts.headers, parts.extensions.get::<Peer>());
    if let Err(wait) = shared.access.attempts.take(address, Instant::now()) {
        return too_many(&shared, wait, "too many attempts; wait a moment");
    }
    let Login { password } = match answer::read_json(&parts.headers, body).await {
        Ok(login) => login,
        Err(status) => return refuse(&shared, status, "send a password as JSON"),
    };
    let (expected, checked) = (Arc::clone(&shared.access.password), shared.access.checking.acquire().await);
    let is_right = tokio::task::spawn_blocking(move || expected.is(&password)).await.unwrap_or(false);
    drop(checked);
    if !is_right {
        shared.counters.refused_logins.fetch_add(1, Relaxed);
        // As often as an address may try.
        warn(format!("page: a wrong password was given by {address}"));
        return answer::error(StatusCode::UNAUTHORIZED, "this is not the password");
    }
    shared.access.attempts.clear(address);
    let Ok(token) = shared.access.sessions.begin() else {
        return answer::error(StatusCode::INTERNAL_SERVER_ERROR, "there are no random numbers for a session");
    };
    let mut answer = described(&shared, Role::Operate, Some(&token));
    set_cookie(&mut answer, &shared, &parts.headers, &token, sessions::LONGEST.as_secs());
    answer
}

/// `POST api/logout`: ends the session.
pub(in super::super) async fn logout(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    token(&headers).into_iter().for_each(|token| shared.access.sessions.end(token));
    let role = if shared.config.look == Look::Open { Role::Look } else { Role::Anonymous };
    let mut answer = described(&shared, role, None);
    set_cookie(&mut answer, &shared, &headers, "", 0);
    answer
}

/// The cookie is for this page alone: for its folder behind a proxy, and encrypted where the browser's connection is.
fn set_cookie(answer: &mut Response, shared: &Shared, headers: &HeaderMap, token: &str, max_age_s: u64) {
    let is_encrypted =
        shared.config.has_tls() || headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https");
    let secure = if is_encrypted { "; Secure" } else { "" };
    let path = prefix(headers);
    let cookie = format!("{COOKIE_NAME}={token}; Path={path}/; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}");
    // Checked characters only: it cannot fail.
    HeaderValue::try_from(cookie).into_iter().for_each(|cookie| drop(answer.headers_mut().insert(SET_COOKIE, cookie)));
}
