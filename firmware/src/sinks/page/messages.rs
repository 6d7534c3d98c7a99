//! What the page reports as JSON: the state now, a window, and any other event as its line on standard output.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use monitor_core::anomaly::Zone;
use monitor_core::microphone;
use monitor_model::explanation::ExplanationText;
use monitor_model::line::{Causes, Line, Refused, capture_name, clock_name};
use monitor_model::trend_line::TrendJson;
use serde_json::{Map, Value, json};

use super::recent::Point;
use super::shared::Now;
use crate::alarms::sensitivity::Values;
use crate::reporting::{Item, Snapshot, Window};
use crate::system::hex::hex;
use crate::system::{clock, host};

/// The state now. `levels`: alarm level, persistence and warning level of the anomaly score, `None` without a score.
pub(super) fn now(now: &Now, levels: Option<Values>) -> Value {
    let Now { snapshot, .. } = now;
    let health = &snapshot.health;
    let causes = |bits| Causes { bits }.names().collect::<Vec<_>>();
    let device = snapshot.device.as_ref();
    json!({
        "unix_ms": clock::unix_ms(),
        "up_ms": now.up_ms(),
        "clock": clock_name(health.clock),
        "host": host::name(),
        "version": env!("CARGO_PKG_VERSION"),
        "model": device.map(|device| &device.model),
        "model_sha256": device.map(|device| hex(&device.model_sha256)),
        "rate_hz": device.map(|device| device.rate_hz),
        "hop_s": device.map(|device| f64::from(device.hop_us) / 1e6),
        "labels": snapshot.labels().iter().collect::<Vec<_>>(),
        "state": snapshot.state_name(),
        "last_state": snapshot.name(snapshot.state),
        "is_current": snapshot.is_current(),
        "confidence": snapshot.confidence,
        "level_dbfs": snapshot.level_dbfs,
        "anomaly": snapshot.anomaly,
        "zone": snapshot.zone.map(Zone::name),
        "alarm_level": levels.map(|[alarm, ..]| alarm),
        "warning_level": levels.map(|[.., warning]| warning),
        "alarm": snapshot.is_alarm(),
        "alarms": causes(snapshot.alarms),
        "unacknowledged": causes(snapshot.unacknowledged),
        "explanation": ExplanationText::if_any(&snapshot.explanation),
        "trend": TrendJson { trend: snapshot.trend(), labels: snapshot.labels() },
        "microphone": microphone::names(health.microphone).collect::<Vec<_>>(),
        "capture": capture_name(health.capture),
        "silent_s": now.silent_s(),
        "refused": Refused { bits: health.refused }.names().collect::<Vec<_>>(),
        "rejected_updates": snapshot.rejected_updates(),
        "health": health,
    })
}

/// Counters by their names.
pub(super) fn counts(list: &[(&str, &str, &AtomicU64)]) -> Value {
    list.iter().map(|(name, _, count)| ((*name).to_owned(), count.load(Relaxed).into())).collect::<Map<_, _>>().into()
}

/// A window: what of it changes several times a second.
pub(super) fn window(time_us: u64, window: &Window<'_>, now: &Snapshot) -> Value {
    // Numbers and texts: it cannot fail.
    let mut value = serde_json::to_value(Point::new(time_us, window)).unwrap_or_default();
    value["name"] = now.state_name().into();
    value["spans_gap"] = window.spans_gap.into();
    value
}

/// Any other event, as a line of standard output has it.
pub(super) fn event(item: &Item, now: &Snapshot) -> Value {
    let mut value = serde_json::to_value(Line { frame: item.frame(), labels: now.labels() }).unwrap_or_default();
    value["unix_ms"] = clock::unix_ms().into();
    value["clock"] = clock_name(clock::state() as u8).into();
    value
}
