//! `api/settings`: what those who operate may change, and `api/notify`: the notifications and a test of them.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::task::spawn_blocking;

use super::access;
use super::answer;
use super::shared::Shared;
use crate::reporting::{Operator, OperatorError};

/// A request to change settings: each by `section.key`; null takes an override back.
#[derive(Deserialize)]
struct Changes {
    changes: Map<String, Value>,
}

/// `GET api/settings`.
pub(super) async fn list(State(shared): State<Arc<Shared>>) -> Response {
    perform(&shared, |operator| operator.settings()).await
}

/// `POST api/settings/check`: what the changes would change; nothing is changed.
pub(super) async fn check(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match answer::read_json(&parts.headers, body).await {
        Ok(Changes { changes }) => perform(&shared, move |operator| operator.proposal(&changes)).await,
        Err(status) => access::refuse(&shared, status, "send the changes as JSON"),
    }
}

/// `POST api/settings`: changes them.
pub(super) async fn change(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let by = access::address(&parts.headers, parts.extensions.get::<access::Peer>()).to_string();
    match answer::read_json(&parts.headers, body).await {
        Ok(Changes { changes }) => perform(&shared, move |operator| operator.change(&changes, &by)).await,
        Err(status) => access::refuse(&shared, status, "send the changes as JSON"),
    }
}

/// Calls the operator on a thread that may wait.
pub(super) async fn perform<W>(shared: &Shared, work: W) -> Response
where
    W: FnOnce(&dyn Operator) -> Result<Value, OperatorError> + Send + 'static,
{
    let Some(operator) = shared.operator.clone() else {
        return access::refuse(shared, StatusCode::NOT_FOUND, "nothing can be changed here");
    };
    match spawn_blocking(move || work(&*operator)).await {
        Ok(Ok(done)) => answer::json(&done),
        Ok(Err(OperatorError::Refused(why))) => access::refuse(shared, StatusCode::UNPROCESSABLE_ENTITY, &why),
        Ok(Err(OperatorError::Failed(why))) => access::refuse(shared, StatusCode::INTERNAL_SERVER_ERROR, &why),
        Err(_) => access::no_result(shared),
    }
}

/// `GET api/notify`: the servers that messages go to, and the counters.
pub(super) async fn notify(State(shared): State<Arc<Shared>>) -> Response {
    let counters = shared.notify.list().map(|(name, _, count)| (name.to_owned(), count.load(Relaxed).into()));
    let counters: Map<String, Value> = counters.into_iter().collect();
    answer::json(&json!({ "channels": shared.notify.channels(), "counters": counters }))
}

/// `POST api/notify/test`: requests a test message; `api/notify` reports what has become of it.
pub(super) async fn test(State(shared): State<Arc<Shared>>) -> Response {
    if shared.notify.channels().is_empty() {
        let why = "no server is set in [notify]; set notify.webhook, notify.ntfy or notify.email";
        return access::refuse(&shared, StatusCode::CONFLICT, why);
    }
    shared.notify.request_test();
    answer::json(&json!({}))
}
