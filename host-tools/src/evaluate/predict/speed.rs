//! Speed of processing compared with the length of the sound.

use std::fmt;

use serde::Serialize;

/// Length of sound and time of processing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Speed {
    /// Length of the processed sound, in seconds.
    pub seconds: f64,
    /// Time of processing, in seconds.
    pub took_s: f64,
    /// Time of processing divided by length of sound: below 1 is faster than real time. 0 without sound.
    pub real_time_factor: f64,
}

impl Speed {
    /// The speed of processing `seconds` of sound in `took_s` seconds.
    pub(crate) fn new(seconds: f64, took_s: f64) -> Self {
        Self { seconds, took_s, real_time_factor: if seconds > 0.0 { took_s / seconds } else { 0.0 } }
    }

    /// A real-time factor as text: `455x real time`.
    pub(crate) fn multiple(real_time_factor: f64) -> String {
        let multiple = 1.0 / real_time_factor.max(1e-9);
        match multiple {
            m if m >= 9.5 => format!("{m:.0}x real time"),
            m => format!("{m:.1}x real time"),
        }
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seconds, took_s, real_time_factor } = *self;
        write!(f, "{seconds:.1} s of sound in {took_s:.1} s, {}", Self::multiple(real_time_factor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_speed_is_printed_as_a_multiple_of_real_time() {
        assert_eq!(Speed::new(3600.0, 9.0).to_string(), "3600.0 s of sound in 9.0 s, 400x real time");
        assert_eq!(Speed::new(4.0, 2.0).to_string(), "4.0 s of sound in 2.0 s, 2.0x real time");
        assert_eq!(Speed::new(4.0, 5.0).to_string(), "4.0 s of sound in 5.0 s, 0.8x real time");
    }
}
