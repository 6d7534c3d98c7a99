//! Checks of single settings, for every section of the configuration.

use core::fmt::Display;
use core::ops::RangeInclusive;

/// A setting that cannot be used, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSetting {
    /// A number outside its range, or no number.
    #[error("{key} = {value} is out of range: give a value from {least} to {most}")]
    OutOfRange {
        /// The key, with its section.
        key: &'static str,
        /// What it was set to.
        value: String,
        /// Smallest value that is allowed.
        least: String,
        /// Largest value that is allowed.
        most: String,
    },
    /// A text that cannot be used.
    #[error("{key} = \"{value}\" cannot be used: {remedy}")]
    Text {
        /// The key, with its section.
        key: &'static str,
        /// What it was set to.
        value: String,
        /// What is allowed.
        remedy: &'static str,
    },
    /// Settings that exclude each other: which, and the remedy.
    #[error("{0}")]
    Conflict(String),
}

/// Checks that a number is within its range.
///
/// # Errors
/// When it is outside the range, or no number.
pub(crate) fn within<T>(key: &'static str, value: T, range: RangeInclusive<T>) -> Result<(), InvalidSetting>
where
    T: PartialOrd + Display,
{
    if range.contains(&value) {
        return Ok(());
    }
    let (least, most) = (range.start().to_string(), range.end().to_string());
    Err(InvalidSetting::OutOfRange { key, value: value.to_string(), least, most })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_out_of_range_is_named_with_its_range_in_the_digits_that_were_written() {
        assert_eq!(within("a.b", 0.1_f32, 0.1..=1.0), Ok(()));
        let message = |checked: Result<(), InvalidSetting>| checked.unwrap_err().to_string();
        assert_eq!(
            message(within("a.b", 0.05_f32, 0.1..=1.0)),
            "a.b = 0.05 is out of range: give a value from 0.1 to 1"
        );
        assert_eq!(message(within("a.b", 0, 1..=500)), "a.b = 0 is out of range: give a value from 1 to 500");
        assert!(message(within("a.b", f32::NAN, 0.0..=1.0)).starts_with("a.b = NaN"));
    }
}
