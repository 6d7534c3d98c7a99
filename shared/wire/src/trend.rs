//! The payload of kind 9: what the weeks behind the score show.

use serde::{Deserialize, Serialize};

/// Days until a level is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaySpan {
    /// The earliest.
    pub earliest: u16,
    /// The latest.
    pub latest: u16,
}

/// The course of the daily medians, and whether the model still fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Trend {
    /// Days that are over, at most 400.
    pub days: u16,
    /// A number of [`Course`].
    pub course: u8,
    /// The rising state that reaches its level first, as index into the labels.
    pub state: Option<u16>,
    /// Days until it reaches the warning level, where its interval allows a forecast.
    pub to_warning: Option<DaySpan>,
    /// Days until it reaches the alarm level.
    pub to_alarm: Option<DaySpan>,
    /// A number of [`Drift`].
    pub drift: u8,
    /// A number of [`Shift`].
    pub shift: u8,
}

/// Whether the score of a state rises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Course {
    /// Fewer than 10 days.
    TooFewDays = 0,
    /// No trend that can be told from chance.
    Steady = 1,
    /// It rises.
    Rising = 2,
}

/// Whether the model still fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Drift {
    /// Fewer than two weeks of days.
    Learning = 0,
    /// It fits.
    None = 1,
    /// Some states have shifted, others have not: the machine or its work.
    Part = 2,
    /// The only state has shifted: the cause cannot be told apart.
    Single = 3,
    /// All states have shifted at once: the model no longer fits.
    All = 4,
}

/// What has shifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Shift {
    /// Nothing.
    None = 0,
    /// The level has risen.
    Louder = 1,
    /// The level has fallen.
    Quieter = 2,
    /// The anomaly score has risen, the level has not.
    Unlike = 3,
}

impl Trend {
    /// Whether the score of a state rises.
    pub const fn is_rising(&self) -> bool {
        self.course == Course::Rising as u8
    }

    /// Whether the model no longer fits.
    pub const fn no_longer_fits(&self) -> bool {
        self.drift == Drift::All as u8
    }
}
