//! A number within its range, or an error that says which.

use core::fmt;

/// A value outside its range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutOfRange {
    /// The key, with its table.
    pub key: &'static str,
    /// What it was set to.
    pub value: f64,
    /// Smallest value that is allowed.
    pub least: f64,
    /// Largest value that is allowed.
    pub most: f64,
}

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, value, least, most } = self;
        write!(f, "{key} = {value} is out of range: give a value from {least} to {most}")
    }
}

impl core::error::Error for OutOfRange {}

/// Checks one value.
///
/// # Errors
/// When it is outside the range, or no number.
pub(super) fn within(key: &'static str, value: f32, least: f32, most: f32) -> Result<(), OutOfRange> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    // By way of text, so that 0.1 does not become 0.10000000149.
    let exact = |value: f32| value.to_string().parse().unwrap_or(f64::from(value));
    Err(OutOfRange { key, value: exact(value), least: exact(least), most: exact(most) })
}
