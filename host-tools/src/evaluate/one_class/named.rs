//! What the alarms of a class have in common: the band that most of them name first.

use std::collections::BTreeMap;

use monitor_core::anomaly::Explanation;
use monitor_model::explanation::{BandText, wire};

/// The band that most of the `explanations` name first, with its mean change and their number: `56-71 Hz +11.2 dB in 12 of 14
/// alarms`; `None` where none names a band.
pub(super) fn most_frequent<'e>(explanations: impl Iterator<Item = &'e Explanation>) -> Option<String> {
    let mut bands: BTreeMap<(u16, u16, bool), Vec<f64>> = BTreeMap::new();
    let mut alarms = 0;
    for explanation in explanations {
        alarms += 1;
        if let Some(band) = wire(explanation).named_bands().next() {
            let changes = bands.entry((band.from_hz, band.to_hz, band.tenths_db > 0)).or_default();
            changes.push(f64::from(band.tenths_db) / 10.0);
        }
    }
    let ((from_hz, to_hz, _), changes) = bands.into_iter().max_by_key(|(_, changes)| changes.len())?;
    let mean = changes.iter().sum::<f64>() / changes.len() as f64;
    let band = BandText { from_hz, to_hz };
    Some(format!("{band} {mean:+.1} dB in {} of {alarms} alarms", changes.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use monitor_core::anomaly::BandChange;

    fn naming(from_hz: u16, tenths_db: i16) -> Explanation {
        let band = BandChange { from_hz, to_hz: 2 * from_hz, tenths_db };
        Explanation { bands: [Some(band), None, None], ..Explanation::default() }
    }

    #[test]
    fn the_band_of_most_alarms_is_named_with_its_mean_change() {
        let alarms = [naming(50, 100), naming(50, 120), naming(800, 90), naming(50, -20), Explanation::default()];
        assert_eq!(most_frequent(alarms.iter()).unwrap(), "50-100 Hz +11.0 dB in 2 of 5 alarms");
        assert_eq!(most_frequent([Explanation::default()].iter()), None);
    }
}
