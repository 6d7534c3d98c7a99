//! Days, restarts and damaged files.

use super::day::StateDay;
use super::file::{BEFORE, DAYS, TODAY};
use super::*;

/// A day of windows every second: `hours` of class 0 at a score and a level.
fn day(counts: &WindowCounts, hours: u32, score: f32, level_dbfs: f32) {
    (0..hours * 3600).for_each(|_| counts.count(0, Some(score), level_dbfs));
}

fn place(folder: &std::path::Path, model: &str) -> Place {
    Place { folder: folder.into(), model: model.into() }
}

fn finish(mut follower: TrendFollower, counts: &WindowCounts) {
    follower.days_changed = true;
    follower.close(counts).unwrap().join().unwrap();
}

/// A follower after days of one hour each, whose scores grow.
fn after(folder: &std::path::Path, model: &str, days: u32) -> TrendFollower {
    let counts = WindowCounts::default();
    let mut follower = TrendFollower::start(place(folder, model), 1.0);
    for date in 0..days {
        day(&counts, 1, 0.3 * 1.02f32.powi(date as i32), -30.0);
        follower.take(&counts, Some(20_000 + date));
    }
    follower
}

#[test]
fn a_day_ends_at_midnight_of_a_synchronised_clock_and_otherwise_after_24_hours_of_sound() {
    let (mut history, counts) = (History::continued(Default::default(), None), WindowCounts::default());
    day(&counts, 1, 0.5, -30.0);
    assert!(!history.add(&counts, 1.0, Some(20_000)) && !history.add(&counts, 1.0, Some(20_000)));
    assert!(history.add(&counts, 1.0, Some(20_001)));
    let closed = &history.days[0];
    assert_eq!((closed.number, closed.date, closed.sound_h), (1, Some(20_000), 1.0));
    let StateDay { state: 0, position: Some(position), level, seconds: 3600.0 } = closed.states[0] else { panic!() };
    assert!((position - 0.307).abs() < 0.07 && (level + 30.0).abs() <= 1.0, "{position} {level}");
    let mut history = History::continued(Default::default(), None);
    day(&counts, 23, 0.5, -30.0);
    history.add(&counts, 1.0, None);
    day(&counts, 1, 0.5, -30.0);
    assert!(!history.add(&counts, 1.0, None) && history.add(&counts, 1.0, None));
    assert_eq!((history.days[0].date, history.days[0].sound_h), (None, 24.0));
}

#[test]
fn days_and_the_present_one_go_on_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let follower = after(folder.path(), "a", 3);
    let (days, counts) = (follower.history.days.clone(), WindowCounts::default());
    day(&counts, 1, 0.5, -30.0);
    finish(follower, &counts);
    let follower = TrendFollower::start(place(folder.path(), "a"), 1.0);
    assert_eq!(follower.history.days, days);
    assert_eq!((follower.history.open.number, follower.history.open.seconds), (3, 7200.0));
}

#[test]
fn another_model_starts_anew_and_one_that_is_taken_back_finds_its_days() {
    let folder = tempfile::tempdir().unwrap();
    let counts = WindowCounts::default();
    finish(after(folder.path(), "a", 4), &counts);
    let other = after(folder.path(), "b", 2);
    assert_eq!(other.history.days.len(), 1);
    finish(other, &counts);
    assert!(folder.path().join(BEFORE).exists());
    assert_eq!(TrendFollower::start(place(folder.path(), "a"), 1.0).history.days.len(), 3);
}

#[test]
fn of_a_file_torn_anywhere_the_whole_lines_count() {
    let folder = tempfile::tempdir().unwrap();
    finish(after(folder.path(), "a", 4), &WindowCounts::default());
    for name in [DAYS, TODAY] {
        let path = folder.path().join(name);
        let whole = std::fs::read(&path).unwrap();
        for cut in (0..whole.len()).step_by(7) {
            let lines = whole[..cut].iter().filter(|byte| **byte == b'\n').count();
            for rest in [&[][..], &[0; 40], b"x\n"] {
                std::fs::write(&path, [&whole[..cut], rest].concat()).unwrap();
                let history = place(folder.path(), "a").read();
                let expected = if name == DAYS { lines.saturating_sub(1) } else { 3 };
                assert!(history.days.len() >= expected && history.days.len() <= 3, "{name} {cut}");
            }
        }
        std::fs::write(&path, whole).unwrap();
    }
}

#[test]
fn a_present_day_that_was_closed_before_a_power_cut_does_not_count_twice() {
    let folder = tempfile::tempdir().unwrap();
    finish(after(folder.path(), "a", 3), &WindowCounts::default());
    let today = std::fs::read(folder.path().join(TODAY)).unwrap();
    finish(after(folder.path(), "a", 5), &WindowCounts::default());
    std::fs::write(folder.path().join(TODAY), today).unwrap();
    let history = place(folder.path(), "a").read();
    assert_eq!((history.open.number, history.open.seconds), (history.days.len() as u32 + 1, 0.0));
}

#[test]
fn a_score_that_grows_by_2_percent_a_day_reaches_its_warning_level_within_the_reported_days() {
    let folder = tempfile::tempdir().unwrap();
    let follower = after(folder.path(), "a", 31);
    let report = report::report(&follower.history, Some(Limits { warning: 0.7, alarm: 1.0 }));
    // 0.3 times 1.02 to the power of 42.8 is 0.7, and the last day is number 29.
    let to_warning = report.summary.to_warning.unwrap();
    assert!(to_warning.earliest <= 14 && 14 <= to_warning.latest && to_warning.latest < 35, "{to_warning:?}");
    assert!(report.summary.to_alarm.unwrap().latest > to_warning.latest);
    assert_eq!((report.summary.state, report.summary.days, report.states[0].days.len()), (Some(0), 30, 30));
    let labels = monitor_wire::TextList::new(&["on"]);
    let trend = monitor_wire::Trend { to_alarm: None, ..report.summary };
    let json = serde_json::to_string(&monitor_model::trend_line::TrendJson { trend, labels }).unwrap();
    let days = format!("[{},{}]", to_warning.earliest, to_warning.latest);
    let expected = format!(
        r#"{{"days":30,"course":"rising","state":"on","days_to_warning":{days},"days_to_alarm":null,"drift":"single","shift":"unlike"}}"#
    );
    assert_eq!(json, expected);
}

#[test]
fn a_folder_that_cannot_be_written_keeps_the_trend_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    std::fs::create_dir(&state).unwrap();
    let follower = after(&state, "a", 3);
    std::fs::remove_dir(&state).unwrap();
    std::fs::write(&state, "in the way").unwrap();
    assert_eq!(follower.history.days.len(), 2);
    finish(follower, &WindowCounts::default());
    assert_eq!(std::fs::read_to_string(&state).unwrap(), "in the way");
    assert!(TrendFollower::start(place(std::path::Path::new(""), "a"), 1.0).store.is_none());
}
