//! Recordings that other programs have encoded, compared sample for sample with what ffmpeg decodes.
#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use std::path::{Path, PathBuf};

use common::{run, survey};
use monitor_recording::RecordingReader;
use test_needs::needs;

const RATE: u32 = 44_100;
/// An odd number of frames, no multiple of any packet's.
const FRAMES: usize = 100_003;

/// Two channels of tones that rise at different speeds, with a little noise.
fn original() -> Vec<i16> {
    let mut noise = 1_u32;
    let mut frame = |at: usize| {
        let t = at as f64 / f64::from(RATE);
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let hiss = f64::from(noise >> 16) / 65_536.0 - 0.5;
        let tone = |low: f64, rise: f64| (std::f64::consts::TAU * (low + rise * t) * t).sin();
        [0.5 * tone(200.0, 500.0) + 0.01 * hiss, 0.3 * tone(1000.0, -200.0) + 0.01 * hiss]
            .map(|sample| (sample * 32_767.0) as i16)
    };
    (0..FRAMES).flat_map(&mut frame).collect()
}

/// All samples as this crate decodes them, interleaved.
fn ours(path: &Path) -> Vec<f32> {
    let mut reader = RecordingReader::open(path).unwrap();
    let mut samples = vec![0.0; (reader.frames() as usize + 10_000) * usize::from(reader.channels())];
    let read = reader.read_all_channels(&mut samples).unwrap();
    assert_eq!(read as u64, reader.frames(), "{}: the announced length is the length read", path.display());
    samples.truncate(read * usize::from(reader.channels()));
    samples
}

/// All samples as ffmpeg decodes them.
fn theirs(path: &Path) -> Vec<f32> {
    let bytes = run("ffmpeg", &["-v", "error", "-i", path.to_str().unwrap(), "-f", "f32le", "-"]);
    bytes.as_chunks().0.iter().map(|sample| f32::from_le_bytes(*sample)).collect()
}

/// Level of the difference below that of `reference`, in dB, over the samples that both have.
fn distance_db(samples: &[f32], reference: &[f32]) -> f64 {
    let power = |sum: f64| 10.0 * (sum + 1e-30).log10();
    let signal: f64 = reference.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    let error: f64 = samples.iter().zip(reference).map(|(a, b)| f64::from(a - b).powi(2)).sum();
    power(signal) - power(error)
}

struct Place {
    folder: tempfile::TempDir,
    samples: Vec<f32>,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let samples = original();
        monitor_model::wav::write(&folder.path().join("in.wav"), RATE, 2, |writer| writer.push_i16(&samples)).unwrap();
        Self { folder, samples: samples.iter().map(|sample| f32::from(*sample) / 32_768.0).collect() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn encode(&self, name: &str, options: &[&str]) -> PathBuf {
        let (from, to) = (self.path("in.wav"), self.path(name));
        let arguments =
            [&["-v", "error", "-y", "-i", from.to_str().unwrap()], options, &[to.to_str().unwrap()]].concat();
        run("ffmpeg", &arguments);
        to
    }
}

#[needs(audio_tools)]
#[test]
fn lossless_files_give_the_original_samples() {
    let place = Place::new();
    for (name, options) in [
        ("a.flac", &["-c:a", "flac"][..]),
        ("b.flac", &["-c:a", "flac", "-sample_fmt", "s32"]),
        ("c.oga", &["-c:a", "flac"]),
        ("d.m4a", &["-c:a", "alac"]),
        ("e.aiff", &["-c:a", "pcm_s16be"]),
        ("f.aiff", &["-c:a", "pcm_s24be"]),
        ("g.caf", &["-c:a", "pcm_s16le"]),
        ("h.caf", &["-c:a", "pcm_f32be"]),
        ("j.wav", &["-c:a", "pcm_f64le"]),
        ("k.wav", &["-c:a", "pcm_s24le", "-rf64", "always"]),
        ("l.wav", &["-c:a", "pcm_f32le"]),
        ("m.caf", &["-c:a", "alac"]),
    ] {
        let path = place.encode(name, options);
        let samples = ours(&path);
        let first = samples.iter().zip(&place.samples).position(|(a, b)| a != b);
        assert_eq!((samples.len(), first), (2 * FRAMES, None), "{name}");
        let survey = survey(&path).unwrap();
        assert!(!survey.format.lossy && survey.remarks.is_empty(), "{name}: {survey:?}");
        assert_eq!((survey.frames, survey.rate_hz, survey.channels), (FRAMES as u64, RATE, 2), "{name}");
    }
    let flac = place.path("own.flac");
    run("flac", &["-s", "-8", "-o", flac.to_str().unwrap(), place.path("in.wav").to_str().unwrap()]);
    assert!(ours(&flac) == place.samples, "by the program flac");
    let aiff = place.path("sox.aifc");
    run("sox", &[place.path("in.wav").to_str().unwrap(), aiff.to_str().unwrap()]);
    assert!(ours(&aiff) == place.samples, "by sox");
}

#[needs(audio_tools)]
#[test]
fn coarse_codings_give_the_samples_of_ffmpeg() {
    let place = Place::new();
    for (name, options) in [
        ("a.wav", &["-c:a", "pcm_alaw"][..]),
        ("b.wav", &["-c:a", "pcm_mulaw"]),
        ("c.wav", &["-c:a", "pcm_u8"]),
        ("d.wav", &["-c:a", "adpcm_ms"]),
        ("e.wav", &["-c:a", "adpcm_ima_wav"]),
        ("f.aiff", &["-c:a", "pcm_alaw"]),
        // ffmpeg counts the padding of the last chunk as samples.
        ("g.w64", &["-c:a", "pcm_s16le"]),
    ] {
        let path = place.encode(name, options);
        let (ours, theirs) = (ours(&path), theirs(&path));
        assert_eq!(ours.len(), theirs.len(), "{name}");
        assert!(ours == theirs, "{name}: {} dB", distance_db(&ours, &theirs));
    }
}

#[needs(audio_tools)]
#[test]
fn lossy_files_have_the_length_and_the_alignment_of_the_original() {
    let place = Place::new();
    // Decoders may differ in rounding: 80 dB. The encoders keep these tones within some 20 dB; one sample of delay would
    // leave about 10 dB at the highest of them.
    for (name, options) in [
        ("a.mp3", &["-c:a", "libmp3lame", "-b:a", "192k"][..]),
        ("b.mp3", &["-c:a", "libmp3lame", "-q:a", "4"]),
        ("c.ogg", &["-c:a", "libvorbis", "-q:a", "6"]),
        ("d.m4a", &["-c:a", "aac", "-b:a", "192k"]),
        ("e.mp4", &["-c:a", "aac", "-b:a", "192k", "-movflags", "+faststart"]),
    ] {
        let path = place.encode(name, options);
        let (ours, theirs) = (ours(&path), theirs(&path));
        assert_eq!(ours.len(), place.samples.len(), "{name}: ffmpeg has {}", theirs.len());
        let (decoder, encoder) = (distance_db(&ours, &theirs), distance_db(&ours, &place.samples));
        assert!(
            decoder > 80.0 && encoder > 20.0,
            "{name}: {decoder:.1} dB from ffmpeg, {encoder:.1} dB from the original"
        );
        let survey = survey(&path).unwrap();
        assert!(survey.format.lossy && survey.remarks.iter().any(|remark| remark.kind == "lossy"), "{survey:?}");
    }
    // ADTS states no delay: the sound begins with the silence of the encoder, 1024 frames.
    let path = place.encode("f.aac", &["-c:a", "aac", "-b:a", "192k"]);
    assert!(distance_db(&ours(&path)[2048..], &place.samples) > 20.0);
}

#[needs(audio_tools)]
#[test]
fn content_decides_and_not_the_name() {
    let place = Place::new();
    for name in ["a.flac", "b.mp3", "c.m4a", "d.ogg"] {
        let path = place.encode(name, &[]);
        let renamed = path.with_extension("wav");
        std::fs::rename(&path, &renamed).unwrap();
        assert_eq!(survey(&renamed).unwrap().frames, FRAMES as u64, "{name}");
    }
    let opus = place.encode("e.opus", &["-ar", "48000"]);
    let webm = place.encode("f.webm", &["-ar", "48000"]);
    for (path, what) in [(opus, "an Ogg Opus file"), (webm, "a WebM or Matroska file")] {
        let error = RecordingReader::open(&path).unwrap_err().to_string();
        assert!(error.contains(what) && error.contains("ffmpeg -i"), "{error}");
    }
}

#[needs(audio_tools)]
#[test]
fn a_part_of_a_compressed_recording_is_that_of_the_whole() {
    let place = Place::new();
    for name in ["a.flac", "b.mp3", "c.m4a", "d.ogg"] {
        let path = place.encode(name, &[]);
        let whole = ours(&path);
        let mut reader = RecordingReader::open(&path).unwrap();
        reader.skip(50_001).unwrap();
        let mut part = vec![0.0; 2000];
        assert_eq!(reader.read_all_channels(&mut part).unwrap(), 1000);
        assert!(part == whole[2 * 50_001..2 * 51_001], "{name}");
        reader.skip(u64::MAX).unwrap();
        assert_eq!(reader.read(&mut part).unwrap(), 0);
    }
}

#[needs(audio_tools)]
#[test]
fn a_truncated_compressed_recording_is_read_to_its_end_and_remarked() {
    let place = Place::new();
    for name in ["a.flac", "b.ogg"] {
        let pages: &[&str] = if name == "b.ogg" { &["-page_duration", "100000"] } else { &[] };
        let path = place.encode(name, pages);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        let survey = survey(&path).unwrap();
        assert!(survey.frames > 20_000 && survey.frames < 90_000, "{name}: {} frames", survey.frames);
        assert!(
            survey.remarks.iter().any(|remark| remark.kind == "truncated" || remark.kind == "damaged"),
            "{name}: {survey:?}"
        );
    }
}
