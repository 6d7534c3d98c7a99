//! The Prometheus endpoint: `GET /metrics` in the text format, version 0.0.4.
//!
//! Source of the format: <https://prometheus.io/docs/instrumenting/exposition_formats/>.

#[cfg(test)]
mod documented;
pub mod http;

use std::fmt::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use monitor_core::anomaly::Zone;
use monitor_core::microphone;
use monitor_model::line::{capture_name, cause_name};
use monitor_wire::{ClockState, Health};
use serde::{Deserialize, Serialize};

use super::server::Server;
use super::{QUEUE, Sink, SinkConfig};
use crate::reporting::{
    BOUNDS_US, InferenceTimes, NotifyDesk, OutputContext, PageCounters, Privacy, Snapshot, TeachCounters,
};
use crate::system::process_start;

/// Connections at a time.
const MOST: usize = 4;

/// `[prometheus]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Whether there is an endpoint.
    pub enabled: bool,
    /// Address and port that it listens on.
    pub listen: SocketAddr,
}

impl Default for Config {
    fn default() -> Self {
        Self { enabled: false, listen: (Ipv4Addr::LOCALHOST, 19464).into() }
    }
}

impl SinkConfig for Config {
    fn queue(&self) -> Option<usize> {
        self.enabled.then_some(QUEUE)
    }

    fn start(&self, context: &OutputContext) -> Result<Box<dyn Sink>, String> {
        let counts = Counts {
            page: Arc::clone(&context.page),
            notify: Arc::clone(&context.notify),
            teach: Arc::clone(&context.teach.counters),
            privacy: context.privacy.clone(),
            inference: Arc::clone(&context.inference_times),
        };
        let server = Server::start("prometheus", self.listen, MOST, move |stream, visit| {
            http::answer(stream, "/metrics", "text/plain; version=0.0.4", || page(&visit.now(), &counts));
        })?;
        Ok(Box::new(server))
    }
}

/// What the rest of the program counts.
#[derive(Debug, Default)]
struct Counts {
    page: Arc<PageCounters>,
    notify: Arc<NotifyDesk>,
    teach: Arc<TeachCounters>,
    privacy: Privacy,
    inference: Arc<InferenceTimes>,
}

/// The whole page.
fn page(now: &Snapshot, counts: &Counts) -> String {
    let mut page = Page(String::with_capacity(4096));
    let health = &now.health;
    if let Some(device) = &now.device {
        let (version, commit) = (env!("CARGO_PKG_VERSION"), env!("MONITOR_COMMIT"));
        let labels = [("model", device.model.as_str()), ("version", version), ("commit", commit)];
        page.family("info", "gauge", "The model and the program.");
        page.sample("info", &labels, 1.0);
    }
    page.one("up_seconds", "gauge", "Time since the start.", now.time_us as f64 / 1e6);
    page.family("state", "gauge", "1 for the reported state, 0 for the others.");
    let state = now.state_name();
    for label in now.labels().iter().chain(["unknown"]) {
        page.sample("state", &[("state", label)], f64::from(u8::from(label == state)));
    }
    page.one("confidence", "gauge", "Smoothed probability of the reported state.", now.confidence.into());
    let measured = [
        ("level_dbfs", "Level of the newest window in dB of full scale.", now.level_dbfs.map(f64::from)),
        ("anomaly", "Anomaly score of the newest window.", now.anomaly.map(f64::from)),
        ("cpu_celsius", "Temperature of the processor.", health.cpu_millidegrees.map(|t| f64::from(t) / 1e3)),
    ];
    for (name, help, value) in measured {
        value.into_iter().for_each(|value| page.one(name, "gauge", help, value));
    }
    page.family("alarm", "gauge", "1 for each active cause of alarm.");
    for cause in 0..=3u8 {
        page.sample("alarm", &[("cause", cause_name(cause))], f64::from(now.alarms >> cause & 1));
    }
    page.family("alarm_unacknowledged", "gauge", "1 for each cause of alarm that is not yet acknowledged.");
    for cause in 0..=3u8 {
        page.sample(
            "alarm_unacknowledged",
            &[("cause", cause_name(cause))],
            f64::from(now.unacknowledged >> cause & 1),
        );
    }
    page.one(
        "warning",
        "gauge",
        "Whether the anomaly score is lastingly above the warning level.",
        f64::from(u8::from(now.warning)),
    );
    if let Some(now) = now.zone {
        page.family("zone", "gauge", "1 for the zone of the anomaly score.");
        for zone in Zone::ALL {
            page.sample("zone", &[("zone", zone.name())], f64::from(u8::from(zone == now)));
        }
    }
    trend(&mut page, now);
    let synchronised = f64::from(u8::from(health.clock == ClockState::Synchronised as u8));
    page.one("clock_synchronised", "gauge", "Whether the device's clock follows a time server.", synchronised);
    let rejected = now.rejected_updates().len() as f64;
    page.one("rejected_updates", "gauge", "Updates that were offered to the device and rejected.", rejected);
    page.one("not_used", "gauge", "The name of rejected_updates until version 0.1.", rejected);
    page.family("microphone_fault", "gauge", "1 for each fault of the microphone.");
    for (bit, fault) in microphone::NAMES {
        page.sample("microphone_fault", &[("fault", fault)], f64::from(u8::from(health.microphone & bit != 0)));
    }
    page.family("capture", "gauge", "1 for what capture is doing.");
    for state in 0..=4u8 {
        page.sample("capture", &[("state", capture_name(state))], f64::from(u8::from(health.capture == state)));
    }
    let counters = [
        ("frames", "Frames captured.", health.frames),
        ("windows", "Windows computed.", health.windows),
        ("lost_frames", "Frames lost in gaps.", health.lost_frames),
        ("gaps", "Gaps in the sound.", health.gaps.into()),
        ("xruns", "Overruns of the sound device.", health.xruns.into()),
        ("recoveries", "Times that the device was recovered or opened again.", health.recoveries.into()),
        ("dropped_windows", "Windows dropped because inference was behind.", health.dropped_windows.into()),
        ("dropped_blocks", "Blocks of sound dropped because inference was far behind.", health.dropped_blocks.into()),
        ("dropped_reports", "Events dropped because a sink was behind.", health.dropped_reports.into()),
        ("late_wakeups", "Times that capture woke up late.", health.late.into()),
        ("stalls", "Times that the device delivered nothing for too long.", health.stalls.into()),
        ("suspends", "Times that the system was suspended.", health.suspends.into()),
    ];
    for (name, help, count) in counters {
        page.one(&format!("{name}_total"), "counter", help, count as f64);
    }
    let of_page = counts.page.list().map(|counter| ("page", counter));
    let of_notify = counts.notify.list().map(|counter| ("notify", counter));
    let of_teach = counts.teach.list().map(|counter| ("teach", counter));
    let of_privacy = counts.privacy.list().map(|counter| ("privacy", counter));
    for (section, (name, help, count)) in of_page.into_iter().chain(of_notify).chain(of_teach).chain(of_privacy) {
        let is_gauge = matches!(name, "followers" | "listeners" | "waiting" | "labelled" | "muted");
        let (suffix, kind) = if is_gauge { ("", "gauge") } else { ("_total", "counter") };
        page.one(&format!("{section}_{name}{suffix}"), kind, help, count.load(Relaxed) as f64);
    }
    page.one("queue_depth", "gauge", "Events that wait for the slowest sink.", health.queue_depth.into());
    page.one("realtime", "gauge", "Whether capture has real-time priority.", f64::from(u8::from(health.realtime)));
    inference(&mut page, health, &counts.inference);
    if let Some(start_s) = process_start::unix_s() {
        // A name that all programs share, without the prefix.
        let _ = writeln!(
            page.0,
            "# HELP process_start_time_seconds Start of the program, in seconds since 1970.\n\
             # TYPE process_start_time_seconds gauge\nprocess_start_time_seconds {start_s}"
        );
    }
    page.0
}

/// The inference time: of all windows as a histogram, and of the last ones as quantiles.
fn inference(page: &mut Page, health: &Health, times: &InferenceTimes) {
    let (counts, sum_us) = times.cumulative();
    let sum_s = sum_us as f64 / 1e6;
    page.family("inference_time_seconds", "histogram", "Inference time of a window.");
    let bounds = BOUNDS_US.iter().map(|bound| (f64::from(*bound) / 1e6).to_string()).chain(["+Inf".to_string()]);
    for (bound, count) in bounds.zip(counts) {
        page.sample("inference_time_seconds_bucket", &[("le", &bound)], count as f64);
    }
    page.sample("inference_time_seconds_sum", &[], sum_s);
    page.sample("inference_time_seconds_count", &[], counts[BOUNDS_US.len()] as f64);
    let recent = [("0.5", health.inference_p50_us), ("0.99", health.inference_p99_us), ("1", health.inference_max_us)];
    page.family("inference_seconds", "summary", "Inference time; its quantiles are those of the last 512 windows.");
    for (quantile, us) in recent {
        page.sample("inference_seconds", &[("quantile", quantile)], f64::from(us) / 1e6);
    }
    page.sample("inference_seconds_sum", &[], sum_s);
    page.sample("inference_seconds_count", &[], counts[BOUNDS_US.len()] as f64);
}

/// The course of the daily medians, and whether the model still fits.
fn trend(page: &mut Page, now: &Snapshot) {
    let trend = now.trend();
    page.one("trend_days", "gauge", "Days that the trend is computed from.", trend.days.into());
    page.one("trend_rising", "gauge", "Whether the score of a state rises.", f64::from(u8::from(trend.is_rising())));
    for (name, level, days) in
        [("days_to_warning", "warning", trend.to_warning), ("days_to_alarm", "alarm", trend.to_alarm)]
    {
        let Some(days) = days else { continue };
        page.family(name, "gauge", &format!("Days until a rising score reaches the {level} level."));
        page.sample(name, &[("bound", "earliest")], days.earliest.into());
        page.sample(name, &[("bound", "latest")], days.latest.into());
    }
    let drift = f64::from(u8::from(trend.no_longer_fits()));
    page.one("drift", "gauge", "Whether all states have shifted at once, so that the model no longer fits.", drift);
}

/// The page being written. Into memory: it cannot fail.
struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP acoustic_monitor_{name} {help}\n# TYPE acoustic_monitor_{name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let _ = write!(self.0, "acoustic_monitor_{name}");
        for (place, (label, text)) in labels.iter().enumerate() {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.0, "{}{label}=\"{text}\"", if place == 0 { '{' } else { ',' });
        }
        let _ = writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: f64) {
        self.family(name, kind, help);
        self.sample(name, &[], value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped_as_the_format_wants_it() {
        let mut page = Page(String::new());
        page.sample("state", &[("state", "a\"b\\c\nd"), ("x", "y")], 1.0);
        assert_eq!(page.0, "acoustic_monitor_state{state=\"a\\\"b\\\\c\\nd\",x=\"y\"} 1\n");
    }

    #[test]
    fn before_the_first_event_the_state_is_unknown() {
        assert!(
            page(&Snapshot::default(), &Counts::default()).contains("acoustic_monitor_state{state=\"unknown\"} 1\n")
        );
    }

    #[test]
    fn the_histogram_counts_up_to_each_bound_and_the_quantiles_are_a_summary() {
        let counts = Counts::default();
        [700, 900, 30_000].into_iter().for_each(|time| counts.inference.record(time));
        let page = page(&Snapshot::default(), &counts);
        for line in [
            "# TYPE acoustic_monitor_inference_time_seconds histogram",
            "acoustic_monitor_inference_time_seconds_bucket{le=\"0.0005\"} 0",
            "acoustic_monitor_inference_time_seconds_bucket{le=\"0.001\"} 2",
            "acoustic_monitor_inference_time_seconds_bucket{le=\"1\"} 3",
            "acoustic_monitor_inference_time_seconds_bucket{le=\"+Inf\"} 3",
            "acoustic_monitor_inference_time_seconds_sum 0.0316",
            "acoustic_monitor_inference_time_seconds_count 3",
            "# TYPE acoustic_monitor_inference_seconds summary",
        ] {
            assert!(page.contains(&format!("\n{line}\n")), "{line}: {page}");
        }
        let start = page.lines().find_map(|line| line.strip_prefix("process_start_time_seconds ")).unwrap();
        assert!(start.parse::<f64>().unwrap() > 1e9, "{start}");
    }

    #[test]
    fn the_warning_is_a_gauge_and_the_zone_one_for_each() {
        let now = Snapshot { warning: true, zone: Some(Zone::Warning), ..Snapshot::default() };
        let page = page(&now, &Counts::default());
        for line in ["warning 1", "zone{zone=\"warning\"} 1", "zone{zone=\"normal\"} 0"] {
            assert!(page.contains(&format!("\nacoustic_monitor_{line}\n")), "{line}: {page}");
        }
    }
}
