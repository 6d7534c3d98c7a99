//! The last ten minutes, a point a second, for the curves of a page that is opened.

use std::collections::VecDeque;

use monitor_core::anomaly::Zone;
use serde::Serialize;

use crate::reporting::Window;

/// Points that are kept.
const MOST: usize = 600;

/// Least time between two points, in microseconds.
const STEP_US: u64 = 1_000_000;

/// One point.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Point {
    /// Milliseconds since the program's start.
    up_ms: u64,
    state: Option<u16>,
    confidence: f32,
    level_dbfs: f32,
    anomaly: Option<f32>,
    zone: Option<&'static str>,
}

impl Point {
    pub(super) fn new(time_us: u64, window: &Window<'_>) -> Self {
        Self {
            up_ms: time_us / 1000,
            state: window.state,
            confidence: rounded(window.confidence, 1e3),
            level_dbfs: rounded(window.level_dbfs, 10.0),
            anomaly: window.anomaly.map(|anomaly| rounded(anomaly, 1e3)),
            zone: window.zone.map(Zone::name),
        }
    }
}

/// Rounds for shorter text: the digits beyond are noise.
fn rounded(value: f32, steps: f32) -> f32 {
    (value * steps).round() / steps
}

/// The newest points.
#[derive(Debug, Default)]
pub(super) struct Recent {
    points: VecDeque<Point>,
    next_us: u64,
}

impl Recent {
    /// Adds a window, unless the last point is less than a second old.
    pub(super) fn add(&mut self, time_us: u64, window: &Window<'_>) {
        if time_us < self.next_us {
            return;
        }
        // Windows do not fall on whole seconds: the nearest one is taken.
        self.next_us = time_us + STEP_US - STEP_US / 20;
        if self.points.len() == MOST {
            self.points.pop_front();
        }
        self.points.push_back(Point::new(time_us, window));
    }

    /// The points as JSON, oldest first.
    pub(super) fn json(&self) -> String {
        // Numbers and texts: it cannot fail.
        serde_json::to_string(&self.points).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reporting::Probabilities;

    #[test]
    fn ten_minutes_are_kept_at_a_point_a_second_whatever_the_hop() {
        for hop_us in [100_000, 480_000, 1_000_000] {
            let mut recent = Recent::default();
            let window = Window {
                index: 0,
                start_sample: 0,
                state: Some(1),
                confidence: 0.123_456,
                level_dbfs: -33.333,
                spans_gap: false,
                inference_us: 0,
                anomaly: None,
                zone: None,
                probabilities: Probabilities::Borrowed(&[]),
            };
            (0..2000 * 1_000_000 / hop_us).for_each(|index| recent.add(index * hop_us, &window));
            let span_s = (recent.points[MOST - 1].up_ms - recent.points[0].up_ms) / 1000;
            assert!(recent.points.len() == MOST && (560..=660).contains(&span_s), "{hop_us}: {span_s}");
            assert!(recent.json().contains(r#""confidence":0.123,"level_dbfs":-33.3,"#), "{:?}", recent.points[0]);
        }
    }
}
