use super::*;
use crate::wav::{Encoding, WavWriter, Written, write, write_as};
use std::io::Cursor;

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("wav_written_{}_{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn written_samples_are_read_back_within_half_a_step() {
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
fn values_that_the_header_cannot_represent_are_refused() {
    let path = std::env::temp_dir().join("never_written.wav");
    assert!(matches!(write(&path, 0, 1, |_| Ok(())), Err(Error::Rate(0))));
    assert!(matches!(write(&path, 48_000, 0, |_| Ok(())), Err(Error::BadFormat(_))));
    assert!(matches!(write(&path, 48_000, u16::MAX, |_| Ok(())), Err(Error::BadFormat(_))));
}

/// Encodes mono samples at 48 kHz in memory.
fn encode(encoding: Encoding, samples: &[f32]) -> (Vec<u8>, Written) {
    let mut file = Cursor::new(Vec::new());
    let mut writer = WavWriter::new(&mut file, encoding, 48_000, 1).unwrap();
    samples.chunks(3).for_each(|block| writer.push(block).unwrap());
    let written = writer.finish().unwrap();
    (file.into_inner(), written)
}

#[test]
fn a_16_bit_file_has_the_plain_44_byte_header() {
    let (bytes, _) = encode(Encoding::S16, &[0.0, 1.0 / 32_768.0, -1.0, 1.0]);
    assert_eq!(&bytes[..16], b"RIFF\x2c\0\0\0WAVEfmt ");
    assert_eq!(&bytes[16..36], b"\x10\0\0\0\x01\0\x01\0\x80\xbb\0\0\0\x77\x01\0\x02\0\x10\0");
    assert_eq!(&bytes[36..], b"data\x08\0\0\0\0\0\x01\0\0\x80\xff\x7f");
}

#[test]
fn no_header_is_longer_than_stated_and_its_lengths_are_right() {
    for encoding in [Encoding::S16, Encoding::S24, Encoding::S32, Encoding::F32] {
        let (bytes, _) = encode(encoding, &[0.5; 4]);
        let header = bytes.len() - 4 * usize::from(encoding.bytes());
        assert!(header as u64 <= crate::wav::MAX_HEADER_LEN, "{encoding:?}");
        assert_eq!(bytes[4..8], (bytes.len() as u32 - 8).to_le_bytes(), "{encoding:?}");
        assert_eq!(bytes[header - 4..header], (4 * u32::from(encoding.bytes())).to_le_bytes(), "{encoding:?}");
    }
}

#[test]
fn every_encoding_is_read_back_bit_for_bit_where_it_can_represent_the_sample() {
    let step = |bits: i32| 0.5_f32.powi(bits);
    for (encoding, samples) in [
        (Encoding::S16, [0.5, -1.0, 3.0 * step(15)]),
        (Encoding::S24, [0.5, -1.0, 3.0 * step(23)]),
        (Encoding::S32, [0.5, -1.0, 3.0 * step(31)]),
        (Encoding::F32, [0.1, -0.7, 1e-7]),
    ] {
        let (bytes, written) = encode(encoding, &samples);
        assert_eq!(written, Written { samples: 3, clipped: 0 });
        assert_eq!(stream(&bytes).unwrap(), samples, "{encoding:?}");
    }
}

#[test]
fn every_16_bit_sample_is_exact_in_every_encoding() {
    let integers: Vec<i16> = (i16::MIN..=i16::MAX).collect();
    let expected: Vec<f32> = integers.iter().map(|&sample| f32::from(sample) / 32_768.0).collect();
    for encoding in [Encoding::S16, Encoding::S24, Encoding::S32, Encoding::F32] {
        let mut file = Cursor::new(Vec::new());
        let mut writer = WavWriter::new(&mut file, encoding, 48_000, 1).unwrap();
        writer.push_i16(&integers).unwrap();
        writer.finish().unwrap();
        assert_eq!(stream(&file.into_inner()).unwrap(), expected, "{encoding:?}");
        assert_eq!(stream(&encode(encoding, &expected).0).unwrap(), expected, "{encoding:?}");
    }
}

#[test]
fn integer_encodings_clip_and_floats_do_not() {
    for encoding in [Encoding::S16, Encoding::S24, Encoding::S32] {
        let (bytes, written) = encode(encoding, &[2.0, -2.0, f32::NAN, -1.0]);
        assert_eq!(written, Written { samples: 4, clipped: 3 }, "{encoding:?}");
        let read = stream(&bytes).unwrap();
        assert!(read[0] > 0.999 && read[1..] == [-1.0, 0.0, -1.0], "{encoding:?}: {read:?}");
    }
    let (bytes, written) = encode(Encoding::F32, &[2.0, -2.0]);
    assert_eq!((stream(&bytes).unwrap(), written.clipped), (vec![2.0, -2.0], 0));
}

#[test]
fn a_file_of_floats_is_written_atomically() {
    let folder = folder("floats");
    let path = folder.join("a.wav");
    let failed = write_as(&path, Encoding::F32, 48_000, 1, |_| Err(std::io::Error::other("full").into()));
    assert!(failed.is_err() && !path.exists());
    write_as(&path, Encoding::F32, 48_000, 1, |writer| writer.push(&[0.1])).unwrap();
    assert_eq!(all(&mut WavReader::open(&path).unwrap()).unwrap(), [0.1]);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_file_that_cannot_be_created_is_the_error_of_the_system() {
    let folder = folder("blocked");
    std::fs::write(folder.join("file"), "").unwrap();
    let error = write(&folder.join("file/a.wav"), 16_000, 1, |writer| writer.push(&[0.0])).unwrap_err();
    assert!(matches!(error, super::super::Error::Io(_)), "{error}");
    std::fs::remove_dir_all(folder).unwrap();
}
