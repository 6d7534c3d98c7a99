//! Files whose samples or length contradict their header: read right, or as the header states with a remark.

use super::*;
use crate::wav::Remark;
use monitor_core::pcm::Channel;
use std::io::Cursor;

/// The samples and the remarks of a file.
fn examined(parts: &Parts) -> (Vec<f32>, Vec<Remark>) {
    let file = parts.bytes();
    let mut reader = WavReader::examined(Cursor::new(&file[..]), Channel::Average).unwrap();
    let samples = all(&mut reader).unwrap();
    assert_eq!(reader.frames(), Some(samples.len() as u64));
    (samples, reader.remarks().to_vec())
}

/// 24-bit samples as bytes in 4: `place` makes the 32 bits of each.
fn four_bytes(place: impl Fn(i32) -> i32) -> Vec<u8> {
    (0..4000).map(|at| (at * 7919 % 8_000_001) - 4_000_000).flat_map(|sample| place(sample).to_le_bytes()).collect()
}

fn expected() -> Vec<f32> {
    (0..4000).map(|at| ((at * 7919 % 8_000_001) - 4_000_000) as f32 / 8_388_608.0).collect()
}

#[test]
fn plain_32_bits_over_24_in_the_low_end_are_read_as_stated_with_the_remedy() {
    let (samples, remarks) = examined(&Parts::new(PCM, 4, 32, &four_bytes(|sample| sample)));
    assert!(samples.iter().zip(expected()).all(|(read, real)| *read == real / 256.0));
    assert!(matches!(remarks[..], [Remark::PerhapsLowBits { bits: 24, .. }]), "{remarks:?}");
    let text = remarks[0].to_string();
    assert!(text.contains("48 dB too quiet") && text.contains("sox -v 256"), "{text}");
}

#[test]
fn integers_of_16_bits_in_4_bytes_are_96_db_too_quiet() {
    let (_, remarks) = examined(&Parts::new(PCM, 4, 32, &four_bytes(|sample| sample >> 8)));
    assert!(remarks[0].to_string().contains("96 dB too quiet"), "{remarks:?}");
}

#[test]
fn valid_bits_that_contradict_their_place_decide() {
    let (samples, remarks) = examined(&Parts::new(PCM, 4, 32, &four_bytes(|sample| sample)).extensible(24));
    assert_eq!((samples, remarks), (expected(), vec![Remark::LowBits { bits: 24 }]));
    let (samples, remarks) = examined(&Parts::new(PCM, 4, 32, &four_bytes(|sample| sample >> 8)).extensible(16));
    let rounded: Vec<f32> = expected().iter().map(|sample| (sample * 32_768.0).floor() / 32_768.0).collect();
    assert_eq!((samples, remarks), (rounded, vec![Remark::LowBits { bits: 16 }]));
}

#[test]
fn an_upper_byte_of_zero_under_negative_samples_is_not_used() {
    let (samples, remarks) = examined(&Parts::new(PCM, 4, 32, &four_bytes(|sample| sample & 0xff_ffff)));
    assert_eq!((samples, remarks), (expected(), vec![Remark::LowBits { bits: 24 }]));
}

#[test]
fn samples_in_the_high_end_are_read_there_whatever_the_header_states() {
    for parts in [
        Parts::new(PCM, 4, 32, &four_bytes(|sample| sample << 8)),
        Parts::new(PCM, 4, 32, &four_bytes(|sample| sample << 8)).extensible(24),
    ] {
        assert_eq!(examined(&parts), (expected(), vec![]));
    }
    let parts = Parts::new(PCM, 4, 24, &four_bytes(|sample| sample << 8));
    assert_eq!(examined(&parts), (expected(), vec![Remark::HighBits]));
    assert_eq!(examined(&Parts::new(PCM, 4, 24, &four_bytes(|sample| sample))), (expected(), vec![]));
}

#[test]
fn quiet_sound_of_a_24_bit_device_in_the_high_end_is_no_remark() {
    let parts = Parts::new(PCM, 4, 32, &four_bytes(|sample| sample >> 8 << 8));
    assert_eq!(examined(&parts).1, []);
    assert_eq!(examined(&Parts::new(PCM, 4, 32, &[0; 400])).1, [], "silence");
}

fn floats(values: impl Iterator<Item = f32>) -> Parts {
    Parts::new(FLOAT, 4, 32, &values.flat_map(f32::to_le_bytes).collect::<Vec<_>>())
}

#[test]
fn floats_in_integer_units_are_scaled() {
    for full_scale in [32_768.0, 8_388_608.0, 2_147_483_648.0_f32] {
        let (samples, remarks) = examined(&floats(expected().into_iter().map(|sample| sample * full_scale)));
        assert_eq!((samples, remarks), (expected(), vec![Remark::IntegerUnits { full_scale }]));
        let doubles = expected().into_iter().flat_map(|sample| f64::from(sample * full_scale).to_le_bytes());
        let (samples, _) = examined(&Parts::new(FLOAT, 8, 64, &doubles.collect::<Vec<_>>()));
        assert_eq!(samples, expected());
    }
}

#[test]
fn loud_floats_and_single_outliers_are_not_scaled() {
    let loud = || expected().into_iter().map(|sample| 7.0 * sample);
    assert_eq!(examined(&floats(loud())), (loud().collect(), vec![]));
    let outlier = || expected().into_iter().chain([1e6]);
    assert_eq!(examined(&floats(outlier())), (outlier().collect(), vec![]));
    // An outlier beyond 16 bits does not make 24 bits of 16.
    let units = expected().into_iter().map(|sample| sample * 32_768.0).chain([1e6]);
    assert_eq!(examined(&floats(units)).1, [Remark::IntegerUnits { full_scale: 32_768.0 }]);
}

#[test]
fn samples_that_are_no_numbers_are_counted_and_many_are_refused() {
    let some = |bad: usize, value: f32| {
        floats(expected().into_iter().enumerate().map(move |(at, sample)| if at < bad { value } else { sample }))
    };
    for value in [f32::NAN, f32::INFINITY, 1e30] {
        let (samples, remarks) = examined(&some(40, value));
        assert!(samples[..40].iter().all(|sample| *sample == 0.0) && samples[40..] == expected()[40..]);
        assert_eq!(remarks, [Remark::NotNumbers { samples: 40, share: 0.01 }]);
        let file = some(4000, value).bytes();
        let error = WavReader::examined(Cursor::new(&file[..]), Channel::Average).unwrap_err();
        assert!(error.to_string().starts_with("100 % of the samples"), "{error}");
    }
}

#[test]
fn lengths_that_contradict_the_file_are_remarked() {
    let parts = |len: u32| {
        let mut parts = Parts::new(PCM, 2, 16, &[0x11; 96_000]);
        (parts.data_len, parts.riff_len) = (Some(len), Some(len.saturating_add(36)));
        parts
    };
    let read = |len: u32| examined(&parts(len));
    assert_eq!(read(96_000).1, []);
    for unknown in [0, u32::MAX] {
        assert_eq!((read(unknown).0.len(), read(unknown).1), (48_000, vec![Remark::NoLength]));
    }
    assert_eq!(
        (read(192_000).0.len(), read(192_000).1),
        (48_000, vec![Remark::Truncated { declared_s: 2.0, found_s: 1.0 }])
    );
    assert_eq!(read(48_000).0.len(), 24_000);
    assert_eq!(read(48_000).1, [Remark::MoreAfterEnd { declared_s: 0.5, after_s: 0.5 }]);
}

#[test]
fn tags_and_zeros_after_the_samples_are_no_remark() {
    for after in [&[0; 200][..], &[b"TAG", &[1; 125][..]].concat(), b"LIST\x04\0\0\0abcd"] {
        let mut parts = Parts::new(PCM, 2, 16, &[1; 100]);
        parts.after = after.to_vec();
        assert_eq!((examined(&parts).0.len(), examined(&parts).1), (50, vec![]), "{after:?}");
    }
}

#[test]
fn further_data_chunks_are_read_and_a_second_file_is_not() {
    let mut parts = Parts::new(PCM, 2, 16, &[0, 0x40, 9]);
    parts.after = b"\0LIST\x03\0\0\0abc\0data\x04\0\0\0\0\x20\0\x10".to_vec();
    let (samples, remarks) = examined(&parts);
    assert_eq!(samples, [0.5, 0.25, 0.125]);
    assert!(matches!(remarks[..], [Remark::MoreData { chunks: 1, .. }]), "{remarks:?}");
    let file = parts.bytes();
    let mut reader = WavReader::examined(Cursor::new(&file[..]), Channel::Average).unwrap();
    reader.skip(2).unwrap();
    assert_eq!(all(&mut reader).unwrap(), [0.125]);

    let mut parts = Parts::new(PCM, 2, 16, &[0, 0x40]);
    parts.after = Parts::new(PCM, 2, 16, &[0, 0x20]).bytes();
    assert_eq!(examined(&parts), (vec![0.5], vec![Remark::SecondFile]));
}

#[test]
fn all_channels_are_read_interleaved() {
    let mut parts = Parts::new(PCM, 2, 16, &[0, 0x40, 0, 0, 0, 0x40, 0, 0x20]);
    parts.channels = 2;
    let file = parts.bytes();
    let mut reader = WavReader::new(&file[..]).unwrap();
    let mut out = [9.0; 5];
    assert_eq!((reader.read_all_channels(&mut out).unwrap(), out), (2, [0.5, 0.0, 0.5, 0.25, 9.0]));
}
