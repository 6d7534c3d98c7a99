use std::path::Path;

use monitor_core::features::FeatureKind;
use monitor_core::gain::Gain;

use crate::console::{JsonOut, Ui};
use crate::data::dataset::Dataset;
use crate::data::feature_set::FeatureSet;

pub(super) fn ui() -> Ui {
    Ui::new(&JsonOut::default())
}

/// A file of noise at a level, different for each path.
pub(super) fn wav(path: &Path, rate_hz: u32, seconds: f64, level: f32) {
    let mut state = path.to_string_lossy().bytes().fold(1_u32, |state, byte| state.wrapping_mul(31) + u32::from(byte));
    monitor_model::wav::write(path, rate_hz, 1, |writer| {
        for _ in 0..(seconds * f64::from(rate_hz)) as usize {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            writer.push(&[((state >> 8) as f32 / 8_388_608.0 - 1.0) * level])?;
        }
        Ok(())
    })
    .unwrap();
}

pub(super) fn extract(folder: &Path, hop_columns: u32) -> anyhow::Result<FeatureSet> {
    FeatureSet::extract(Dataset::load(folder, &ui())?, FeatureKind::LogMel, None, hop_columns, None, &ui())
}

#[test]
fn every_recording_starts_its_own_windows_and_rows_keep_the_order() {
    let folder = tempfile::tempdir().unwrap();
    for (name, rate, seconds) in
        [("on/a.wav", 48_000, 1.0), ("on/b.wav", 16_000, 2.0), ("on/c.wav", 44_100, 1.5), ("off/a.wav", 8_000, 1.0)]
    {
        wav(&folder.path().join(name), rate, seconds, 0.5);
    }
    for name in ["off/b.wav", "off/c.wav"] {
        wav(&folder.path().join(name), 22_050, 1.0, 0.05);
    }
    let set = extract(folder.path(), 48).unwrap();
    let rows: Vec<_> = set.rows.iter().map(|row| (row.label, row.recording, row.start_s)).collect();
    let expected = [
        (0, 0, 0.0),
        (0, 1, 0.0),
        (0, 2, 0.0),
        (1, 3, 0.0),
        (1, 4, 0.0),
        (1, 4, 0.48),
        (1, 4, 0.96),
        (1, 5, 0.0),
        (1, 5, 0.48),
    ];
    assert_eq!(rows, expected);
    assert_eq!(set.x.dim(), (9, 128));
    assert_eq!(set.windows_per_class(), [3, 6]);
    assert!(set.rows[1].level_dbfs < -25.0 && set.rows[4].level_dbfs > -15.0);
}

#[test]
fn the_windows_of_a_block_lie_within_it() {
    let folder = tempfile::tempdir().unwrap();
    wav(&folder.path().join("on/on_merged.wav"), 16_000, 30.0, 0.5);
    let set = extract(folder.path(), 48).unwrap();
    assert!(set.dataset.recordings.len() >= 5);
    for row in &set.rows {
        let block = set.dataset.recordings[row.recording].block.clone().unwrap();
        assert!(row.start_s >= block.start - 1e-4 && row.start_s + monitor_core::window::SECONDS <= block.end + 1e-4);
    }
    let first_of_second = set.rows.iter().find(|row| row.recording == 1).unwrap();
    let second = set.dataset.recordings[1].block.clone().unwrap();
    assert!((first_of_second.start_s - second.start).abs() < 1e-4);
}

#[test]
fn the_embedding_needs_the_base_model_and_the_error_names_the_command_that_gets_it() {
    let folder = tempfile::tempdir().unwrap();
    wav(&folder.path().join("on/a.wav"), 16_000, 1.0, 0.5);
    let dataset = Dataset::load(folder.path(), &ui()).unwrap();
    let error = FeatureSet::extract(dataset, FeatureKind::Hybrid, None, 48, None, &ui()).unwrap_err();
    assert!(format!("{error:#}").contains("host-tools fetch"));
}

#[test]
fn a_recording_that_goes_away_is_skipped_and_the_rest_is_used() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["on/a.wav", "on/b.wav", "on/c.wav"] {
        wav(&folder.path().join(name), 16_000, 1.0, 0.5);
    }
    let dataset = Dataset::load(folder.path(), &ui()).unwrap();
    std::fs::remove_file(folder.path().join("on/b.wav")).unwrap();
    let set = FeatureSet::extract(dataset, FeatureKind::LogMel, None, 48, None, &ui()).unwrap();
    assert_eq!((set.rows.len(), set.rows[1].recording), (2, 1));
    assert_eq!((set.dataset.recordings.len(), set.dataset.skipped.len()), (2, 1));
}

#[test]
fn very_quiet_recordings_are_raised_by_a_gain_and_keep_their_levels() {
    let folder = tempfile::tempdir().unwrap();
    for (name, level) in [("on/a.wav", 0.001), ("on/b.wav", 0.001), ("off/a.wav", 0.000_1)] {
        wav(&folder.path().join(name), 16_000, 1.0, level);
    }
    let with = |gain| {
        let dataset = Dataset::load(folder.path(), &ui()).unwrap();
        FeatureSet::extract(dataset, FeatureKind::LogMel, None, 48, gain, &ui()).unwrap()
    };
    let (raised, plain) = (with(None), with(Some(Gain::NONE)));
    // Noise of this amplitude has -64.8 dBFS.
    assert_eq!((raised.gain.db(), plain.gain.db()), (34, 0));
    assert_eq!(raised.rows, plain.rows);
    assert!(raised.x[[2, 0]] > plain.x[[2, 0]] + 2.0);
    assert_eq!(with(Some(raised.gain)).x, raised.x);
}
