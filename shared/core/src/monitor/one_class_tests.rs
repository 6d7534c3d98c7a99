//! A model of one class: its class or unknown, by the anomaly alarm.

use std::vec::Vec;

use super::*;
use crate::anomaly::Persistence;
use crate::decision::{DecisionConfig, State};
use crate::pipeline::Verdict;

const ONLY: State = State::Class(0);

fn judge(confidences: &[f32]) -> Judge {
    let config = DecisionConfig { smoothing_s: 0.5, confidence: 0.6, hysteresis: 0.1, dwell_s: 0.5 };
    let steps = config.per_window(0.5).unwrap();
    let persistence = Some(Persistence { raise_s: 1.0, within_s: 1.5, change_s: 0.0 });
    let alarm_states = AlarmStates::default();
    Settings { steps, confidences, alarm_states, persistence, alarm_level: 1.0, hop_s: 0.5 }.judge().unwrap()
}

/// State, confidence and alarm after each window of these scores.
fn follow(judge: &mut Judge, probabilities: &[f32], scores: &[f32]) -> Vec<(State, f32, bool)> {
    let one = |(index, score): (usize, &f32)| {
        let verdict = Verdict {
            index: index as u64,
            start_sample: 0,
            probabilities,
            features: &[],
            patch: &[[0.0; crate::log_mel::BANDS]; crate::window::COLUMNS],
            level_dbfs: -20.0,
            spans_gap: false,
            anomaly: Some(*score),
            inference_ns: 0,
        };
        let mut confidence = f32::NAN;
        judge.conclude(&verdict, false, |event| {
            if let Event::Window { decided, .. } = event {
                confidence = decided.confidence;
            }
        });
        (judge.state(), confidence, judge.anomaly_alarm() == Some(true))
    };
    scores.iter().enumerate().map(one).collect()
}

#[test]
fn the_state_is_unknown_while_the_alarm_is_raised_and_the_class_otherwise() {
    let mut judge = judge(&[0.6]);
    let normal = follow(&mut judge, &[1.0], &[0.1; 4]);
    assert_eq!(normal[3], (ONLY, 1.0, false));
    // One window above the level, as of a knock, changes nothing.
    assert_eq!(follow(&mut judge, &[1.0], &[5.0, 0.1, 0.1, 0.1])[3], (ONLY, 1.0, false));
    let fault = follow(&mut judge, &[1.0], &[5.0; 6]);
    assert_eq!(fault.iter().map(|(_, _, alarm)| *alarm).collect::<Vec<_>>(), [false, true, true, true, true, true]);
    let states: Vec<State> = fault.iter().map(|(state, ..)| *state).collect();
    assert_eq!(states, [ONLY, ONLY, State::Unknown, State::Unknown, State::Unknown, State::Unknown]);
    assert!(fault.windows(2).skip(1).all(|pair| pair[1].1 < pair[0].1), "{fault:?}");
    let again = follow(&mut judge, &[1.0], &[0.1; 6]);
    assert_eq!(again[5].0, ONLY, "{again:?}");
}

#[test]
fn with_more_classes_the_alarm_does_not_change_the_state() {
    let mut judge = judge(&[0.6, 0.6]);
    let fault = follow(&mut judge, &[1.0, 0.0], &[5.0; 8]);
    assert_eq!((fault[7].0, fault[7].2), (ONLY, true));
}
