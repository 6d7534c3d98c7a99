//! False alarms of the anomaly score, and what its levels promise, as sentences.

use super::fit::SampleSize;

/// A false-alarm rate above this, per day, cannot be excluded after less than three hours of normal sound.
const JUDGEABLE_PER_DAY: f64 = 24.0;

/// The number of false alarms in `seconds` of normal sound, and whether that is long enough to judge: without any, the rate
/// is below 3 / time with 95 % confidence (rule of three).
pub(crate) fn false_alarms(alarms: usize, seconds: f64) -> String {
    let time = duration(seconds);
    if alarms > 0 {
        return format!("{alarms} false alarm{} in {time} of unseen normal sound", if alarms == 1 { "" } else { "s" });
    }
    let most_per_day = 3.0 * 86_400.0 / seconds.max(1.0);
    if most_per_day > JUDGEABLE_PER_DAY {
        format!("No false alarm in {time} of unseen normal sound: too short to judge")
    } else {
        format!(
            "No false alarm in {time} of unseen normal sound: fewer than {most_per_day:.0} per day (95 % confidence)"
        )
    }
}

/// Groups from which more of them make the levels little tighter.
const ENOUGH_GROUPS: usize = 6;

/// What the levels promise, and what would make them promise more; nothing of new conditions if the groups are parts of one recording
/// (`within_recording`).
pub(crate) fn promise(size: &SampleSize, within_recording: bool) -> Vec<String> {
    let promise = &size.promise;
    let (warning, alarm) = (one_in(promise.warning), one_in(promise.alarm));
    if !size.grouped {
        return vec![format!(
            "All normal sound is of one load, speed or day: the levels are those of its parts ({}), and another one may raise \
             false alarms. Record {ENOUGH_GROUPS} loads, speeds or days, each as a group.",
            promise.groups
        )];
    }
    let groups = promise.groups;
    if within_recording {
        return vec![format!(
            "Levels: at most 1 in {warning} other parts of these recordings raises a warning, at most 1 in {alarm} an alarm; from \
             {groups} left-out groups. They promise nothing of other loads, speeds or days."
        )];
    }
    let mut lines = vec![format!(
        "Levels: at most 1 in {warning} new operating conditions (load, speed, day) raises a warning, at most 1 in {alarm} an \
         alarm; from {groups} left-out groups."
    )];
    if groups < ENOUGH_GROUPS {
        lines.push(format!(
            "{groups} groups are too little data to promise less: record {ENOUGH_GROUPS} loads, speeds or days for fewer false \
             alarms and an alarm that detects more."
        ));
    }
    lines
}

/// The whole number n of "at most 1 in n".
fn one_in(probability: f64) -> u64 {
    // 0.01 / 1e-9 is above any number of groups.
    (1.0 / probability.max(1e-9) + 1e-6).floor() as u64
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 60.0 => format!("{s:.0} s"),
        s if s < 3600.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use monitor_model::anomaly::thresholds::Promise;

    use super::*;

    #[test]
    fn groups_within_a_recording_promise_nothing_of_another_condition() {
        let promise = Promise::new(10, 2);
        let size = SampleSize { windows: 100, groups: 10, seconds: 48.0, grouped: true, promise };
        let of = |within| super::promise(&size, within).concat();
        assert!(of(false).starts_with("Levels: at most 1 in 5 new operating conditions"));
        assert!(
            !of(true).contains("new") && of(true).ends_with("They promise nothing of other loads, speeds or days.")
        );
    }

    #[test]
    fn a_short_time_without_false_alarms_is_called_too_short() {
        assert_eq!(false_alarms(0, 360.0), "No false alarm in 6 min of unseen normal sound: too short to judge");
        assert_eq!(
            false_alarms(0, 43_200.0),
            "No false alarm in 12.0 h of unseen normal sound: fewer than 6 per day (95 % confidence)"
        );
        assert_eq!(false_alarms(1, 40.0), "1 false alarm in 40 s of unseen normal sound");
        assert_eq!(false_alarms(3, 7200.0), "3 false alarms in 2.0 h of unseen normal sound");
    }
}
