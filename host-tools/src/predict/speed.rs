//! How fast recordings were heard.

use std::fmt;

use serde::Serialize;

/// Time of processing against the length of what was heard.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Speed {
    /// Length of what was heard, seconds.
    pub seconds: f64,
    /// Time that it took, seconds.
    pub took_s: f64,
    /// The second over the first: below 1 is faster than it sounds. 0 where nothing was heard.
    pub real_time_factor: f64,
}

impl Speed {
    /// The speed of hearing `seconds` of sound in `took_s`.
    pub fn new(seconds: f64, took_s: f64) -> Self {
        Self { seconds, took_s, real_time_factor: if seconds > 0.0 { took_s / seconds } else { 0.0 } }
    }

    /// The factor in words.
    pub fn words(real_time_factor: f64) -> String {
        let (times, how) = if real_time_factor > 1.0 {
            (real_time_factor, "slower")
        } else {
            (1.0 / real_time_factor.max(1e-9), "faster")
        };
        format!("real-time factor {real_time_factor:.4}: {times:.0} times {how} than it sounds")
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} s heard in {:.1} s; {}", self.seconds, self.took_s, Self::words(self.real_time_factor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_heard_in_nine_seconds_is_four_hundred_times_faster_than_it_sounds() {
        let text = Speed::new(3600.0, 9.0).to_string();
        assert_eq!(text, "3600.0 s heard in 9.0 s; real-time factor 0.0025: 400 times faster than it sounds");
    }
}
