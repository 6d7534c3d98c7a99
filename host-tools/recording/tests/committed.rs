//! Short recordings that ffmpeg and flac have encoded, also the seeds of the fuzz target, compared with the tone that they
//! hold; needs no program.
#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use std::path::{Path, PathBuf};

use common::survey;
use monitor_recording::{Error, RecordingReader};

fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// 400 Hz at 8 kHz, 1600 frames of 16 bits.
fn tone() -> Vec<f32> {
    let sample = |n: u32| (8000.0 * (std::f64::consts::TAU * 400.0 * f64::from(n) / 8000.0).sin() + 0.5).floor();
    (0..1600).map(|n| sample(n) as f32 / 32_768.0).collect()
}

fn read(name: &str) -> Vec<f32> {
    let mut reader = RecordingReader::open(&corpus(name)).unwrap();
    assert_eq!(reader.rate_hz(), 8000);
    let mut samples = vec![0.0; 20_000];
    let read = reader.read(&mut samples).unwrap();
    samples.truncate(read);
    samples
}

#[test]
fn lossless_recordings_are_exact() {
    for name in
        ["tone.flac", "alac.m4a", "flac.oga", "tone.aiff", "tone.caf", "alac.caf", "f64.wav", "rf64.wav", "tone.w64"]
    {
        assert!(read(name) == tone(), "{name}");
        assert_eq!(survey(&corpus(name)).unwrap().remarks, [], "{name}");
    }
}

#[test]
fn lossy_recordings_have_the_length_and_the_alignment_of_the_original() {
    for (name, format) in [("tone.mp3", "MP3"), ("tone.ogg", "Vorbis"), ("aac.m4a", "AAC")] {
        let samples = read(name);
        assert_eq!(samples.len(), 1600, "{name}");
        let error: f32 = samples.iter().zip(tone()).map(|(a, b)| (a - b).powi(2)).sum();
        let signal: f32 = tone().iter().map(|sample| sample.powi(2)).sum();
        assert!(error < 0.05 * signal, "{name}: {}", error / signal);
        let survey = survey(&corpus(name)).unwrap();
        assert_eq!((survey.format.name, survey.format.lossy, survey.remarks[0].kind), (format, true, "lossy"));
    }
}

#[test]
fn blocks_of_any_size_give_the_same_samples() {
    let whole = read("tone.mp3");
    let mut reader = RecordingReader::open(&corpus("tone.mp3")).unwrap();
    let (mut parts, mut block) = (Vec::<f32>::new(), [0.0; 37]);
    while let read @ 1.. = reader.read(&mut block).unwrap() {
        parts.extend(&block[..read]);
    }
    assert!(parts == whole);
}

#[test]
fn what_is_no_recording_is_named_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    for (bytes, what, remedy) in [
        (&b""[..], "empty", "record it again"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer", "git lfs pull"),
        (b"\x1a\x45\xdf\xa3\0\0\0\0", "WebM", "ffmpeg -i"),
        (b".snd\0\0\0\x18\0\0\0\0", "AU", "ffmpeg -i"),
        (b"<!DOCTYPE html><html>", "HTML", "fetch the recording again"),
        (b"\xff\xfb\x94\xc4\0\0\0\0\0\0\0\0", "MP3", "ffmpeg -i"),
        (b"caff\0\0\0\0\0\0\0\0", "CAF", "ffmpeg -i"),
        (b"fLaC\0\0\0\0", "FLAC", "ffmpeg -i"),
        (b"time,level\n", "text", "move it out"),
    ] {
        let path = folder.path().join("a.wav");
        std::fs::write(&path, bytes).unwrap();
        let error = RecordingReader::open(&path).unwrap_err().to_string();
        assert!(error.contains(what) && error.contains(remedy), "{error}");
    }
    assert!(matches!(RecordingReader::open(folder.path()), Err(Error::NotAFile)));
}
