//! Alarm clips of the real program.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod common;

use std::process::Command;

use common::model::{noise, write_wav};
use common::place::Place;
use common::program::{firmware, output};
use common::voice;
use nix::sys::signal::Signal;

#[test]
fn the_seconds_around_an_alarm_are_kept_sample_by_sample_and_can_be_classified() {
    let place = Place::new("", 2, 4.0);
    let folder = place.path("clips");
    let config = "before_s = 2.0\nafter_s = 1.5\nreserve_mib = 0\n";
    let events = place.path("events");
    place.configure(&format!(
        "[alarm]\nstates = [\"on_state\"]\n[clips]\nfolder = {folder:?}\n{config}[events]\nfolder = {events:?}\n"
    ));
    let (code, text, stderr) = output(&mut place.run(&["--realtime", "--wav", place.wav().to_str().unwrap()]));
    assert_eq!(code, Some(0), "{stderr}");
    let clips: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [clip] = &clips[..] else { panic!("{clips:?} {stderr}") };
    let name = clip.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("000001_state_on_state_"), "{name}");
    // The player passes on 32-bit floats, so the clip has float samples, bit-exact with the recording.
    let bytes = std::fs::read(clip).unwrap();
    let clip_samples: Vec<f32> = bytes[monitor_model::wav::MAX_HEADER_LEN as usize..]
        .chunks_exact(4)
        .map(|four| f32::from_le_bytes(four.try_into().unwrap()))
        .collect();
    let played: Vec<f32> = noise(2, 4.0).iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
    let start = played.windows(1000).position(|window| window == &clip_samples[..1000]).unwrap();
    assert_eq!(clip_samples, played[start..start + clip_samples.len()]);
    let alarm = text.lines().find(|line| line.contains("\"kind\":\"alarm\"")).unwrap();
    let alarm: serde_json::Value = serde_json::from_str(alarm).unwrap();
    let raised_s = alarm["time_s"].as_f64().unwrap();
    // From 2 s before the alarm to 1.5 s after it, or to the end of the recording; a busy machine may report late.
    let (from_s, seconds) = (start as f64 / 48e3, clip_samples.len() as f64 / 48e3);
    assert!((2.0..=3.6).contains(&seconds), "{seconds}");
    assert!((from_s - (raised_s - 2.0)).abs() < 1.0, "{from_s} {raised_s}");
    // The event log names it.
    let logged = Command::new(firmware()).args(["events", "--csv", "--folder"]).arg(&events).output().unwrap();
    let table = String::from_utf8(logged.stdout).unwrap();
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    let column = |name| rows[0].iter().position(|column| *column == name).unwrap();
    let named: Vec<&Vec<&str>> = rows.iter().filter(|row| row[column("event")] == "clip").collect();
    assert_eq!((named.len(), named[0][column("clip")], named[0][column("cause")]), (1, name, "state"), "{table}");
    let checked = Command::new(firmware()).arg("check").arg("--model").arg(place.model()).arg(clip).output().unwrap();
    assert!(checked.status.success() && String::from_utf8_lossy(&checked.stdout).contains("on_state"), "{checked:?}");
}

#[test]
fn unwritable_clips_and_inputs_without_clips_do_not_affect_monitoring() {
    let place = Place::new("", 2, 3.0);
    let folder = place.path("clips");
    std::fs::write(&folder, "a file in the way").unwrap();
    place.configure(&format!("[alarm]\nstates = [\"on_state\"]\n[clips]\nfolder = {folder:?}\nafter_s = 1.0\n"));
    let program = place.run_on_stdin();
    program.wait("the error message", |program| {
        program.stderr().contains("clips") && program.stderr().contains("goes on")
    });
    program.signal(Signal::SIGTERM);
    assert!(program.end().0.success());
    let (code, text, stderr) = output(&mut place.run(&["--wav", place.wav().to_str().unwrap()]));
    assert!(code == Some(0) && stderr.contains("no sound to keep") && text.contains("\"alarm\""), "{stderr}");
}

#[test]
fn an_alarm_during_which_somebody_speaks_leaves_a_picture_unless_speech_is_kept() {
    let place = Place::new("", 2, 4.0);
    let mut samples = noise(2, 4.0);
    let half = samples.len() / 2;
    samples[half..].iter_mut().for_each(|sample| *sample /= 16);
    // Speech 20 dB above the machine that is loud then.
    let speech = voice::speech(half / 3).into_iter().flat_map(|sample| [sample; 3]);
    let rms = |samples: &[f32]| (samples.iter().map(|one| one * one).sum::<f32>() / samples.len() as f32).sqrt();
    let loud: Vec<f32> = samples[half..].iter().map(|sample| f32::from(*sample)).collect();
    let gain = 10.0 * rms(&loud) / rms(&voice::speech(half / 3));
    samples[half..]
        .iter_mut()
        .zip(speech)
        .for_each(|(sample, said)| *sample = (f32::from(*sample) + gain * said) as i16);
    write_wav(&place.wav(), &samples);
    for (privacy, kind) in [("", "png"), ("[privacy]\nspeech = \"keep\"\n", "wav")] {
        let (folder, events) = (place.path(kind), place.path(&format!("events_{kind}")));
        place.configure(&format!(
            "[alarm]\nstates = [\"on_state\"]\n[clips]\nfolder = {folder:?}\nbefore_s = 1.0\nafter_s = 2.5\nreserve_mib = 0\n\
             [events]\nfolder = {events:?}\n{privacy}"
        ));
        let (code, _, stderr) = output(&mut place.run(&["--realtime", "--wav", place.wav().to_str().unwrap()]));
        assert_eq!(code, Some(0), "{stderr}");
        let clips: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        let [clip] = &clips[..] else { panic!("{clips:?} {stderr}") };
        assert_eq!(clip.extension().unwrap(), kind);
        let begins: &[u8] = if kind == "png" { b"\x89PNG\r\n" } else { b"RIFF" };
        assert!(std::fs::read(clip).unwrap().starts_with(begins));
        let logged = Command::new(firmware()).args(["events", "--folder"]).arg(&events).output().unwrap();
        let text = String::from_utf8(logged.stdout).unwrap();
        assert_eq!(text.contains("detail sound withheld: speech, clip 000001_state_on_state"), kind == "png", "{text}");
    }
}
