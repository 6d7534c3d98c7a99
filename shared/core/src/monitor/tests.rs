use std::vec::Vec;

use super::*;
use crate::anomaly::{AlarmRules, Input, Interval, Levels, Persistence, SPANS};
use crate::classifier::Classifier;
use crate::decision::{DecisionConfig, State};
use crate::features::FeatureKind;
use crate::head::{Dense, Head};
use crate::microphone::Limits;
use crate::pipeline::{FrontEnd, Verdict};
use crate::window::SAMPLES;
use monitor_tflite::Scalars;

const RATE: usize = 16_000;
const QUIET: State = State::Class(0);
const LOUD: State = State::Class(1);

/// Bytes of a linear head over the log-mel statistics: class 1 where the mean of the bands is above -4.5.
fn head_bytes() -> (Vec<u8>, Vec<u8>) {
    let mut weights = [0.0f32; 2 * 128];
    weights[128..192].fill(0.05);
    let bytes = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect();
    (bytes(&weights), bytes(&[0.0, 64.0 * 0.05 * 4.5]))
}

/// Position 1 is a z-score of 1.
fn rules(persistence: Persistence) -> AlarmRules {
    let mut intervals = [None; Input::ALL.len()];
    intervals[Input::Tap as usize] = Some([Interval { typical: 0.0, alarm: 1.0 }; SPANS]);
    AlarmRules { levels: Levels { intervals, warning: 0.5 }, alarm: 1.0, persistence }
}

fn settings(alarm_states: AlarmStates, persistence: Option<Persistence>) -> Settings<'static> {
    let config = DecisionConfig { smoothing_s: 0.0, confidence: 0.6, hysteresis: 0.0, dwell_s: 0.5 };
    let steps = config.per_window(0.48).unwrap();
    let anomaly = persistence.map(rules);
    Settings {
        steps,
        confidences: &[0.6, 0.6],
        alarm_states,
        unknown_s: 3.0,
        anomaly,
        anomaly_alarm: true,
        hop_s: 0.48,
    }
}

/// What an event reports, without the borrowed verdict.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Copied {
    Gap(u64),
    Window { state: State, dead: bool },
    State { previous: State, state: State },
    Warning(bool),
    Alarm { cause: AlarmCause, active: bool },
}

fn copy(event: &Event<'_>) -> Copied {
    match *event {
        Event::Gap { lost_frames, .. } => Copied::Gap(lost_frames),
        Event::Window { decided, microphone_dead, .. } => {
            Copied::Window { state: decided.state, dead: microphone_dead }
        }
        Event::StateChange { previous, state, .. } => Copied::State { previous, state },
        Event::Warning { active, .. } => Copied::Warning(active),
        Event::Alarm { cause, active, .. } => Copied::Alarm { cause, active },
    }
}

/// The events of `blocks`, each with the frames lost before it, in periods of 10 ms.
fn events(blocks: &[(Vec<f32>, u64)], alarm_states: AlarmStates) -> Vec<Copied> {
    let (weights, bias) = head_bytes();
    let dense = Dense { weights: Scalars::new(&weights), bias: Scalars::new(&bias), relu: false };
    let classifier = Classifier::trained(FeatureKind::LogMel, None, Head::new([dense]).unwrap()).unwrap();
    let intake = Intake::new(FrontEnd::new(RATE as u32, 48, &mut []).unwrap(), Limits::default());
    let back = BackEnd::new(classifier, &mut []).unwrap();
    let mut monitor = Monitor::new(intake, back, settings(alarm_states, None).judge().unwrap());
    let mut events = Vec::new();
    for (samples, lost_before) in blocks {
        let mut lost_before = *lost_before;
        for samples in samples.chunks(160) {
            let block = AudioBlock { samples, non_finite: 0, lost_before: core::mem::take(&mut lost_before) };
            monitor.process(block, |event| events.push(copy(event)));
        }
    }
    monitor.finish(|event| events.push(copy(event)));
    events
}

fn noise(seconds: usize, amplitude: f32) -> Vec<f32> {
    let mut state = 7_u32;
    (0..seconds * RATE)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            amplitude * ((state >> 8) as f32 / 8_388_608.0 - 1.0)
        })
        .collect()
}

#[test]
fn a_machine_that_becomes_loud_changes_state_and_raises_the_alarm_of_that_state() {
    let found = events(&[(noise(4, 1e-4), 0), (noise(4, 0.5), 0)], AlarmStates::default().with(LOUD));
    let changes: Vec<_> = found.iter().filter(|event| !matches!(event, Copied::Window { .. })).copied().collect();
    let expected = [
        Copied::State { previous: State::Unknown, state: QUIET },
        Copied::State { previous: QUIET, state: LOUD },
        Copied::Alarm { cause: AlarmCause::State, active: true },
    ];
    assert_eq!(changes, expected);
    // The alarm follows its state change at once.
    let at = found.iter().position(|event| *event == expected[1]).unwrap();
    assert_eq!(found[at + 1], expected[2]);
}

#[test]
fn a_dead_microphone_makes_the_state_unknown_until_sound_returns() {
    let found =
        events(&[(noise(3, 0.5), 0), (std::vec![0.0; 3 * RATE], 0), (noise(4, 0.5), 0)], AlarmStates::default());
    let changes: Vec<_> = found.iter().filter(|event| !matches!(event, Copied::Window { .. })).copied().collect();
    let microphone = |active| Copied::Alarm { cause: AlarmCause::Microphone, active };
    assert_eq!(
        changes,
        [
            Copied::State { previous: State::Unknown, state: LOUD },
            Copied::State { previous: LOUD, state: State::Unknown },
            microphone(true),
            microphone(false),
            Copied::State { previous: State::Unknown, state: LOUD },
        ]
    );
    let dead = |event: &&Copied| matches!(event, Copied::Window { dead: true, .. });
    assert!(found.iter().filter(dead).count() >= 3);
    assert!(found.iter().filter(dead).all(|event| matches!(event, Copied::Window { state: State::Unknown, .. })));
}

#[test]
fn a_gap_is_reported_before_the_windows_after_it() {
    let found = events(&[(noise(2, 0.5), 0), (noise(2, 0.5), 800)], AlarmStates::default());
    let gap = found.iter().position(|event| *event == Copied::Gap(800)).unwrap();
    let windows = |events: &[Copied]| events.iter().filter(|event| matches!(event, Copied::Window { .. })).count();
    assert_eq!(windows(&found[..gap]), (2 * RATE - SAMPLES) / 7680 + 1);
    assert!(windows(&found[gap..]) > 0);
}

/// A judge of two classes at the default persistence, in state `LOUD`, with its alarm by the score raised.
fn alarmed() -> Judge {
    let persistence = Some(Persistence { raise_s: 0.48, within_s: 0.48, change_s: 0.0 });
    let mut judge = settings(AlarmStates::default(), persistence).judge().unwrap();
    (0..9).for_each(|index| judge.conclude(&verdict(index, 2.0), false, |_| ()));
    assert_eq!((judge.state(), judge.anomaly_alarm()), (LOUD, Some(true)));
    judge
}

fn verdict(index: u64, z_score: f32) -> Verdict<'static> {
    Verdict {
        index,
        start_sample: 0,
        probabilities: &[0.0, 1.0],
        features: &[],
        patch: &[[0.0; crate::log_mel::BANDS]; crate::window::COLUMNS],
        rumble: &[0.0; crate::rumble::BANDS],
        level_dbfs: -20.0,
        spans_gap: false,
        z_scores: Some(Input::ALL.map(|input| (input == Input::Tap).then_some(z_score))),
        spectra: None,
        inference_ns: 0,
    }
}

fn reconfigured(same_classes: bool, persistence: Option<Persistence>) -> (Judge, Vec<Copied>) {
    let (mut judge, mut found) = (alarmed(), Vec::new());
    let settings = settings(AlarmStates::default(), persistence);
    judge.reconfigure(&settings, same_classes, 3, |event| found.push(copy(event))).unwrap();
    (judge, found)
}

#[test]
fn a_model_of_the_same_classes_keeps_state_and_alarm() {
    let (judge, found) = reconfigured(true, Some(Persistence::default()));
    assert_eq!((judge.state(), judge.anomaly_alarm(), found.len()), (LOUD, Some(true), 0));
}

#[test]
fn a_model_of_other_classes_makes_the_state_unknown_and_one_without_a_score_ends_its_alarm() {
    let (judge, found) = reconfigured(false, None);
    assert_eq!((judge.state(), judge.anomaly_alarm()), (State::Unknown, None));
    let ended = Copied::Alarm { cause: AlarmCause::Anomaly, active: false };
    assert_eq!(found, [Copied::Warning(false), ended, Copied::State { previous: LOUD, state: State::Unknown }]);
}

#[test]
fn the_score_of_a_dead_microphone_does_not_count() {
    let persistence = Some(Persistence { raise_s: 0.48, within_s: 0.48, change_s: 0.0 });
    let mut judge = settings(AlarmStates::default(), persistence).judge().unwrap();
    (0..9).for_each(|index| judge.conclude(&verdict(index, 9.0), true, |_| ()));
    assert_eq!((judge.state(), judge.anomaly_alarm()), (State::Unknown, Some(false)));
}

#[test]
fn a_level_set_at_run_time_decides_which_scores_raise_the_alarm_and_which_end_it() {
    let persistence = Persistence { raise_s: 0.48, within_s: 0.48, change_s: 0.0 };
    let mut judge = alarmed();
    judge.set_sensitivity(0.5, 4.0, persistence, 0.48);
    assert_eq!(judge.anomaly_alarm(), Some(true), "until scores end it");
    // Scores of exp(2 - 1) and exp(4 - 1), once the mean over 5 s has arrived there.
    (3..30).for_each(|index| judge.conclude(&verdict(index, 2.0), false, |_| ()));
    assert_eq!(judge.anomaly_alarm(), Some(false));
    (30..60).for_each(|index| judge.conclude(&verdict(index, 4.0), false, |_| ()));
    assert_eq!(judge.anomaly_alarm(), Some(true));
}

#[test]
fn a_warning_level_set_at_run_time_decides_which_scores_raise_a_warning() {
    let persistence = Persistence { raise_s: 0.48, within_s: 0.48, change_s: 0.0 };
    for (level, warned) in [(0.3, true), (0.9, false)] {
        let mut judge = settings(AlarmStates::default(), Some(persistence)).judge().unwrap();
        judge.set_sensitivity(level, 1.0, persistence, 0.48);
        let mut warnings = 0;
        // A score of exp(0.5 - 1) = 0.61.
        (0..30).for_each(|index| {
            judge.conclude(&verdict(index, 0.5), false, |event| {
                warnings += usize::from(matches!(event, Event::Warning { .. }))
            });
        });
        assert_eq!((warnings, judge.anomaly_alarm()), (usize::from(warned), Some(false)), "{level}");
    }
}

#[test]
fn a_raised_warning_and_alarm_name_the_band_and_the_detector_that_moved_and_their_ends_nothing() {
    use crate::anomaly::{Explanation, NormalSpectra, SPECTRUM_LEN};
    let bytes = |level: f32| level.to_le_bytes().repeat(SPECTRUM_LEN);
    let (references, deviations) = (bytes(-50.0), bytes(1.0));
    let (deviations, references) = (Scalars::new(&deviations), Scalars::new(&references));
    let normal = NormalSpectra { level_deviation: 1.0, deviations, references };
    let mut window = [-50.0; SPECTRUM_LEN];
    window[4] += 9.0;
    let persistence = Some(Persistence { raise_s: 0.48, within_s: 0.48, change_s: 0.0 });
    let mut judge = settings(AlarmStates::default(), persistence).judge().unwrap();
    let mut found = Vec::new();
    for (index, z) in (0..60).map(|index| (index, if index < 20 { 2.0 } else { -9.0 })) {
        let spectra = Some(crate::pipeline::Spectra { window, normal });
        judge.conclude(&Verdict { spectra, ..verdict(index, z) }, false, |event| match *event {
            Event::Warning { active, explanation, .. } => found.push((false, active, explanation)),
            Event::Alarm { active, explanation, .. } => found.push((true, active, explanation)),
            _ => {}
        });
    }
    let ended = Explanation::default();
    let raised = found[0].2;
    let band = raised.bands[0].unwrap();
    assert_eq!((band.from_hz, band.to_hz, band.tenths_db, raised.bands[1]), (56, 71, 90, None));
    assert_eq!(raised.detectors, [Some(Input::Tap), None, None, None]);
    assert_eq!(found[..2], [(false, true, raised), (true, true, raised)]);
    assert!(found[2..].iter().all(|(_, active, explanation)| !active && *explanation == ended), "{found:?}");
    assert_eq!(found.len(), 4);
}

#[test]
fn unknown_is_an_alarm_only_once_it_has_lasted() {
    let dead = |seconds: usize| {
        let sound = [(noise(3, 0.5), 0), (std::vec![0.0; seconds * RATE], 0), (noise(4, 0.5), 0)];
        events(&sound, AlarmStates::default().with(State::Unknown))
    };
    let alarm = |active| Copied::Alarm { cause: AlarmCause::State, active };
    // The start, and a dead microphone for two seconds, are shorter than the limit of 3 s.
    let short = dead(2);
    assert!(short.contains(&Copied::State { previous: LOUD, state: State::Unknown }), "{short:?}");
    assert!(!short.contains(&alarm(true)), "{short:?}");
    let long = dead(6);
    let alarms: Vec<_> =
        long.iter().filter(|event| matches!(event, Copied::Alarm { cause: AlarmCause::State, .. })).collect();
    assert_eq!(alarms, [&alarm(true), &alarm(false)], "{long:?}");
    // From the first window that is unknown to the one that raises the alarm: 7 hops of 0.48 s.
    let raised = long.iter().position(|event| *event == alarm(true)).unwrap();
    let unknown = |event: &&Copied| matches!(event, Copied::Window { state: State::Unknown, .. });
    let since = long[..raised].iter().rev().filter(|event| matches!(event, Copied::Window { .. })).take_while(unknown);
    assert_eq!(since.count(), 8, "{long:?}");
}

#[test]
fn a_moment_of_unknown_between_two_alarm_states_does_not_end_the_alarm() {
    let states = AlarmStates::from_iter([LOUD, State::Unknown]);
    let found = events(&[(noise(3, 0.5), 0), (std::vec![0.0; 2 * RATE], 0), (noise(4, 0.5), 0)], states);
    let alarms = found.iter().filter(|event| matches!(event, Copied::Alarm { cause: AlarmCause::State, .. }));
    assert_eq!(alarms.count(), 1, "{found:?}");
}

#[test]
fn a_set_of_alarm_states_holds_what_was_put_in() {
    let states = AlarmStates::from_iter([State::Class(0), State::Class(520), State::Unknown, State::Class(u16::MAX)]);
    assert!([State::Class(0), State::Class(520), State::Unknown].iter().all(|state| states.contains(*state)));
    assert!(![State::Class(1), State::Class(519), State::Class(u16::MAX)].iter().any(|state| states.contains(*state)));
}
