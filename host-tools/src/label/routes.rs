//! The addresses of the page.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use monitor_page_assets::File;
use serde::{Deserialize, Serialize};

use super::material::Proposal;
use super::session::{Decision, Session};
use crate::console::shown;
use crate::data::sound_part;
use crate::web::{answer, assets};

/// The page's own files.
static FILES: [File; 6] = [
    File { name: "de.js", content: include_str!("assets/de.js") },
    File { name: "en.js", content: include_str!("assets/en.js") },
    File { name: "index.html", content: include_str!("assets/index.html") },
    File { name: "label.css", content: include_str!("assets/label.css") },
    File { name: "main.js", content: include_str!("assets/main.js") },
    File { name: "sound.js", content: include_str!("assets/sound.js") },
];

type Shared = Arc<Mutex<Session>>;

/// All addresses.
pub(crate) fn router(session: Session) -> Router {
    assets::router(&FILES)
        .route("/api/work", get(work))
        .route("/api/label", post(label))
        .route("/api/skip", post(skip))
        .route("/api/cut", post(cut))
        .route("/api/undo", post(undo))
        .route("/api/sound/{id}", get(wav))
        .fallback(answer::missing)
        .with_state(Arc::new(Mutex::new(session)))
}

/// What the page shows.
#[derive(Debug, Serialize)]
struct Work {
    /// The stretch to decide of; `null` when all are decided.
    stretch: Option<Shown>,
    labels: Vec<Count>,
    labelled: usize,
    skipped: usize,
    left: usize,
    /// Length of the labelled sound, in seconds.
    labelled_s: f64,
    can_undo: bool,
    /// The file of the labels.
    manifest: String,
}

#[derive(Debug, Serialize)]
struct Shown {
    id: u64,
    file: String,
    from_s: f64,
    to_s: f64,
    /// Length of its recording, in seconds.
    of_s: f64,
    proposal: Option<Proposal>,
}

#[derive(Debug, Serialize)]
struct Count {
    label: String,
    stretches: usize,
    seconds: f64,
}

impl Work {
    fn of(session: &Session) -> Self {
        let labelled = |label: Option<&str>| {
            let is_it = move |decision: &Decision| matches!(decision, Decision::Label(own) if label.is_none_or(|label| own == label));
            let of_it = session.stretches().iter().filter(move |one| one.decision.as_ref().is_some_and(is_it));
            of_it.fold((0, 0.0), |(count, seconds), one| (count + 1, seconds + one.part.end - one.part.start))
        };
        let count = |label: &String| {
            let (stretches, seconds) = labelled(Some(label));
            Count { label: label.clone(), stretches, seconds }
        };
        let (count_labelled, labelled_s) = labelled(None);
        let skipped = session.stretches().iter().filter(|one| one.decision == Some(Decision::Skip)).count();
        let shown_stretch = session.next().map(|stretch| {
            let material = session.material(stretch);
            Shown {
                id: stretch.id,
                file: material.name.clone(),
                from_s: stretch.part.start,
                to_s: stretch.part.end,
                of_s: material.seconds,
                proposal: stretch.proposal.clone(),
            }
        });
        Self {
            stretch: shown_stretch,
            labels: session.labels().iter().map(count).collect(),
            labelled: count_labelled,
            skipped,
            left: session.stretches().len() - count_labelled - skipped,
            labelled_s,
            can_undo: session.can_undo(),
            manifest: shown(session.manifest().path()),
        }
    }
}

fn lock(session: &Mutex<Session>) -> MutexGuard<'_, Session> {
    session.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `GET api/work`.
async fn work(State(session): State<Shared>) -> Response {
    answer::json(&Work::of(&lock(&session)))
}

/// Takes a step, on a thread that may wait for the disk, and answers with the work that follows.
async fn step<F>(session: Shared, step: F) -> Response
where
    F: FnOnce(&mut Session) -> anyhow::Result<()> + Send + 'static,
{
    let taken = tokio::task::spawn_blocking(move || {
        let mut session = lock(&session);
        step(&mut session).map(|()| Work::of(&session))
    });
    match taken.await {
        Ok(Ok(work)) => answer::json(&work),
        Ok(Err(why)) => answer::error(StatusCode::CONFLICT, &format!("{why:#}")),
        Err(_) => answer::error(StatusCode::INTERNAL_SERVER_ERROR, "the step was not taken"),
    }
}

#[derive(Deserialize)]
struct Label {
    id: u64,
    label: String,
}

/// `POST api/label`.
async fn label(State(session): State<Shared>, request: Request) -> Response {
    match answer::read(request).await {
        Ok(Label { id, label }) => step(session, move |session| session.decide(id, Decision::Label(label))).await,
        Err(refused) => *refused,
    }
}

#[derive(Deserialize)]
struct Skip {
    id: u64,
}

/// `POST api/skip`.
async fn skip(State(session): State<Shared>, request: Request) -> Response {
    match answer::read(request).await {
        Ok(Skip { id }) => step(session, move |session| session.decide(id, Decision::Skip)).await,
        Err(refused) => *refused,
    }
}

#[derive(Deserialize)]
struct Cut {
    id: u64,
    at_s: f64,
}

/// `POST api/cut`.
async fn cut(State(session): State<Shared>, request: Request) -> Response {
    match answer::read(request).await {
        Ok(Cut { id, at_s }) => step(session, move |session| session.cut(id, at_s)).await,
        Err(refused) => *refused,
    }
}

#[derive(Deserialize)]
struct Undo {}

/// `POST api/undo`.
async fn undo(State(session): State<Shared>, request: Request) -> Response {
    match answer::read(request).await {
        Ok(Undo {}) => step(session, Session::undo).await,
        Err(refused) => *refused,
    }
}

/// `GET api/sound/ID`: the sound of a stretch.
async fn wav(State(session): State<Shared>, Path(id): Path<u64>) -> Response {
    let found = {
        let session = lock(&session);
        session.stretch(id).map(|stretch| (session.material(stretch).path.clone(), stretch.part.clone()))
    };
    let Some((path, part)) = found else { return answer::missing().await };
    match tokio::task::spawn_blocking(move || sound_part::wav(&path, &part)).await {
        Ok(Ok(bytes)) => answer::of("audio/wav", bytes),
        Ok(Err(why)) => answer::error(StatusCode::CONFLICT, &format!("{why:#}")),
        Err(_) => answer::error(StatusCode::INTERNAL_SERVER_ERROR, "the recording cannot be read"),
    }
}
