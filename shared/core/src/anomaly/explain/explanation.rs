//! What moved in the sound when a warning or an alarm was raised: the detectors, the level, and the bands.

use super::normal::{Departure, NormalSpectra};
use super::spectrum::{SPECTRUM_LEN, Spectrum, edge_hz};
use crate::anomaly::{Input, ZScores, score};

/// Most bands of an explanation.
pub const MOST_BANDS: usize = 3;

/// Least change that is named: in deviations of unseen normal sound, and in dB.
const LEAST_Z: f32 = 2.0;
const LEAST_DB: f32 = 1.5;
/// Share of its highest change, in deviations, down to which a band extends, and that further bands must reach.
const SHARE: f32 = 0.5;

/// A range of frequencies whose level changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BandChange {
    /// Lower edge in Hz.
    pub from_hz: u16,
    /// Upper edge in Hz.
    pub to_hz: u16,
    /// Mean change of its bands beyond that of the level, in tenths of a dB; above 0 is louder.
    pub tenths_db: i16,
}

/// The explanation of a warning or an alarm. Its size is fixed: passing it on allocates nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Explanation {
    /// The detectors at the level that was raised, the highest first.
    pub detectors: [Option<Input>; Input::ALL.len()],
    /// Change of the level of all bands in tenths of a dB, where it is unlike that of normal sound.
    pub level_tenths_db: Option<i16>,
    /// Bands that changed, the most unusual first.
    pub bands: [Option<BandChange>; MOST_BANDS],
}

impl Explanation {
    /// The detectors of which the position has a score of `level` or more, the highest first; the highest in any case.
    pub fn of_detectors(positions: &ZScores, level: f32) -> Self {
        let mut left = *positions;
        let mut detectors = [None; Input::ALL.len()];
        for (place, detector) in detectors.iter_mut().enumerate() {
            let highest = left.iter().enumerate().filter_map(|(input, position)| Some((input, (*position)?)));
            let Some((input, position)) = highest.reduce(|a, b| if b.1 > a.1 { b } else { a }) else { break };
            if place > 0 && score(position) < level {
                break;
            }
            *detector = Some(Input::ALL[input]);
            left[input] = None;
        }
        Self { detectors, ..Self::default() }
    }

    /// The same with the level and the bands by which `spectrum`, in dB, departs from normal sound.
    #[must_use]
    pub fn with_spectrum(self, normal: &NormalSpectra<'_>, spectrum: &Spectrum) -> Self {
        let departure = normal.departure(spectrum);
        let unusual = libm::fabsf(departure.level) >= libm::fmaxf(LEAST_Z * normal.level_deviation, LEAST_DB);
        let level_tenths_db = unusual.then(|| tenths(departure.level));
        Self { level_tenths_db, bands: bands(&departure, normal), ..self }
    }
}

/// The bands of `departure` that are unlike unseen normal sound.
fn bands(departure: &Departure, normal: &NormalSpectra<'_>) -> [Option<BandChange>; MOST_BANDS] {
    let mut z = departure.bands;
    z.iter_mut().zip(normal.deviations.iter()).for_each(|(band, deviation)| *band /= deviation);
    let mut found = [None; MOST_BANDS];
    let mut least = LEAST_Z;
    for place in &mut found {
        let candidates = (0..SPECTRUM_LEN).filter(|band| libm::fabsf(departure.bands[*band]) >= LEAST_DB);
        let highest = candidates.max_by(|a, b| libm::fabsf(z[*a]).total_cmp(&libm::fabsf(z[*b])));
        let Some(peak) = highest.filter(|peak| libm::fabsf(z[*peak]) >= least) else { break };
        let height = z[peak];
        least = libm::fmaxf(least, SHARE * libm::fabsf(height));
        let belongs = |band: &usize| z[*band] / height >= SHARE;
        let first = (0..peak).rev().take_while(belongs).last().unwrap_or(peak);
        let last = (peak + 1..SPECTRUM_LEN).take_while(belongs).last().unwrap_or(peak);
        let mean = departure.bands[first..=last].iter().sum::<f32>() / (last - first + 1) as f32;
        let hz = |edge: usize| libm::roundf(edge_hz(edge)) as u16;
        *place = Some(BandChange { from_hz: hz(first), to_hz: hz(last + 1), tenths_db: tenths(mean) });
        // Its bands are taken, and its flanks are no band of their own.
        z[first..=last].fill(0.0);
    }
    found
}

/// Decibels as whole tenths. `as` saturates.
fn tenths(db: f32) -> i16 {
    libm::roundf(10.0 * db) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use monitor_tflite::Scalars;

    fn le(numbers: &[f32]) -> std::vec::Vec<u8> {
        numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    /// The explanation of these changes in dB from a flat normal spectrum with deviations of 1 dB.
    fn explained(changes: &[(core::ops::Range<usize>, f32)], level: f32) -> Explanation {
        let (references, deviations) = (le(&[-50.0; SPECTRUM_LEN]), le(&[1.0; SPECTRUM_LEN]));
        let (deviations, references) = (Scalars::new(&deviations), Scalars::new(&references));
        let normal = NormalSpectra { level_deviation: 1.5, deviations, references };
        let mut spectrum = [-50.0 + level; SPECTRUM_LEN];
        for (bands, change) in changes {
            spectrum[bands.clone()].iter_mut().for_each(|band| *band += change);
        }
        Explanation::default().with_spectrum(&normal, &spectrum)
    }

    fn named(explanation: &Explanation) -> std::vec::Vec<(u16, u16, i16)> {
        explanation.bands.iter().flatten().map(|band| (band.from_hz, band.to_hz, band.tenths_db)).collect()
    }

    #[test]
    fn neighbours_are_one_band_and_the_most_unusual_comes_first() {
        let found = explained(&[(40..42, -6.0), (4..7, 9.0), (7..8, 5.0), (60..61, 3.0)], 0.0);
        // 60 lies below half of the highest change.
        let from = |band| edge_hz(band).round() as u16;
        assert_eq!(named(&found), [(56, from(8), 80), (from(40), from(42), -60)]);
        assert_eq!(found.level_tenths_db, None);
    }

    #[test]
    fn a_change_of_all_bands_is_a_level_and_no_band() {
        let found = explained(&[], 8.0);
        assert_eq!((named(&found).len(), found.level_tenths_db), (0, Some(80)));
        assert_eq!(explained(&[], 2.0), Explanation::default());
        assert_eq!(explained(&[(3..4, 1.9)], 0.0), Explanation::default());
    }

    #[test]
    fn detectors_at_the_level_are_named_and_the_highest_in_any_case() {
        let positions = [None, Some(0.2), Some(1.1), Some(1.4)];
        let of = |level| Explanation::of_detectors(&positions, level).detectors;
        assert_eq!(of(1.0), [Some(Input::Rumble), Some(Input::Tap), None, None]);
        assert_eq!(of(9.0), [Some(Input::Rumble), None, None, None]);
        assert_eq!(Explanation::of_detectors(&[None; 4], 1.0), Explanation::default());
    }
}
