use monitor_core::anomaly::{AlarmRules, Input, Interval, Levels, Persistence};
use monitor_core::decision::DecisionConfig;
use monitor_core::monitor::{AlarmStates, Judge, Settings};

use super::*;
use crate::data::dataset::Recording;

fn processed(label: usize, trained_on: bool, unknown: usize, alarms: usize) -> Processed {
    Processed { label, trained_on, scores: vec![0.5; 10], unknown, alarms }
}

fn of(classes: &[&str], results: &[Processed]) -> OneClass {
    let names: Vec<String> = classes.iter().map(|class| class.to_string()).collect();
    let trained_on = results.iter().filter(|result| result.trained_on).count();
    figures("normal", &names, results, [trained_on, results.len()], 50, 4.0, true)
}

#[test]
fn normal_sound_alone_has_a_share_in_its_state_and_no_figure_of_faults() {
    let found = of(&["normal"], &[processed(0, false, 0, 0), processed(0, false, 2, 1)]);
    assert!((found.accuracy - 0.9).abs() < 1e-9);
    assert_eq!((found.recordings_right, found.too_short_to_alarm), ([1, 2], 0));
    assert!((found.classes[0].alarms_per_hour - 360.0).abs() < 1e-9);
    assert!(found.sentences()[1].contains("nothing here shows whether faults are detected"));
}

#[test]
fn other_sound_is_right_when_it_raises_the_alarm() {
    let found =
        of(&["fault", "normal"], &[processed(0, false, 6, 1), processed(0, false, 0, 0), processed(1, false, 0, 0)]);
    assert_eq!(found.recordings_right, [2, 3]);
    assert!((found.accuracy - (6.0 + 0.0 + 10.0) / 30.0).abs() < 1e-9);
    assert_eq!(found.table().1[0][1], "unknown");
    assert_eq!(found.sentences().len(), 1);
}

#[test]
fn recordings_that_were_trained_on_are_counted_apart_and_not_quoted() {
    let found = of(&["normal"], &[processed(0, true, 0, 0), processed(0, false, 5, 1)]);
    assert_eq!((found.files_trained_on, found.files, found.classes.len()), (1, 2, 2));
    assert!((found.accuracy - 0.5).abs() < 1e-9);
    assert!(found.lines().iter().any(|line| line.contains("[trained on, optimistic]")));
}

fn file(number: u8, recording: &str, block: Option<std::ops::Range<f64>>) -> Recording {
    Recording {
        path: format!("{number}.wav").into(),
        label: 0,
        group: 0,
        recording: recording.to_string(),
        hash: [number; 32],
        rate_hz: 16_000,
        seconds: 2.0,
        block,
    }
}

/// Windows of this deviation, which alarms above 1.
fn windows(z_score: f32, count: usize) -> Vec<Heard> {
    let z_scores = Input::ALL.map(|input| (input == Input::Tap).then_some(z_score));
    vec![Heard { z_scores: Some(z_scores), microphone_dead: false }; count]
}

fn judge() -> Judge {
    let config = DecisionConfig { smoothing_s: 0.5, confidence: 0.6, hysteresis: 0.1, dwell_s: 0.5 };
    let persistence = Persistence { raise_s: 3.0, within_s: 5.0, change_s: 0.0 };
    let mut intervals = [None; Input::ALL.len()];
    intervals[Input::Tap as usize] = Some(Interval { typical: 0.0, alarm: 1.0 });
    Judge::new(&Settings {
        steps: config.per_window(0.5).unwrap(),
        confidences: &[0.6],
        alarm_states: AlarmStates::default(),
        anomaly: Some(AlarmRules { levels: Levels { intervals, warning: 0.5 }, alarm: 1.0, persistence }),
        anomaly_alarm: true,
        hop_s: 0.5,
    })
    .unwrap()
}

#[test]
fn short_files_of_one_recording_raise_the_alarm_together_and_alone_they_do_not() {
    let sound = windows(5.0, 3);
    let alarms = |recordings: &[String]| -> Vec<usize> {
        let files: Vec<Recording> = (0..).zip(recordings).map(|(number, name)| file(number, name, None)).collect();
        let files: Vec<_> = files.iter().map(|file| (file, false, &sound[..])).collect();
        sessions::sessions(&files).iter().map(|session| sessions::judge(judge(), session).alarms).collect()
    };
    let names: Vec<String> = (0..12).map(|number| format!("fan {number}")).collect();
    assert_eq!(alarms(&names), [0; 12]);
    assert_eq!(alarms(&vec!["fan".to_string(); 12]), [1]);
}

#[test]
fn a_session_joins_files_in_their_order_but_not_parts_of_a_file_or_what_was_trained_on() {
    let files = [
        (file(0, "a", None), false, windows(1.0, 2)),
        (file(1, "b", None), false, windows(2.0, 1)),
        (file(2, "a", None), false, windows(3.0, 1)),
        (file(3, "a", None), true, windows(4.0, 1)),
        (file(4, "c", Some(0.0..2.0)), false, windows(5.0, 1)),
        (file(4, "c", Some(9.0..11.0)), false, windows(6.0, 1)),
    ];
    let files: Vec<_> = files.iter().map(|(file, trained_on, heard)| (file, *trained_on, &heard[..])).collect();
    let found = sessions::sessions(&files);
    let lengths: Vec<(usize, bool)> = found.iter().map(|session| (session.windows.len(), session.trained_on)).collect();
    assert_eq!(lengths, [(3, false), (1, false), (1, true), (1, false), (1, false)]);
    assert_eq!(found[0].windows, [windows(1.0, 2), windows(3.0, 1)].concat());
}
