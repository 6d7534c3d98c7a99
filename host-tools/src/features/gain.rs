//! The input gain that suits a set of recordings.
//!
//! Most machines need none. Where even the loudest class is below [`QUIET_DBFS`], the gain raises it to [`TARGET_DBFS`], as
//! far as the loudest window stays below [`CEILING_DBFS`]. See docs/development/decisions/input-gain.md.

use monitor_core::gain::Gain;
use monitor_core::pipeline::FLOOR_DBFS;

use crate::data::feature_set::FeatureSet;

/// Median level of the loudest class below which recordings are quiet, in dB of full scale.
const QUIET_DBFS: f32 = -40.0;
/// Median level of the loudest class with the gain.
const TARGET_DBFS: f32 = -30.0;
/// Level of the loudest window with the gain, at most: its peaks stay within full scale.
const CEILING_DBFS: f32 = -10.0;

/// Returns the gain that suits the recordings of `set`, by the levels of its windows. Digital silence does not count.
pub(super) fn suitable(set: &FeatureSet) -> Gain {
    let levels = (0..set.dataset.classes.len()).map(|class| {
        let rows = set.rows.iter().filter(|row| row.label == class && row.level_dbfs > FLOOR_DBFS);
        rows.map(|row| row.level_dbfs).collect::<Vec<f32>>()
    });
    of_levels(levels)
}

/// Returns the gain for the levels of the windows of each class.
fn of_levels(classes: impl Iterator<Item = Vec<f32>>) -> Gain {
    let (mut level, mut loudest) = (f32::NEG_INFINITY, f32::NEG_INFINITY);
    for mut levels in classes.filter(|levels| !levels.is_empty()) {
        levels.sort_by(f32::total_cmp);
        level = level.max(levels[levels.len() / 2]);
        loudest = loudest.max(levels[levels.len() - 1]);
    }
    if !level.is_finite() || level >= QUIET_DBFS {
        return Gain::NONE;
    }
    let db = (TARGET_DBFS - level).min(CEILING_DBFS - loudest).clamp(0.0, Gain::MAX_DB.into());
    Gain::from_db(db as u8).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn db(classes: &[&[f32]]) -> u8 {
        of_levels(classes.iter().map(|levels| levels.to_vec())).db()
    }

    #[test]
    fn the_median_of_the_loudest_class_decides() {
        assert_eq!(db(&[&[-90.0, -80.0], &[-39.0, -40.0, -41.0]]), 0);
        assert_eq!(db(&[&[-90.0, -80.0], &[-49.0, -50.5, -51.0]]), 20);
        assert_eq!(db(&[&[-90.0; 3]]), 40, "no more than the largest gain");
    }

    #[test]
    fn the_loudest_window_stays_below_the_ceiling() {
        assert_eq!(db(&[&[-50.0, -50.0, -50.0, -25.0]]), 15);
        assert_eq!(db(&[&[-50.0, -50.0, -50.0, -3.0]]), 0);
    }

    #[test]
    fn without_a_window_there_is_no_gain() {
        assert_eq!(db(&[]), 0);
        assert_eq!(db(&[&[]]), 0);
    }
}
