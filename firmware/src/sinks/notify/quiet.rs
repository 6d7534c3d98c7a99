//! Quiet hours: a part of each day, in local time.

#[cfg(feature = "notify")]
use jiff::{Timestamp, tz::TimeZone};

/// Minutes of a day.
const DAY: u32 = 24 * 60;

/// From one minute of the day to another, which is not part of it; over midnight where the end comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quiet {
    from: u32,
    to: u32,
}

impl Quiet {
    /// Reads `22:00-06:00`; `None` where it is something else or has no length.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        let quiet = Self { from: minute(from)?, to: minute(to)? };
        (quiet.from != quiet.to).then_some(quiet)
    }

    /// Whether this minute of the day belongs to it.
    #[cfg(feature = "notify")]
    fn contains(self, minute: u32) -> bool {
        if self.from < self.to {
            (self.from..self.to).contains(&minute)
        } else {
            minute >= self.from || minute < self.to
        }
    }

    /// Whether a moment since 1970 in milliseconds belongs to it.
    #[cfg(feature = "notify")]
    pub(super) fn is_at(self, unix_ms: u64, zone: &TimeZone) -> bool {
        let at = i64::try_from(unix_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let Some(at) = at else { return false };
        let local = zone.to_datetime(at);
        self.contains(u32::from(local.hour().unsigned_abs()) * 60 + u32::from(local.minute().unsigned_abs()))
    }
}

/// The minute of the day of `22:00`.
fn minute(text: &str) -> Option<u32> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u32>().ok())?;
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let at = hours.checked_mul(60)?.checked_add(minutes)?;
    (at < DAY && minutes < 60).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_are_read_or_refused() {
        assert_eq!(Quiet::parse("22:00-06:30"), Some(Quiet { from: 1320, to: 390 }));
        assert_eq!(Quiet::parse("0:00 - 23:59"), Some(Quiet { from: 0, to: 1439 }));
        for text in ["", "22:00", "22-6", "24:00-06:00", "22:60-06:00", "06:00-06:00", "+1:00-2:00", "4294967296:0-1:0"]
        {
            assert_eq!(Quiet::parse(text), None, "{text}");
        }
    }

    #[cfg(feature = "notify")]
    #[test]
    fn they_reach_over_midnight_and_follow_the_zone_in_summer_and_winter() {
        let quiet = Quiet::parse("22:00-06:00").unwrap();
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        // 2024-01-15 and 2024-07-15, at 00:00 UTC.
        for (day, hours_ahead) in [(1_705_276_800_000, 1), (1_721_001_600_000, 2)] {
            let at = |local: u64| quiet.is_at(day + (local + 24 - hours_ahead) * 3_600_000, &zone);
            assert_eq!([21, 22, 23, 24, 29, 30].map(at), [false, true, true, true, true, false], "{hours_ahead}");
        }
        assert!(!quiet.is_at(u64::MAX, &zone));
    }
}
