use std::fs;

use sha2::{Digest, Sha256};

use super::*;

fn small(seed: u64) -> Options {
    Options { seed, recordings: 2, machines: 2, seconds: 2, timeline_s: 10, rate_hz: 16_000, faults: true }
}

/// Hash over all files, names included.
fn fingerprint(options: &Options) -> String {
    let folder = tempfile::tempdir().unwrap();
    let summary = make(folder.path(), options, |_| ()).unwrap();
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
fn more_recordings_leave_the_first_ones_as_they_were() {
    let (few, many) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    make(few.path(), &small(1), |_| ()).unwrap();
    make(many.path(), &Options { recordings: 4, ..small(1) }, |_| ()).unwrap();
    for name in ["on_state/m01_000.wav", "fault_knock/m00_000.wav", "timeline/shift_000.wav"] {
        assert_eq!(fs::read(few.path().join(name)).unwrap(), fs::read(many.path().join(name)).unwrap(), "{name}");
    }
}

#[test]
fn no_recording_is_silent_or_clipped() {
    let folder = tempfile::tempdir().unwrap();
    for recording in make(folder.path(), &small(3), |_| ()).unwrap().recordings {
        let mut samples = vec![0.0; 160_000];
        let read = monitor_model::wav::WavReader::open(&recording.file).unwrap().read(&mut samples).unwrap();
        let rms = (samples[..read].iter().map(|x| x * x).sum::<f32>() / read as f32).sqrt();
        let peak = samples.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
        assert!(rms > 1e-4 && peak < 0.99, "{}: {rms} {peak}", recording.file.display());
    }
}
