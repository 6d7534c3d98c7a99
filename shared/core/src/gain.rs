//! The input gain of a model for machines that are very quiet at the microphone.
//!
//! Below about -40 dB of full scale the bands of most sounds lie near the floor of the log-mel ([`crate::log_mel::FLOOR`]),
//! where they carry little. Training then raises the samples by a gain that the model file contains: it is part of the graph,
//! so that every runtime applies it. Levels and the microphone check are those of the microphone, without it.

/// A gain in whole decibels, 0 to [`Gain::MAX_DB`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gain(u8);

impl Gain {
    /// Largest gain in dB: with 16 bits more would raise little but rounding noise.
    pub const MAX_DB: u8 = 40;
    /// 0 dB: samples pass unchanged.
    pub const NONE: Self = Self(0);

    /// A gain of `db` decibels; `None` above [`Self::MAX_DB`].
    pub fn from_db(db: u8) -> Option<Self> {
        (db <= Self::MAX_DB).then_some(Self(db))
    }

    /// The gain with this factor, which may be rounded otherwise (by 1e-6); `None` where there is none.
    pub fn from_factor(factor: f32) -> Option<Self> {
        let is_same = |gain: &Self| (gain.factor() / factor - 1.0).abs() <= 1e-6;
        (0..=Self::MAX_DB).map(Self).find(is_same)
    }

    /// The gain in decibels.
    pub fn db(self) -> u8 {
        self.0
    }

    /// What samples are multiplied by, 1 to 100.
    pub fn factor(self) -> f32 {
        libm::powf(10.0, f32::from(self.0) / 20.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_gain_is_found_by_its_factor_and_no_other_factor_is() {
        assert_eq!(Gain::NONE.factor(), 1.0);
        for db in 0..=Gain::MAX_DB {
            let gain = Gain::from_db(db).unwrap();
            assert_eq!(Gain::from_factor(gain.factor()), Some(gain));
            assert!((20.0 * libm::log10f(gain.factor()) - f32::from(db)).abs() < 1e-4, "{db}");
        }
        assert_eq!(Gain::from_db(41), None);
        for other in [0.0, 0.5, 1.000_01, 101.0, -1.0, f32::NAN, f32::INFINITY] {
            assert_eq!(Gain::from_factor(other), None, "{other}");
        }
    }
}
