//! Dates of moments, in UTC.
//!
//! Fifteen lines instead of a library: the programs only print moments in UTC, and a library for calendars brings time zones,
//! parsing and arithmetic that nothing here uses.

/// Converts seconds since 1970 to year, month, day, hour, minute and second.
///
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
#[must_use]
pub const fn civil(seconds: u64) -> [u64; 6] {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Eras of 400 years begin on 1 March of a year divisible by 400, so a leap day is the last day of its year.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let (month, next) = if from_march < 10 { (from_march + 3, 0) } else { (from_march - 9, 1) };
    [era * 400 + year_of_era + next, month, day, second / 3600, second / 60 % 60, second % 60]
}
