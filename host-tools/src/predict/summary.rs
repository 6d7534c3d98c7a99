//! A recording in a few figures: how long which state, how sure, how fast.

use std::fmt::Write;

use serde::Serialize;

use super::listen::Heard;
use super::speed::Speed;

/// A state that was heard.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct State {
    /// Name of the class.
    pub label: String,
    /// Windows for which it was the most probable class.
    pub windows: usize,
    /// As many hops, seconds.
    pub seconds: f64,
    /// Mean of its probability over these windows.
    pub mean_confidence: f64,
}

/// What the windows took, milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Timing {
    /// Half of the windows took no longer.
    pub p50_ms: f64,
    /// 99 of 100 windows took no longer.
    pub p99_ms: f64,
    /// The slowest.
    pub max_ms: f64,
}

/// A recording in a few figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Length of the recording, seconds.
    pub seconds: f64,
    /// How many windows it gave.
    pub windows: usize,
    /// States, the longest first.
    pub states: Vec<State>,
    /// The class of the largest mean probability; absent without a window.
    pub predicted: Option<String>,
    /// Its mean probability.
    pub mean_confidence: f64,
    /// What the windows took; absent without a window.
    pub inference: Option<Timing>,
    /// Time of processing over length of the recording, reading and resampling included: below 1 is faster than it sounds.
    pub real_time_factor: f64,
}

impl Summary {
    /// The figures of `heard`, whose windows are `hop_s` apart.
    pub fn new(heard: &Heard, labels: &[String], hop_s: f64) -> Self {
        let mut counts: Vec<(usize, f64)> = vec![(0, 0.0); labels.len()];
        for window in &heard.windows {
            let (windows, sum) = &mut counts[window.class];
            *windows += 1;
            *sum += f64::from(window.confidence);
        }
        let mut states: Vec<State> = counts
            .iter()
            .zip(labels)
            .filter(|((windows, _), _)| *windows > 0)
            .map(|(&(windows, sum), label)| State {
                label: label.clone(),
                windows,
                seconds: windows as f64 * hop_s,
                mean_confidence: sum / windows as f64,
            })
            .collect();
        // Stable: of equally long states the first class comes first.
        states.sort_by_key(|state| std::cmp::Reverse(state.windows));
        let best =
            heard.mean.iter().enumerate().fold(0, |best, (i, mean)| if *mean > heard.mean[best] { i } else { best });
        let mut times: Vec<f64> = heard.windows.iter().map(|window| window.inference_ms).collect();
        times.sort_by(f64::total_cmp);
        let inference = (!times.is_empty()).then(|| Timing {
            p50_ms: quantile(&times, 0.5),
            p99_ms: quantile(&times, 0.99),
            max_ms: quantile(&times, 1.0),
        });
        Self {
            seconds: heard.seconds,
            windows: heard.windows.len(),
            states,
            predicted: (!heard.windows.is_empty()).then(|| labels[best].clone()),
            mean_confidence: heard.mean.get(best).copied().unwrap_or(0.0),
            inference,
            real_time_factor: Speed::new(heard.seconds, heard.took_s).real_time_factor,
        }
    }

    /// Lines for people; of many states (AudioSet's) only the `most` longest.
    pub fn lines(&self, name: &str, most: usize) -> String {
        let mut text = format!("Summary of {name}: {} windows in {:.1} s\n", self.windows, self.seconds);
        let (Some(timing), Some(predicted)) = (self.inference, &self.predicted) else {
            text.push_str("  no window: the recording is shorter than 0.975 s\n");
            return text;
        };
        let widest = self.states.iter().take(most).map(|state| state.label.chars().count()).max().unwrap_or(0);
        for state in self.states.iter().take(most) {
            let State { label, windows, seconds, mean_confidence } = state;
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "  {label:<widest$}  {seconds:>8.1} s  {windows:>6} windows  mean confidence {mean_confidence:.2}"
            );
        }
        if self.states.len() > most {
            let rest: f64 = self.states.iter().skip(most).map(|state| state.seconds).sum();
            let _ = writeln!(text, "  and {} more for {rest:.1} s", self.states.len() - most);
        }
        let _ = writeln!(text, "  on the whole {predicted}, mean confidence {:.2}", self.mean_confidence);
        let Timing { p50_ms, p99_ms, max_ms } = timing;
        let pace = Speed::words(self.real_time_factor);
        let _ = writeln!(text, "  inference p50 {p50_ms:.2} ms, p99 {p99_ms:.2} ms, max {max_ms:.2} ms; {pace}");
        text
    }
}

/// The smallest of ascending `sorted` values that a share of `q` (0..=1) of them does not exceed (nearest rank); 0 of none.
pub fn quantile(sorted: &[f64], q: f64) -> f64 {
    let rank = (q * sorted.len() as f64).ceil().max(1.0) as usize;
    sorted.get(rank.min(sorted.len()).saturating_sub(1)).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::super::Window;
    use super::*;

    fn heard(classes: &[usize]) -> Heard {
        let window = |(i, &class): (usize, &usize)| Window {
            start_s: i as f64,
            class,
            confidence: 0.9,
            anomaly: None,
            level_dbfs: -20.0,
            inference_ms: (i + 1) as f64,
            microphone_dead: false,
        };
        let windows: Vec<_> = classes.iter().enumerate().map(window).collect();
        Heard { windows, alarms: None, mean: vec![0.2, 0.8], seconds: 200.0, took_s: 0.5 }
    }

    fn labels() -> Vec<String> {
        vec!["off".into(), "on".into()]
    }

    #[test]
    fn states_are_counted_and_the_longest_comes_first() {
        let summary = Summary::new(&heard(&[0, 1, 1, 1]), &labels(), 0.5);
        let states: Vec<_> = summary.states.iter().map(|s| (s.label.as_str(), s.windows, s.seconds)).collect();
        assert_eq!(states, [("on", 3, 1.5), ("off", 1, 0.5)]);
        assert_eq!(summary.predicted.as_deref(), Some("on"));
        assert_eq!(summary.real_time_factor, 0.0025);
    }

    #[test]
    fn quantiles_are_times_that_were_measured() {
        let times: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!([0.5, 0.99, 1.0].map(|q| quantile(&times, q)), [100.0, 198.0, 200.0]);
        assert_eq!(quantile(&[3.0], 0.5), 3.0);
        assert_eq!(quantile(&[], 0.5), 0.0);
    }

    #[test]
    fn a_recording_without_a_window_says_why() {
        let summary = Summary::new(&heard(&[]), &labels(), 1.0);
        assert_eq!(summary.predicted, None);
        assert!(summary.lines("x.wav", 5).contains("shorter than 0.975 s"));
    }

    #[test]
    fn of_many_states_only_the_longest_are_listed() {
        let summary = Summary::new(&heard(&[0, 1, 1]), &labels(), 1.0);
        let text = summary.lines("x.wav", 1);
        assert!(text.contains("on ") && text.contains("and 1 more for 1.0 s") && !text.contains("off"), "{text}");
    }
}
