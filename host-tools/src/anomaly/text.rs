//! False alarms of the anomaly score as sentences.

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

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 60.0 => format!("{s:.0} s"),
        s if s < 3600.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
