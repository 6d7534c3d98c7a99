//! Summary of one recording: duration of each state, confidence, speed.

use monitor_model::report::DeadMicrophone;
use serde::Serialize;

use super::recording::{RecordingPrediction, UNKNOWN};
use super::speed::Speed;
use crate::console::{Columns, Side};

/// A state that was predicted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct State {
    /// Name of the class.
    pub label: String,
    /// Windows for which it was the most probable class.
    pub windows: usize,
    /// That number of hops, in seconds.
    pub seconds: f64,
    /// Mean of its probability over these windows.
    pub mean_confidence: f64,
}

/// Inference time of the windows, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Timing {
    /// Median.
    pub p50_ms: f64,
    /// 99th percentile.
    pub p99_ms: f64,
    /// Maximum.
    pub max_ms: f64,
}

/// Summary of one recording.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Summary {
    /// Length of the recording, seconds.
    pub seconds: f64,
    /// Number of windows.
    pub windows: usize,
    /// States, the longest first.
    pub states: Vec<State>,
    /// The class of the largest mean probability; of a model of one class, the most frequent state. Absent without a window.
    pub predicted: Option<String>,
    /// Its mean probability; of a model of one class, its share of the windows.
    pub mean_confidence: f64,
    /// Inference time; absent without a window.
    pub inference: Option<Timing>,
    /// Time of processing divided by length of the recording, reading and resampling included: below 1 is faster than
    /// real time.
    pub real_time_factor: f64,
    /// Time with a dead microphone, in seconds; `microphone_dead` of the windows has it in JSON.
    #[serde(skip)]
    pub dead_s: f64,
}

impl Summary {
    /// Summarises `prediction`, with windows every `hop_s` seconds.
    pub(crate) fn new(prediction: &RecordingPrediction, labels: &[String], hop_s: f64) -> Self {
        // The last one counts windows that a model of one class reports as unknown.
        let mut counts: Vec<(usize, f64)> = vec![(0, 0.0); labels.len() + 1];
        for window in &prediction.windows {
            let (windows, sum) = &mut counts[if window.unknown { labels.len() } else { window.class }];
            *windows += 1;
            *sum += f64::from(window.confidence);
        }
        let mut states: Vec<State> = counts
            .iter()
            .zip(labels.iter().map(String::as_str).chain([UNKNOWN]))
            .filter(|((windows, _), _)| *windows > 0)
            .map(|(&(windows, sum), label)| State {
                label: label.to_string(),
                windows,
                seconds: windows as f64 * hop_s,
                mean_confidence: sum / windows as f64,
            })
            .collect();
        // Stable: of equally long states the first class is first.
        states.sort_by_key(|state| std::cmp::Reverse(state.windows));
        let best = prediction
            .mean
            .iter()
            .enumerate()
            .fold(0, |best, (i, mean)| if *mean > prediction.mean[best] { i } else { best });
        // The mean probability of the only class is always 1.
        let (predicted, mean_confidence) = match (labels, states.first()) {
            ([_], Some(longest)) => (longest.label.clone(), longest.windows as f64 / prediction.windows.len() as f64),
            _ => (labels.get(best).cloned().unwrap_or_default(), prediction.mean.get(best).copied().unwrap_or(0.0)),
        };
        let mut times: Vec<f64> = prediction.windows.iter().map(|window| window.inference_ms).collect();
        times.sort_by(f64::total_cmp);
        let inference = (!times.is_empty()).then(|| Timing {
            p50_ms: quantile(&times, 0.5),
            p99_ms: quantile(&times, 0.99),
            max_ms: quantile(&times, 1.0),
        });
        Self {
            seconds: prediction.seconds,
            windows: prediction.windows.len(),
            states,
            predicted: (!prediction.windows.is_empty()).then_some(predicted),
            mean_confidence,
            inference,
            dead_s: prediction.windows.iter().filter(|window| window.microphone_dead).count() as f64 * hop_s,
            real_time_factor: Speed::new(prediction.seconds, prediction.took_s).real_time_factor,
        }
    }

    /// Lines for the terminal; of many states (AudioSet's) only the `most` longest.
    pub(crate) fn lines(&self, name: &str, most: usize) -> String {
        let mut lines = vec![format!("Summary of {name}: {} windows in {:.1} s", self.windows, self.seconds)];
        let (Some(timing), Some(predicted), Some(longest)) = (self.inference, &self.predicted, self.states.first())
        else {
            lines.push("  no window: the recording is shorter than 0.975 s\n".to_string());
            return lines.join("\n");
        };
        let mut columns = Columns::plain(&[Side::Left, Side::Right, Side::Right, Side::Left]);
        for state in self.states.iter().take(most) {
            let State { label, windows, seconds, mean_confidence } = state;
            let confidence = format!("mean confidence {mean_confidence:.2}");
            columns.row([label.clone(), format!("{seconds:.1} s"), format!("{windows} windows"), confidence]);
        }
        lines.extend(columns.lines(2));
        if self.states.len() > most {
            let rest: f64 = self.states.iter().skip(most).map(|state| state.seconds).sum();
            lines.push(format!("  and {} more for {rest:.1} s", self.states.len() - most));
        }
        let total: f64 = self.states.iter().map(|state| state.seconds).sum();
        let mut frequent = format!("  Most frequent: {}, {:.0} of {total:.0} s", longest.label, longest.seconds);
        if *predicted != longest.label {
            frequent += &format!("; highest mean probability: {predicted}, {:.2}", self.mean_confidence);
        }
        lines.push(frequent);
        if self.dead_s > 0.0 {
            lines.push(format!("  {}", DeadMicrophone { dead_s: self.dead_s, of_s: total }));
        }
        let Timing { p50_ms, p99_ms, max_ms } = timing;
        let speed = Speed::multiple(self.real_time_factor);
        lines.push(format!("  inference p50 {p50_ms:.2} ms, p99 {p99_ms:.2} ms, max {max_ms:.2} ms; {speed}\n"));
        lines.join("\n")
    }
}

/// The `q` quantile (0..=1) of ascending `sorted` values by nearest rank; 0 without values.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let rank = (q * sorted.len() as f64).ceil().max(1.0) as usize;
    sorted.get(rank.min(sorted.len()).saturating_sub(1)).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::super::Window;
    use super::*;

    fn prediction(classes: &[usize]) -> RecordingPrediction {
        let window = |(i, &class): (usize, &usize)| Window {
            start_s: i as f64,
            class,
            confidence: 0.9,
            anomaly: None,
            zone: None,
            level_dbfs: -20.0,
            inference_ms: (i + 1) as f64,
            microphone_dead: false,
            unknown: false,
        };
        let windows: Vec<_> = classes.iter().enumerate().map(window).collect();
        RecordingPrediction {
            windows,
            alarms: None,
            mean: vec![0.2, 0.8],
            seconds: 200.0,
            remarks: vec![],
            took_s: 0.5,
        }
    }

    fn labels() -> Vec<String> {
        vec!["off".into(), "on".into()]
    }

    #[test]
    fn states_are_counted_and_the_longest_comes_first() {
        let summary = Summary::new(&prediction(&[0, 1, 1, 1]), &labels(), 0.5);
        let states: Vec<_> = summary.states.iter().map(|s| (s.label.as_str(), s.windows, s.seconds)).collect();
        assert_eq!(states, [("on", 3, 1.5), ("off", 1, 0.5)]);
        assert_eq!(summary.predicted.as_deref(), Some("on"));
        assert_eq!(summary.real_time_factor, 0.0025);
    }

    #[test]
    fn an_only_class_is_predicted_unless_most_windows_are_unknown() {
        let mut prediction = prediction(&[0, 0, 0]);
        prediction.mean = vec![1.0];
        prediction.windows[1].unknown = true;
        let summary = Summary::new(&prediction, &["normal".into()], 1.0);
        assert_eq!(summary.predicted.as_deref(), Some("normal"));
        prediction.windows[2].unknown = true;
        let summary = Summary::new(&prediction, &["normal".into()], 1.0);
        assert_eq!((summary.predicted.as_deref(), summary.states[0].windows), (Some("unknown"), 2));
        assert!((summary.mean_confidence - 2.0 / 3.0).abs() < 1e-9);
    }

    #[test]
    fn quantiles_are_measured_values() {
        let times: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!([0.5, 0.99, 1.0].map(|q| quantile(&times, q)), [100.0, 198.0, 200.0]);
        assert_eq!(quantile(&[3.0], 0.5), 3.0);
        assert_eq!(quantile(&[], 0.5), 0.0);
    }

    #[test]
    fn the_summary_of_a_recording_without_a_window_gives_the_reason() {
        let summary = Summary::new(&prediction(&[]), &labels(), 1.0);
        assert_eq!(summary.predicted, None);
        assert!(summary.lines("x.wav", 5).contains("shorter than 0.975 s"));
    }

    #[test]
    fn of_many_states_only_the_longest_are_listed() {
        let summary = Summary::new(&prediction(&[0, 1, 1]), &labels(), 1.0);
        let text = summary.lines("x.wav", 1);
        assert!(text.contains("on ") && text.contains("and 1 more for 1.0 s") && !text.contains("off"), "{text}");
        assert!(text.contains("Most frequent: on, 2 of 3 s\n"), "{text}");
    }

    #[test]
    fn a_dead_microphone_is_stated_beside_the_classes_of_its_windows() {
        let mut prediction = prediction(&[0, 1, 1]);
        let text = |prediction: &RecordingPrediction| Summary::new(prediction, &labels(), 1.0).lines("x.wav", 5);
        assert!(!text(&prediction).contains("Dead microphone"));
        prediction.windows[2].microphone_dead = true;
        let text = text(&prediction);
        assert!(text.contains("Dead microphone: 1 of 3 s (digital silence, or one constant value)"), "{text}");
    }
}
