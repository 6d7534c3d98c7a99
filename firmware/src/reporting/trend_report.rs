//! The daily medians and what follows from them: for outputs that draw them or name them.

use monitor_wire::{Course, DaySpan, Trend};

/// What is reported of the weeks behind the score.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TrendReport {
    /// The result.
    pub summary: Trend,
    /// Every state that has occurred, in the order of the classes; at most 16.
    pub states: Vec<StateTrend>,
}

/// The days of one state.
#[derive(Debug, Clone, PartialEq)]
pub struct StateTrend {
    /// Index of the class.
    pub state: u16,
    /// Whether its score rises.
    pub course: Course,
    /// Days until it reaches the warning level, counted from the last day.
    pub to_warning: Option<DaySpan>,
    /// Days until it reaches the alarm level.
    pub to_alarm: Option<DaySpan>,
    /// The days that are over, oldest first; at most 400.
    pub days: Vec<TrendDay>,
    /// The present day so far, if it has 5 minutes of this state.
    pub today: Option<TrendDay>,
}

/// One day of one state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrendDay {
    /// Days since 1970 in UTC; `None` where the clock was not synchronised.
    pub date: Option<u32>,
    /// Hours of sound until its end.
    pub sound_h: f64,
    /// Median anomaly score, if the model has one.
    pub score: Option<f32>,
    /// Median level in dB of full scale.
    pub level_dbfs: f32,
    /// Seconds of sound in this state.
    pub seconds: f64,
}
