//! How easily the anomaly score raises the alarm: by the model, by the configuration, or set at run time.
//!
//! A value that was set at run time holds until it is taken back or the program ends. Below it comes the configuration, below
//! that the model. Sinks set values, inference applies them between two blocks of sound. Everything is atomic: no call waits.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::setting::{InvalidSetting, within};

/// A value that can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setting {
    /// Anomaly score that counts towards the alarm; 1 is the model's own level.
    AlarmLevel,
    /// Seconds above it that raise the alarm.
    Persistence,
    /// Anomaly score that counts towards a warning.
    WarningLevel,
}

impl Setting {
    pub(crate) const ALL: [Self; 3] = [Self::AlarmLevel, Self::Persistence, Self::WarningLevel];

    /// The name in topics and messages.
    #[cfg(feature = "mqtt")]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AlarmLevel => "alarm_level",
            Self::Persistence => "persistence_s",
            Self::WarningLevel => "warning_level",
        }
    }

    /// The key of the configuration.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::AlarmLevel => "alarm.alarm",
            Self::Persistence => "alarm.persistence_s",
            Self::WarningLevel => "alarm.warn",
        }
    }

    /// Smallest and largest value.
    pub(crate) fn range(self) -> (f32, f32) {
        match self {
            Self::AlarmLevel | Self::WarningLevel => (0.1, 100.0),
            // The look-back of a quarter more is 125 windows at the shortest hop; an alarm looks back at most 128.
            Self::Persistence => (0.5, 10.0),
        }
    }

    /// Checks a value.
    ///
    /// # Errors
    /// When it is outside the range, or no number.
    pub(crate) fn check(self, value: f32) -> Result<(), InvalidSetting> {
        let (least, most) = self.range();
        within(self.key(), value, least..=most)
    }
}

/// One value for each [`Setting`], in the order of [`Setting::ALL`].
pub(crate) type Values = [f32; Setting::ALL.len()];

/// The values with a warning level that is at most the alarm level: an alarm is a warning too. Messages arrive one by one and
/// retained ones in any order, so that a warning level above the alarm level is no error but counts as the alarm level.
pub(crate) fn ordered(mut values: Values) -> Values {
    let [alarm, warning] = [Setting::AlarmLevel, Setting::WarningLevel].map(|setting| setting as usize);
    values[warning] = values[warning].min(values[alarm]);
    values
}

/// The values that hold, and where they come from.
#[derive(Debug)]
pub struct Sensitivity {
    /// By model and configuration; NaN where there is no alarm by the anomaly score.
    configured: [AtomicU32; Setting::ALL.len()],
    /// Set at run time; NaN where nothing is.
    set: [AtomicU32; Setting::ALL.len()],
}

impl Default for Sensitivity {
    fn default() -> Self {
        let none = || [const { AtomicU32::new(f32::NAN.to_bits()) }; Setting::ALL.len()];
        Self { configured: none(), set: none() }
    }
}

impl Sensitivity {
    /// Sets the values of model and configuration; `None` without an alarm by the anomaly score.
    pub(crate) fn configure(&self, values: Option<Values>) {
        let values = values.unwrap_or([f32::NAN; Setting::ALL.len()]);
        self.configured.iter().zip(values).for_each(|(cell, value)| cell.store(value.to_bits(), Relaxed));
    }

    /// Sets a value at run time; `None` takes it back.
    ///
    /// # Errors
    /// When it is outside its range, or no number. Nothing changes then.
    #[cfg(any(feature = "mqtt", test))]
    pub(crate) fn set(&self, setting: Setting, value: Option<f32>) -> Result<(), InvalidSetting> {
        if let Some(value) = value {
            setting.check(value)?;
        }
        self.set[setting as usize].store(value.unwrap_or(f32::NAN).to_bits(), Relaxed);
        Ok(())
    }

    /// Takes a value back that was set at run time.
    #[cfg(feature = "page")]
    pub(crate) fn take_back(&self, setting: Setting) {
        self.set[setting as usize].store(f32::NAN.to_bits(), Relaxed);
    }

    /// The value of model and configuration; `None` without an alarm by the anomaly score.
    #[cfg(feature = "page")]
    pub(crate) fn of_configuration(&self, setting: Setting) -> Option<f32> {
        Some(f32::from_bits(self.configured[setting as usize].load(Relaxed))).filter(|value| value.is_finite())
    }

    /// The value that was set at run time.
    #[cfg(feature = "page")]
    pub(crate) fn at_run_time(&self, setting: Setting) -> Option<f32> {
        Some(f32::from_bits(self.set[setting as usize].load(Relaxed))).filter(|value| value.is_finite())
    }

    /// The values that hold, [`ordered`]; `None` without an alarm by the anomaly score.
    pub(crate) fn now(&self) -> Option<Values> {
        let values = std::array::from_fn(|setting| {
            let [set, configured] =
                [&self.set, &self.configured].map(|cells| f32::from_bits(cells[setting].load(Relaxed)));
            if configured.is_nan() || set.is_nan() { configured } else { set }
        });
        values.iter().all(|value: &f32| value.is_finite()).then(|| ordered(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_set_at_run_time_holds_over_a_reload_until_it_is_taken_back() {
        let sensitivity = Sensitivity::default();
        sensitivity.configure(Some([1.0, 4.0, 0.7]));
        sensitivity.set(Setting::AlarmLevel, Some(2.0)).unwrap();
        assert_eq!(sensitivity.now(), Some([2.0, 4.0, 0.7]));
        sensitivity.configure(Some([1.5, 3.0, 0.7]));
        assert_eq!(sensitivity.now(), Some([2.0, 3.0, 0.7]));
        sensitivity.set(Setting::AlarmLevel, None).unwrap();
        assert_eq!(sensitivity.now(), Some([1.5, 3.0, 0.7]));
    }

    #[test]
    fn a_value_out_of_range_changes_nothing() {
        let sensitivity = Sensitivity::default();
        sensitivity.configure(Some([1.0, 4.0, 0.7]));
        for value in [0.0, -1.0, 1e9, f32::NAN, f32::INFINITY] {
            assert!(sensitivity.set(Setting::AlarmLevel, Some(value)).is_err(), "{value}");
        }
        assert_eq!(sensitivity.now(), Some([1.0, 4.0, 0.7]));
    }

    #[test]
    fn the_warning_level_that_holds_is_never_above_the_alarm_level_and_returns_when_that_rises() {
        let sensitivity = Sensitivity::default();
        sensitivity.configure(Some([1.0, 4.0, 0.7]));
        sensitivity.set(Setting::AlarmLevel, Some(0.5)).unwrap();
        assert_eq!(sensitivity.now(), Some([0.5, 4.0, 0.5]));
        sensitivity.set(Setting::WarningLevel, Some(2.0)).unwrap();
        assert_eq!(sensitivity.now(), Some([0.5, 4.0, 0.5]));
        sensitivity.set(Setting::AlarmLevel, Some(3.0)).unwrap();
        assert_eq!(sensitivity.now(), Some([3.0, 4.0, 2.0]));
    }

    #[test]
    fn without_an_alarm_by_the_anomaly_score_there_are_no_values() {
        let sensitivity = Sensitivity::default();
        sensitivity.set(Setting::Persistence, Some(2.0)).unwrap();
        assert_eq!(sensitivity.now(), None);
        // A model that has one comes later.
        sensitivity.configure(Some([1.0, 4.0, 0.7]));
        assert_eq!(sensitivity.now(), Some([1.0, 2.0, 0.7]));
    }
}
