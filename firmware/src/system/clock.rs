//! Whether the time of day is right. A Pi has no clock that runs without power: until a time server has set it, dates are
//! those of the last shutdown or of 1970.
#![allow(unsafe_code)]

use core::mem::MaybeUninit;
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use monitor_wire::ClockState;
use nix::libc;

/// Largest error in microseconds of a clock that is synchronised.
///
/// The kernel counts how far it may be off, 500 ppm of the time since its last adjustment, and starts at 16 s. This is how
/// `timedatectl` judges ("System clock synchronized", `ntp_synced` in systemd's timedated.c): by this limit and not by the flag
/// `STA_UNSYNC`, which also controls whether the kernel may set the hardware's clock and which chrony therefore may leave set. It
/// works inside a container, where `/run/systemd/timesync/synchronized` does not, and with any time server's program.
const SYNCHRONISED_US: libc::c_long = 16_000_000;

/// Whether the kernel considers the time of day synchronised.
pub(crate) fn state() -> ClockState {
    let (status, max_error_us) = query();
    judge(status, max_error_us)
}

/// What `adjtimex` returned (negative: an error) and the largest error of the clock.
fn query() -> (libc::c_int, libc::c_long) {
    let mut timex = MaybeUninit::<libc::timex>::zeroed();
    // SAFETY:
    // - all zeros is a `timex`: it has only numbers in it; its mode is 0, which reads and sets nothing, and needs no privilege;
    // - the kernel writes within it, and not after the call.
    let (status, timex) = unsafe { (libc::adjtimex(timex.as_mut_ptr()), timex.assume_init()) };
    (status, timex.maxerror)
}

/// What the kernel's answer means.
fn judge(status: libc::c_int, max_error_us: libc::c_long) -> ClockState {
    if status >= 0 && max_error_us < SYNCHRONISED_US { ClockState::Synchronised } else { ClockState::Unsynchronised }
}

/// Whether the time of day is right.
pub(crate) fn is_synchronised() -> bool {
    state() == ClockState::Synchronised
}

/// Milliseconds since 1970 by the device's clock, right or not; 0 before.
pub(crate) fn unix_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// A moment since 1970 in milliseconds as UTC: `2024-02-29T23:59:59.123Z`. A moment after the year 9999 is written as its end.
pub(crate) fn utc(unix_ms: u64) -> String {
    let at = civil(unix_ms);
    let [month, day, hour, minute, second] = parts(at);
    format!("{:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", at.year(), at.millisecond())
}

/// The moment that [`utc`] has written, without its milliseconds; `None` for another text. Read here, because jiff's own parser, which
/// takes many formats, adds 0.1 MB to the program.
#[cfg(feature = "notify")]
pub(crate) fn of_utc(text: &str) -> Option<Timestamp> {
    let part = |range: core::ops::Range<usize>| text.get(range)?.parse::<i8>().ok();
    let year = text.get(..4)?.parse().ok()?;
    let at = DateTime::new(year, part(5..7)?, part(8..10)?, part(11..13)?, part(14..16)?, part(17..19)?, 0);
    Offset::UTC.to_timestamp(at.ok()?).ok()
}

/// A moment since 1970 in seconds as part of a file's name, in UTC: `20240229T235959Z`. A moment after the year 9999 is written
/// as its end.
pub(crate) fn stamp(unix_s: u64) -> String {
    let at = civil(unix_s.saturating_mul(1000));
    let [month, day, hour, minute, second] = parts(at);
    format!("{:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z", at.year())
}

/// Date and time in UTC of a moment since 1970 in milliseconds, which may come from a file; the end of the year 9999 if it is
/// later.
fn civil(unix_ms: u64) -> DateTime {
    let at = i64::try_from(unix_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    Offset::UTC.to_datetime(at.unwrap_or(Timestamp::MAX))
}

/// Month, day, hour, minute and second. Formatted here, because jiff's own formatting adds 0.3 MB to the program.
fn parts(at: DateTime) -> [i8; 5] {
    [at.month(), at.day(), at.hour(), at.minute(), at.second()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_its_utc_date_and_time() {
        assert_eq!(utc(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(utc(951_827_696_001), "2000-02-29T12:34:56.001Z");
        assert_eq!(utc(4_102_444_800_999), "2100-01-01T00:00:00.999Z");
        assert_eq!(utc(u64::MAX), "9999-12-30T22:00:00.999Z");
        #[cfg(feature = "notify")]
        for (ms, s) in [(0, 0), (951_827_696_001, 951_827_696), (4_102_444_800_999, 4_102_444_800)] {
            assert_eq!(of_utc(&utc(ms)).map(Timestamp::as_second), Some(s));
        }
        #[cfg(feature = "notify")]
        assert!(["", "2026-11-31T00:00:00.000Z", "2026-11-29", "ä026-11-29T00:00:00.000Z"].map(of_utc) == [None; 4]);
        assert_eq!(stamp(951_827_696), "20000229T123456Z");
        assert_eq!(stamp(u64::MAX), "99991230T220000Z");
    }

    #[test]
    fn a_clock_is_synchronised_below_16_s_of_error_whatever_its_flags_and_never_without_an_answer() {
        for status in [libc::TIME_OK, libc::TIME_ERROR] {
            assert_eq!(judge(status, 15_999_999), ClockState::Synchronised);
            assert_eq!(judge(status, 16_000_000), ClockState::Unsynchronised);
        }
        assert_eq!(judge(-1, 0), ClockState::Unsynchronised, "an error of the call");
    }

    #[test]
    fn the_kernel_answers_without_privilege() {
        let (status, max_error_us) = query();
        assert!(status >= 0 && max_error_us >= 0, "{status} {max_error_us}");
    }
}
