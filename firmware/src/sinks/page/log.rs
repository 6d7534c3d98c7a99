//! What the page shows of the event log and of the clips.

use std::io;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::shared::Shared;
use super::{access, answer, events_table};
use crate::reporting::FolderPaths;
use crate::sinks::clips::store::list;
use crate::sinks::events::table::{text, times};
use crate::sinks::events::{Record, RecordKind, read_newest};

/// Most bytes of the log that are read for a request: 20,000 records and more.
const MOST: u64 = 4 * 1024 * 1024;

/// Most records of alarms in an answer.
const MOST_RECORDS: usize = 1000;

/// `GET api/alarms`: the newest records about alarms, and the clips.
pub(super) async fn alarms(State(shared): State<Arc<Shared>>) -> Response {
    let folders = shared.folders.get();
    answered(&shared, spawn_blocking(move || alarms_of(&folders)).await).await
}

fn alarms_of(folders: &FolderPaths) -> io::Result<Value> {
    let records = records(folders)?;
    let is_about = |record: &Record| {
        use RecordKind::{Acknowledged, Alarm, Clip, Start, Warning};
        matches!(record.event, Acknowledged | Alarm | Clip | Start | Warning)
    };
    let about: Vec<_> = times(&records).into_iter().zip(&records).filter(|(_, record)| is_about(record)).collect();
    let newest = &about[about.len().saturating_sub(MOST_RECORDS)..];
    let described = |(time, record): &(_, _)| -> io::Result<Value> {
        let time: &crate::sinks::events::table::Time = time;
        let mut value = serde_json::to_value(record)?;
        (value["time_ms"], value["clock"]) = (time.unix_ms.into(), time.clock.into());
        Ok(value)
    };
    let described: Vec<Value> = newest.iter().map(described).collect::<Result<_, _>>()?;
    let clips = if folders.clips.as_os_str().is_empty() { Vec::new() } else { list(&folders.clips)? };
    let clips = clips.iter().map(|clip| json!({ "name": clip.name, "bytes": clip.bytes, "kept": clip.kept }));
    Ok(json!({
        "has_log": !folders.events.as_os_str().is_empty(),
        "has_clips": !folders.clips.as_os_str().is_empty(),
        "records": described,
        "clips": clips.collect::<Vec<_>>(),
    }))
}

/// `GET api/events.csv`: the newest part of the log as `firmware events --csv` prints it.
pub(super) async fn csv(State(shared): State<Arc<Shared>>) -> Response {
    let csv = |records: &[Record]| text(records, true).into_bytes();
    saved(&shared, "text/csv; charset=utf-8", "attachment; filename=\"events.csv\"", csv).await
}

/// `GET api/events.parquet`: the same part of the log as a Parquet table.
pub(super) async fn parquet(State(shared): State<Arc<Shared>>) -> Response {
    let disposition = "attachment; filename=\"events.parquet\"";
    saved(&shared, "application/vnd.apache.parquet", disposition, events_table::parquet).await
}

/// The newest part of the log as the file that `encode` makes of it, for the browser to save.
async fn saved(
    shared: &Shared,
    content_type: &'static str,
    disposition: &'static str,
    encode: fn(&[Record]) -> Vec<u8>,
) -> Response {
    let folders = shared.folders.get();
    match spawn_blocking(move || records(&folders).map(|records| encode(&records))).await {
        Ok(Ok(file)) => answer::download(content_type, disposition, file),
        Ok(Err(error)) => unreadable(shared, &error),
        Err(_) => access::no_result(shared),
    }
}

/// The newest records; none without a log.
pub(super) fn records(folders: &FolderPaths) -> io::Result<Vec<Record>> {
    if folders.events.as_os_str().is_empty() {
        return Ok(Vec::new());
    }
    match read_newest(&folders.events, MOST) {
        // Nothing has been written yet.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read,
    }
}

/// The answer of work on another thread.
pub(super) async fn answered<E>(shared: &Shared, done: Result<io::Result<Value>, E>) -> Response {
    match done {
        Ok(Ok(value)) => answer::json(&value),
        Ok(Err(error)) => unreadable(shared, &error),
        Err(_) => access::no_result(shared),
    }
}

fn unreadable(shared: &Shared, error: &io::Error) -> Response {
    let why = format!(
        "the event log or the clips cannot be read: {error}; check owner and mode of events.folder and clips.folder"
    );
    access::refuse(shared, StatusCode::INTERNAL_SERVER_ERROR, &why)
}
