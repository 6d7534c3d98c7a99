//! A model of one class: its class or unknown, by the anomaly alarm.

use std::vec::Vec;

use super::*;
use crate::anomaly::{AlarmRules, Input, Interval, Levels, Persistence, SPANS};
use crate::decision::{DecisionConfig, State};
use crate::pipeline::Verdict;

const ONLY: State = State::Class(0);

fn judge(confidences: &[f32]) -> Judge {
    let config = DecisionConfig { smoothing_s: 0.5, confidence: 0.6, hysteresis: 0.1, dwell_s: 0.5 };
    let steps = config.per_window(0.5).unwrap();
    let persistence = Persistence { raise_s: 1.0, within_s: 1.5, change_s: 0.0 };
    let mut intervals = [None; Input::ALL.len()];
    intervals[Input::Tap as usize] = Some([Interval { typical: 0.0, alarm: 1.0 }; SPANS]);
    let anomaly = Some(AlarmRules { levels: Levels { intervals, warning: 0.5 }, alarm: 1.0, persistence });
    let alarm_states = AlarmStates::default();
    Settings { steps, confidences, alarm_states, unknown_s: 0.0, anomaly, anomaly_alarm: true, hop_s: 0.5 }
        .judge()
        .unwrap()
}

/// State, confidence and alarm after each window of these z-scores, of which `first` is the number of the first window.
fn follow(judge: &mut Judge, probabilities: &[f32], first: u64, z_scores: &[f32]) -> Vec<(State, f32, bool)> {
    let one = |(index, z_score): (u64, &f32)| {
        let verdict = Verdict {
            index,
            start_sample: 0,
            probabilities,
            features: &[],
            patch: &[[0.0; crate::log_mel::BANDS]; crate::window::COLUMNS],
            rumble: &[0.0; crate::rumble::BANDS],
            level_dbfs: -20.0,
            spans_gap: false,
            z_scores: Some(Input::ALL.map(|input| (input == Input::Tap).then_some(*z_score))),
            spectra: None,
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
    (first..).zip(z_scores).map(one).collect()
}

#[test]
fn the_state_is_unknown_while_the_alarm_is_raised_and_the_class_otherwise() {
    let mut judge = judge(&[0.6]);
    let normal = follow(&mut judge, &[1.0], 0, &[0.1; 20]);
    assert_eq!(normal[19], (ONLY, 1.0, false));
    // One window far above the level, as of a knock, changes nothing.
    let mut knock = [0.1; 20];
    knock[0] = 5.0;
    assert!(follow(&mut judge, &[1.0], 20, &knock).iter().all(|after| *after == (ONLY, 1.0, false)));
    let fault = follow(&mut judge, &[1.0], 40, &[5.0; 20]);
    let raised = fault.iter().position(|(_, _, alarm)| *alarm).unwrap();
    assert!((1..10).contains(&raised), "{fault:?}");
    assert!(fault[..=raised].iter().all(|(state, ..)| *state == ONLY));
    assert_eq!((fault[19].0, fault[19].2), (State::Unknown, true));
    assert!(fault[raised..].windows(2).all(|pair| pair[1].1 <= pair[0].1), "{fault:?}");
    let again = follow(&mut judge, &[1.0], 60, &[0.1; 40]);
    assert_eq!((again[39].0, again[39].2), (ONLY, false), "{again:?}");
}

#[test]
fn with_more_classes_the_alarm_does_not_change_the_state() {
    let mut judge = judge(&[0.6, 0.6]);
    let fault = follow(&mut judge, &[1.0, 0.0], 0, &[5.0; 30]);
    assert_eq!((fault[29].0, fault[29].2), (ONLY, true));
}
