use std::fs;

use sha2::{Digest, Sha256};

use super::*;
use crate::dataset::Dataset;
use crate::dataset::timeline::Timeline;
use crate::json::JsonOut;

fn small(seed: u64) -> Options {
    Options { seed, recordings: 2, machines: 2, seconds: 2, timeline_s: 10, rate_hz: 16_000, faults: true }
}

fn ui() -> Ui {
    Ui::new(&JsonOut::default())
}

/// Hash over all files, names included.
fn fingerprint(options: &Options) -> String {
    let folder = tempfile::tempdir().unwrap();
    let summary = make(folder.path(), options, &ui()).unwrap();
    let mut hasher = Sha256::new();
    for recording in &summary.recordings {
        hasher.update(recording.file.strip_prefix(folder.path()).unwrap().to_string_lossy().replace('\\', "/"));
        hasher.update(fs::read(&recording.file).unwrap());
    }
    hasher.update(fs::read(folder.path().join("timeline/shift_000.timeline.csv")).unwrap());
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_every_platform() {
    assert_eq!(fingerprint(&small(1)), FINGERPRINT);
}

/// Of `small(1)`. Changes with every change of the machine, and must then be the same on every platform again.
const FINGERPRINT: &str = "a732fdbaf6b47f8672fc0cc98ba05ccddfbab9c9511e67b61208a09dfec7b4ca";

#[test]
fn another_seed_gives_other_bytes() {
    assert_ne!(fingerprint(&small(2)), FINGERPRINT);
}

#[test]
fn what_is_made_is_read_as_a_data_set() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { recordings: 4, machines: 3, faults: false, ..small(1) };
    let summary = make(folder.path(), &options, &ui()).unwrap();
    assert_eq!(summary.recordings.len(), 4 * 4 + 1);
    let dataset = Dataset::load(folder.path(), &ui()).unwrap();
    assert_eq!(dataset.classes, State::ALL.map(State::label));
    assert_eq!(dataset.groups, ["m00", "m01", "m02"]);
    assert_eq!((dataset.recordings.len(), dataset.skipped.len()), (16, 0));
    assert!(dataset.remarks.is_empty() && !dataset.within_recording);
    let timeline = Timeline::read(&timeline::beside(&dataset.timelines[0])).unwrap();
    assert_eq!(timeline.spans.last().unwrap().end_s, 10.0);
}

#[test]
fn more_recordings_leave_the_first_ones_as_they_were() {
    let (few, many) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    make(few.path(), &small(1), &ui()).unwrap();
    make(many.path(), &Options { recordings: 4, ..small(1) }, &ui()).unwrap();
    for name in ["on_state/m01_000.wav", "fault_knock/m00_000.wav", "timeline/shift_000.wav"] {
        assert_eq!(fs::read(few.path().join(name)).unwrap(), fs::read(many.path().join(name)).unwrap(), "{name}");
    }
}

#[test]
fn files_of_another_set_are_named() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), &small(1), &ui()).unwrap();
    let fewer = Options { recordings: 1, machines: 1, faults: false, ..small(1) };
    let summary = make(folder.path(), &fewer, &ui()).unwrap();
    assert_eq!(summary.others.len(), 4 + 10);
}

#[test]
fn no_recording_is_silent_or_clipped() {
    let folder = tempfile::tempdir().unwrap();
    for recording in make(folder.path(), &small(3), &ui()).unwrap().recordings {
        let mut samples = vec![0.0; 160_000];
        let read = shared::wav::WavReader::open(&recording.file).unwrap().read(&mut samples).unwrap();
        let rms = (samples[..read].iter().map(|x| x * x).sum::<f32>() / read as f32).sqrt();
        let peak = samples.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
        assert!(rms > 1e-4 && peak < 0.99, "{}: {rms} {peak}", recording.file.display());
    }
}
