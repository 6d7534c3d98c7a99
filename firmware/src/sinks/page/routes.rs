//! The addresses of the page. All are relative to the path that a proxy serves it under.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use monitor_model::line::Causes;
use monitor_wire::AcknowledgedBy;
use serde::Deserialize;
use serde_json::json;

use super::access::{self, login};
use super::shared::Shared;
use super::{
    answer, archive, assets, clips, headers, history, listen, live, log, models, refit, settings, teach, trend,
};
use crate::alarms::ALL;

/// All addresses, with their guards.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    let looking = Router::new()
        .route("/api/now", get(now))
        .route("/api/recent", get(recent))
        .route("/api/live", get(live::live))
        .route("/api/alarms", get(log::alarms))
        .route("/api/history", get(history::history))
        .route("/api/events.csv", get(log::csv))
        .route("/api/events.parquet", get(log::parquet))
        .route("/api/trend", get(trend::trend))
        .route("/api/trend.csv", get(trend::csv))
        .route("/api/teach", get(teach::queue))
        .route("/api/refit", get(refit::status))
        .route_layer(from_fn_with_state(Arc::clone(&shared), access::looking));
    let listening = Router::new()
        .route("/api/listen", get(listen::listen))
        .route("/clips/{name}", get(clips::clip))
        .route("/api/settings", get(settings::list))
        .route("/api/notify", get(settings::notify))
        .route("/api/models", get(models::list))
        .route("/teach/{name}", get(teach::clip))
        .route("/api/teach.tar", get(archive::archive))
        .route_layer(from_fn_with_state(Arc::clone(&shared), access::listening));
    let operating = Router::new()
        .route("/api/acknowledge", post(acknowledge))
        .route("/api/keep", post(clips::keeping))
        .route("/api/settings", post(settings::change))
        .route("/api/settings/check", post(settings::check))
        .route("/api/notify/test", post(settings::test))
        .route("/api/models", post(models::upload))
        .route("/api/models/use", post(models::use_another))
        .route("/api/label", post(teach::label))
        .route("/api/refit", post(refit::start))
        .route("/api/refit/version", post(refit::version))
        .route("/api/refit/back", post(refit::back))
        .route_layer(from_fn_with_state(Arc::clone(&shared), access::operating));
    Router::new()
        .route("/", get(assets::index))
        .route("/assets/palette.js", get(assets::palette))
        .route("/assets/{name}", get(assets::asset))
        .route("/api/session", get(login::session))
        .route("/api/login", post(login::login))
        .route("/api/logout", post(login::logout))
        .merge(looking)
        .merge(listening)
        .merge(operating)
        .fallback(missing)
        .layer(from_fn_with_state(Arc::clone(&shared), access::same_site))
        .layer(from_fn_with_state(Arc::clone(&shared), access::limited))
        .layer(from_fn(headers::secure))
        .with_state(shared)
}

/// `GET api/now`.
async fn now(State(shared): State<Arc<Shared>>) -> Response {
    answer::json(&shared.now_json())
}

/// `GET api/recent`.
async fn recent(State(shared): State<Arc<Shared>>) -> Response {
    answer::of("application/json", shared.recent().json())
}

/// A request to acknowledge alarms.
#[derive(Deserialize)]
struct Acknowledge {
    /// A cause by its name, or `all`.
    cause: String,
}

/// `POST api/acknowledge`: requests it; the event that follows reports it.
async fn acknowledge(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let asked: Result<Acknowledge, StatusCode> = answer::read_json(&parts.headers, body).await;
    let causes = asked.map(|Acknowledge { cause }| match cause.as_str() {
        "all" => Some(ALL),
        cause => Causes::named(cause).map(|named| named.bits),
    });
    match causes {
        Ok(Some(causes)) => {
            shared.alarms.acknowledge(AcknowledgedBy::Page, causes);
            answer::json(&json!({}))
        }
        Ok(None) => access::refuse(&shared, StatusCode::BAD_REQUEST, "there is no such cause of alarm"),
        Err(status) => access::refuse(&shared, status, "send a cause of alarm as JSON"),
    }
}

async fn missing(State(shared): State<Arc<Shared>>) -> Response {
    access::refuse(&shared, StatusCode::NOT_FOUND, "there is nothing at this address")
}
