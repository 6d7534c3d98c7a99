//! Tables as other programs write them.

use std::path::{Path, PathBuf};

use monitor_core::anomaly::{SPECTRUM_LEN, STATISTICS_LEN};
use monitor_core::features::FeatureKind;
use monitor_core::gain::Gain;
use monitor_core::rumble::BANDS;
use ndarray::Array2;
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};

use super::*;
use crate::data::dataset::{Dataset, Recording};
use crate::data::feature_set::{FeatureSet, Row};

/// Two recordings of two classes, three windows each, in the order `rows` of their windows.
fn set(rows: &[usize]) -> FeatureSet {
    let recording = |label: usize| Recording {
        path: PathBuf::from(format!("{label}/a.wav")),
        label,
        group: label,
        recording: format!("{label}/a"),
        hash: [label as u8; 32],
        rate_hz: 16_000,
        seconds: 2.0,
        block: None,
    };
    let names = ["off", "on"].map(String::from).to_vec();
    let dataset = Dataset {
        classes: names.clone(),
        groups: names,
        recordings: vec![recording(0), recording(1)],
        ..Dataset::default()
    };
    let row = |row: &usize| {
        let recording = row / 3;
        let start_s = (row % 3) as f64 * 0.48;
        Row { label: recording, recording, group: recording, start_s, level_dbfs: -20.0 }
    };
    let values =
        |len: usize| Array2::from_shape_fn((rows.len(), len), |(at, value)| (rows[at] * 1000 + value) as f32 / 7.0);
    FeatureSet {
        kind: FeatureKind::LogMel,
        hop_columns: 48,
        gain: Gain::from_db(12).unwrap(),
        x: values(FeatureKind::LogMel.len()),
        statistics: values(STATISTICS_LEN),
        rumble: values(BANDS),
        spectra: values(SPECTRUM_LEN),
        rows: rows.iter().map(row).collect(),
        dataset,
        from_audio: true,
    }
}

/// Writes `set` with `properties`, without the metadata of the file, and reads it again.
fn read_back(set: &FeatureSet, properties: WriterPropertiesBuilder) -> anyhow::Result<FeatureSet> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let meta = Meta::new(set, None, Vec::new());
    std::fs::write(&path, write::encode(set, &meta, Path::new(""), properties).unwrap()).unwrap();
    load(&[path]).map(|(set, _)| set)
}

#[test]
fn every_compression_is_read_without_the_metadata_of_the_file() {
    let written = set(&[0, 1, 2, 3, 4, 5]);
    for codec in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::ZSTD(ZstdLevel::default()),
        Compression::GZIP(GzipLevel::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
    ] {
        let read = read_back(&written, WriterProperties::builder().set_compression(codec)).unwrap();
        assert_eq!((&read.x, &read.statistics), (&written.x, &written.statistics), "{codec:?}");
        assert_eq!((&read.rumble, &read.spectra), (&written.rumble, &written.spectra), "{codec:?}");
        assert_eq!((&read.rows, read.kind, read.hop_columns), (&written.rows, written.kind, 48), "{codec:?}");
        assert_eq!(read.gain.db(), 12, "{codec:?}");
    }
}

#[test]
fn rows_that_were_filtered_and_sorted_are_put_in_order_and_doubled_ones_are_refused() {
    let read = read_back(&set(&[5, 0, 3, 2]), WriterProperties::builder()).unwrap();
    assert_eq!(read.x, set(&[0, 2, 3, 5]).x);
    let error = read_back(&set(&[0, 1, 1]), WriterProperties::builder()).unwrap_err();
    assert!(format!("{error:#}").contains("0/a.wav has a window more than once, at 0.48 s"), "{error:#}");
}
