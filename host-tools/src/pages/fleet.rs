//! The page of a fleet: the devices at a broker, the worst first.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;
use serde_json::json;

use super::FILES;
use crate::fleet::broker::Happening;
use crate::fleet::sisters::Sisters;
use crate::fleet::{Broker, Condition, Device, Fleet};
use crate::web::{answer, assets};

/// Longest wait for the broker before looking again whether the page is still served.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Events that are shown of a device.
const EVENTS: usize = 20;

/// What the thread that follows the broker and the page share.
#[derive(Debug)]
struct Shared {
    broker: String,
    silent: Duration,
    state: Mutex<(Fleet, Option<String>)>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, (Fleet, Option<String>)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn happened(&self, happening: &Happening, now: Instant) {
        let mut state = self.lock();
        let (fleet, trouble) = &mut *state;
        match happening {
            Happening::Update(update) => drop(fleet.update(update, now)),
            Happening::Connected => *trouble = None,
            Happening::Lost(why) => *trouble = Some(why.clone()),
        }
    }
}

/// Follows `broker`, which is called `name`, in a thread of its own; returns the addresses of its page. A device is silent after
/// `silent`.
///
/// # Errors
/// When there is no thread.
pub(crate) fn router(broker: Broker, name: String, silent: Duration) -> anyhow::Result<Router> {
    let shared = Arc::new(Shared { broker: name, silent, state: Mutex::default() });
    let follower = Arc::clone(&shared);
    let follow = move || {
        loop {
            if let Some(happening) = broker.next(POLL_INTERVAL) {
                follower.happened(&happening, Instant::now());
            }
        }
    };
    std::thread::Builder::new().name("fleet".into()).spawn(follow).context("there is no thread for the broker")?;
    Ok(assets::router(&FILES)
        .route("/api/about", get(|| async { answer::json(&json!({ "kind": "fleet" })) }))
        .route("/api/fleet", get(fleet))
        .fallback(answer::missing)
        .with_state(shared))
}

/// What the page shows.
#[derive(Debug, Serialize)]
struct View<'f> {
    broker: &'f str,
    /// Why nothing arrives, if so.
    trouble: Option<&'f str>,
    /// Messages of devices beyond the number that is followed.
    left_out: u64,
    devices: Vec<Shown<'f>>,
}

#[derive(Debug, Serialize)]
struct Shown<'f> {
    id: &'f str,
    condition: Condition,
    online: Option<bool>,
    silent_s: u64,
    is_silent: bool,
    report: Option<&'f crate::fleet::report::Report>,
    model: Option<&'f str>,
    sisters: Sisters,
    unlike: bool,
    /// The last events, newest first.
    events: Vec<&'f str>,
}

impl<'f> Shown<'f> {
    fn of(device: &'f Device, condition: Condition, fleet: &'f Fleet, (now, silent): (Instant, Duration)) -> Self {
        let sisters = fleet.sisters(&device.id);
        Self {
            id: &device.id,
            condition,
            online: device.online,
            silent_s: device.silence(now).as_secs(),
            is_silent: device.is_silent(now, silent),
            report: device.report.as_ref(),
            model: fleet.model(&device.id),
            sisters,
            unlike: sisters.unlike(),
            events: device.events.iter().rev().take(EVENTS).map(String::as_str).collect(),
        }
    }
}

/// `GET api/fleet`.
async fn fleet(State(shared): State<Arc<Shared>>) -> Response {
    let now = Instant::now();
    let state = shared.lock();
    let (fleet, trouble) = &*state;
    answer::json(&view(fleet, &shared.broker, trouble.as_deref(), (now, shared.silent)))
}

fn view<'f>(fleet: &'f Fleet, broker: &'f str, trouble: Option<&'f str>, at: (Instant, Duration)) -> View<'f> {
    let worst_first = fleet.worst_first(at.0, at.1);
    let mut devices: Vec<Shown<'_>> =
        worst_first.into_iter().map(|(condition, device)| Shown::of(device, condition, fleet, at)).collect();
    // Stable: among those of one condition.
    devices.sort_by_key(|device| (device.condition, !device.unlike));
    View { broker, trouble, left_out: fleet.left_out, devices }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::Update;

    #[test]
    fn the_device_that_is_unlike_its_sisters_is_before_those_of_the_same_condition() {
        let (mut fleet, start) = (Fleet::default(), Instant::now());
        for minute in 0..=40 {
            for (id, score) in [("a", 0.30), ("b", 0.34), ("c", 0.32), ("d", 0.86)] {
                let payload = json!({"state": "on", "zone": "normal", "anomaly": score}).to_string().into_bytes();
                let update = Update { device: id.into(), kind: "state".into(), payload, retained: false };
                fleet.update(&update, start + Duration::from_secs(60 * minute));
            }
        }
        // Normal is the highest score all the same: the sisters' own order is by score.
        let now = start + Duration::from_secs(2400);
        let shown = serde_json::to_value(view(&fleet, "b", None, (now, Duration::from_secs(10)))).unwrap();
        assert_eq!((&shown["devices"][0]["id"], &shown["devices"][0]["unlike"]), (&json!("d"), &json!(true)));
        assert_eq!(shown["devices"][1]["unlike"], false);
        assert!(shown["devices"][0]["sisters"]["score"]["z_day"].as_f64().unwrap() > 3.5);
        assert_eq!(shown["devices"][0]["sisters"]["level"], serde_json::Value::Null);
    }
}
