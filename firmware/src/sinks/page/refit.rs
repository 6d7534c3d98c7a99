//! Refitting the model to the labelled clips, on a thread of its own, and going back to an earlier version.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::shared::Shared;
use super::{access, answer};
use crate::refit::{self, Report, Settings, Version};
use crate::reporting::{FolderPaths, Operator};
use crate::sinks::teach::manifest;

/// Stack of the thread that fits.
const STACK: usize = 2 * 1024 * 1024;

/// The work now, and the result of the last one.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// What is done now; `None` while there is no work.
    step: Option<String>,
    /// The last report.
    report: Option<Value>,
    /// Why the last work ended without one.
    error: Option<String>,
}

/// The work, shared with its thread.
#[derive(Debug, Clone, Default)]
pub(super) struct RefitWork(Arc<Mutex<Work>>);

impl RefitWork {
    fn lock(&self) -> MutexGuard<'_, Work> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins work; whether there was none.
    fn begin(&self) -> bool {
        let mut work = self.lock();
        let is_free = work.step.is_none();
        if is_free {
            *work = Work { step: Some(String::new()), ..Work::default() };
        }
        is_free
    }

    fn end(&self, result: Result<Value, String>) {
        let mut work = self.lock();
        work.step = None;
        match result {
            Ok(report) => work.report = Some(report),
            Err(error) => work.error = Some(error),
        }
    }
}

/// Fits to all labels so far; the program reads the result at a reload.
fn fit(work: &RefitWork, folders: FolderPaths, operator: Option<&dyn Operator>) -> Result<Value, String> {
    let text = |error: refit::Error| error.to_string();
    let clips = refit::read_labels(&folders.teach.join(manifest::NAME)).map_err(text)?;
    let request = refit::Request { settings: folders.refit, clips, activate: true };
    let report: Report = refit::refit(&request, &|step| work.lock().step = Some(step.to_string())).map_err(text)?;
    if report.accepted {
        operator.into_iter().for_each(Operator::reload);
    }
    serde_json::to_value(&report).map_err(|error| error.to_string())
}

/// `POST api/refit`: begins.
pub(super) async fn start(State(shared): State<Arc<Shared>>) -> Response {
    let folders = shared.folders.get();
    if folders.teach.as_os_str().is_empty() {
        return access::refuse(
            &shared,
            StatusCode::NOT_FOUND,
            "there is no folder of clips to label; set teach.folder",
        );
    }
    if !shared.refit.begin() {
        return access::refuse(&shared, StatusCode::CONFLICT, "a refit runs already; wait until it is done");
    }
    let (work, operator) = (shared.refit.clone(), shared.operator.clone());
    let thread = std::thread::Builder::new().name("refit".into()).stack_size(STACK);
    let run = move || {
        let result = fit(&work, folders, operator.as_deref());
        work.end(result);
    };
    match thread.spawn(run) {
        Ok(_) => answer::json(&json!({})),
        Err(error) => {
            shared.refit.end(Err(error.to_string()));
            access::refuse(
                &shared,
                StatusCode::INTERNAL_SERVER_ERROR,
                "there is no thread for it: memory or threads are short",
            )
        }
    }
}

/// `GET api/refit`: the work now, the last result, and the versions, oldest first.
pub(super) async fn status(State(shared): State<Arc<Shared>>) -> Response {
    let settings = shared.folders.get().refit;
    let versions = spawn_blocking(move || (settings.allowed, refit::versions(&settings))).await;
    let (allowed, versions) = match versions {
        Ok((allowed, versions)) => (allowed, versions.unwrap_or_default()),
        Err(_) => return access::no_result(&shared),
    };
    let work = shared.refit.lock();
    answer::json(&json!({
        "allowed": allowed,
        "step": work.step,
        "report": work.report,
        "error": work.error,
        "versions": versions.iter().map(described).collect::<Vec<_>>(),
    }))
}

fn described(version: &Version) -> Value {
    json!({
        "number": version.number,
        "active": version.active,
        "unix_ms": version.created_unix.saturating_mul(1000),
        "labels": version.labels,
        "usable": version.fits_model && !version.damaged,
    })
}

/// A request for another version.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Its number; `None` for the model's own.
    number: Option<u32>,
}

/// `POST api/refit/version`: the version that the program uses from now on.
pub(super) async fn version(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let wanted: Wanted = match answer::read_json(&parts.headers, body).await {
        Ok(wanted) => wanted,
        Err(status) => return access::refuse(&shared, status, "send the number of a version as JSON"),
    };
    changed(&shared, move |settings| refit::activate(settings, wanted.number)).await
}

/// `POST api/refit/back`: the version that was used before.
pub(super) async fn back(State(shared): State<Arc<Shared>>) -> Response {
    changed(&shared, |settings| refit::undo(settings).map(drop)).await
}

async fn changed(
    shared: &Shared,
    change: impl FnOnce(&Settings) -> Result<(), refit::Error> + Send + 'static,
) -> Response {
    if !shared.refit.begin() {
        return access::refuse(shared, StatusCode::CONFLICT, "a refit runs already; wait until it is done");
    }
    let settings = shared.folders.get().refit;
    let done = spawn_blocking(move || change(&settings)).await;
    shared.refit.lock().step = None;
    match done {
        Ok(Ok(())) => {
            shared.operator.iter().for_each(|operator| operator.reload());
            answer::json(&json!({}))
        }
        Ok(Err(error)) => access::refuse(shared, StatusCode::BAD_REQUEST, &error.to_string()),
        Err(_) => access::no_result(shared),
    }
}
