//! `docs/reference/metrics.md` and the endpoint agree: names, types and labels.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use monitor_core::anomaly::Zone;
use monitor_wire::{DaySpan, Health, Trend};

use super::{Counts, page};
use crate::reporting::{DeviceInfo, Snapshot, TrendReport};

const DOCUMENT: &str = include_str!("../../../../docs/reference/metrics.md");

/// The types of metrics.
const KINDS: [&str; 4] = ["gauge", "counter", "histogram", "summary"];

/// What the document states of a metric.
#[derive(Debug, Default, PartialEq)]
struct Metric {
    kind: String,
    labels: BTreeSet<String>,
}

/// The rows of the document: each metric, and whether it is there only if known.
fn documented() -> BTreeMap<String, (Metric, bool)> {
    let is_metric = |row: &&str| row.split('|').nth(1).is_some_and(|kind| KINDS.contains(&kind.trim()));
    let rows = DOCUMENT.lines().filter_map(|line| line.strip_prefix("| `")).filter(is_metric);
    let row = |row: &str| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let name = cells[0].trim_end_matches('`').to_owned();
        let labels = cells[2].split(',').map(|label| label.trim().trim_matches('`').to_owned());
        let labels = labels.filter(|label| !label.is_empty()).collect();
        (name, (Metric { kind: cells[1].into(), labels }, cells[3].contains("*If known*")))
    };
    let (mut found, mut count) = (BTreeMap::new(), 0);
    for (name, metric) in rows.map(row) {
        count += 1;
        found.insert(name, metric);
    }
    assert_eq!(found.len(), count, "a metric has two rows");
    found
}

/// The names of the labels of a sample: what stands before `="`.
fn labels(sample: &str) -> BTreeSet<String> {
    let Some((_, labels)) = sample.split_once('{') else { return BTreeSet::new() };
    let parts = labels.split("=\"").filter_map(|part| part.rsplit(['{', ',', '"']).next());
    parts.filter(|name| !name.is_empty() && !name.contains('}')).map(str::to_owned).collect()
}

/// The metrics of a page.
fn emitted(page: &str) -> BTreeMap<String, Metric> {
    let mut found: BTreeMap<String, Metric> = BTreeMap::new();
    for line in page.lines() {
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap_or_default();
            found.entry(name.into()).or_default().kind = kind.into();
        } else if !line.starts_with('#') {
            let name = line.split(['{', ' ']).next().unwrap_or_default();
            // The samples of a histogram and of a summary have names of their own, and buckets a label that each histogram has.
            let mut families = ["_bucket", "_sum", "_count"].into_iter().filter_map(|end| name.strip_suffix(end));
            let is_family =
                |family: &&str| found.get(*family).is_some_and(|metric| KINDS[2..].contains(&&*metric.kind));
            let family = families.find(is_family);
            let metric = found.entry(family.unwrap_or(name).into()).or_default();
            metric.labels.extend(labels(line).into_iter().filter(|label| label != "le"));
        }
    }
    found
}

#[test]
fn the_document_lists_every_metric_with_its_type_and_its_labels_and_no_other() {
    let days = DaySpan { earliest: 12, latest: 30 };
    let summary = Trend { to_warning: Some(days), to_alarm: Some(days), ..Trend::default() };
    let everything = Snapshot {
        device: Some(Arc::new(DeviceInfo { labels: ["on"].into_iter().collect(), ..DeviceInfo::default() })),
        level_dbfs: Some(-30.0),
        anomaly: Some(0.5),
        zone: Some(Zone::Normal),
        trend: Some(Arc::new(TrendReport { summary, ..TrendReport::default() })),
        health: Health { cpu_millidegrees: Some(48_000), ..Health::default() },
        ..Snapshot::default()
    };
    let documented = documented();
    let full = emitted(&page(&everything, &Counts::default()));
    for (name, metric) in &full {
        let row = documented.get(name).map(|(row, _)| row);
        assert_eq!(row, Some(metric), "{name}: correct its row in docs/reference/metrics.md");
    }
    let missing: Vec<_> = documented.keys().filter(|name| !full.contains_key(*name)).collect();
    assert!(missing.is_empty(), "docs/reference/metrics.md lists metrics that are not emitted: {missing:?}");
    let bare = emitted(&page(&Snapshot::default(), &Counts::default()));
    let absent: BTreeSet<_> = full.keys().filter(|name| !bare.contains_key(*name)).collect();
    let marked: BTreeSet<_> = documented.iter().filter(|(_, (_, if_known))| *if_known).map(|(name, _)| name).collect();
    assert_eq!(absent, marked, "the metrics that are absent before anything is known are those marked *If known*");
}
