use super::*;
use crate::wav::{Written, write};

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("wav_written_{}_{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn what_is_written_is_read_back_within_half_a_step() {
    let folder = folder("back");
    let path = folder.join("a.wav");
    let samples: Vec<f32> = (0..1000).map(|i| (i as f32 * 0.001) - 0.5).collect();
    let written = write(&path, 48_000, 1, |writer| samples.chunks(7).try_for_each(|chunk| writer.push(chunk))).unwrap();
    assert_eq!(written, Written { samples: 1000, clipped: 0 });
    let back = all(&mut WavReader::open(&path).unwrap()).unwrap();
    assert!(samples.iter().zip(&back).all(|(a, b)| (a - b).abs() <= 0.5 / 32_768.0));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn samples_beyond_full_scale_are_clipped_and_counted() {
    let folder = folder("clipped");
    let path = folder.join("a.wav");
    let written = write(&path, 48_000, 1, |writer| writer.push(&[2.0, -1.0, -2.0, f32::NAN])).unwrap();
    assert_eq!(written, Written { samples: 4, clipped: 3 });
    let back = all(&mut WavReader::open(&path).unwrap()).unwrap();
    assert_eq!(back, [32_767.0 / 32_768.0, -1.0, -1.0, 0.0]);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_recording_that_fails_leaves_no_file() {
    let folder = folder("failed");
    let failed = write(&folder.join("a.wav"), 48_000, 2, |writer| {
        writer.push_i16(&[1, 2])?;
        Err(std::io::Error::other("the device went away").into())
    });
    assert_eq!(failed.unwrap_err().to_string(), "the device went away");
    assert!(write(&folder.join("a.wav"), 48_000, 2, |writer| writer.push_i16(&[1, 2, 3])).is_err());
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_the_header_cannot_say_is_refused() {
    let path = std::env::temp_dir().join("never_written.wav");
    assert!(matches!(write(&path, 0, 1, |_| Ok(())), Err(Error::Rate(0))));
    assert!(matches!(write(&path, 48_000, 0, |_| Ok(())), Err(Error::BadFormat(_))));
    assert!(matches!(write(&path, 48_000, u16::MAX, |_| Ok(())), Err(Error::BadFormat(_))));
}
