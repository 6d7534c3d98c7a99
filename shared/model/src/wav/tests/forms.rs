use super::*;
use monitor_core::pcm::Channel;

#[test]
fn unsigned_8_bit_is_read() {
    let file = Parts::new(PCM, 1, 8, &[0, 128, 192, 255]).bytes();
    assert_eq!(read("u8", &file).unwrap(), [-1.0, 0.0, 0.5, 127.0 / 128.0]);
}

#[test]
fn a_long_8_bit_stereo_file_is_read_across_buffers() {
    let mut parts = Parts::new(PCM, 1, 8, &[64, 192].repeat(100_000));
    parts.channels = 2;
    let samples = read("u8_long", &parts.bytes()).unwrap();
    assert_eq!(samples.len(), 100_000);
    assert!(samples.iter().all(|&sample| sample == 0.0));
}

#[test]
fn integers_of_16_24_and_32_bits_are_read() {
    assert_eq!(read("s16", &Parts::new(PCM, 2, 16, &[0, 0x40, 0, 0x80]).bytes()).unwrap(), [0.5, -1.0]);
    assert_eq!(read("s24", &Parts::new(PCM, 3, 24, &[0, 0, 0x40, 0, 0, 0x80]).bytes()).unwrap(), [0.5, -1.0]);
    assert_eq!(read("s32", &Parts::new(PCM, 4, 32, &[0, 0, 0, 0x40, 0, 0, 0, 0x80]).bytes()).unwrap(), [0.5, -1.0]);
}

#[test]
fn float_of_32_bits_is_read_and_invalid_samples_become_zero() {
    let data: Vec<u8> = [0.25_f32, f32::NAN, -1.5].iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let file = Parts::new(FLOAT, 4, 32, &data).bytes();
    assert_eq!(read("f32", &file).unwrap(), [0.25, 0.0, -1.5]);
    let mut reader = WavReader::new(&file[..]).unwrap();
    all(&mut reader).unwrap();
    assert_eq!(reader.replaced(), 1);
}

#[test]
fn extensible_files_are_read_as_their_sub_format() {
    let data = 0.25_f32.to_le_bytes();
    assert_eq!(read("ext_f32", &Parts::new(FLOAT, 4, 32, &data).extensible(32).bytes()).unwrap(), [0.25]);
    assert_eq!(read("ext_s16", &Parts::new(PCM, 2, 16, &[0, 0x40]).extensible(16).bytes()).unwrap(), [0.5]);
    assert_eq!(read("ext_s24", &Parts::new(PCM, 3, 24, &[0, 0, 0x40]).extensible(24).bytes()).unwrap(), [0.5]);
}

#[test]
fn extensible_24_in_32_bits_lies_in_the_high_bytes() {
    let file = Parts::new(PCM, 4, 32, &[0, 0, 0, 0x40, 0, 0, 0, 0xc0]).extensible(24).bytes();
    assert_eq!(read("ext_24_in_32", &file).unwrap(), [0.5, -0.5]);
}

#[test]
fn arecords_24_in_32_bits_lies_in_the_low_bytes() {
    let file = Parts::new(PCM, 4, 24, &[0, 0, 0x40, 0, 0, 0, 0xc0, 0xff]).bytes();
    assert_eq!(read("arecord_24_in_32", &file).unwrap(), [0.5, -0.5]);
}

#[test]
fn odd_bit_counts_fill_their_container_from_the_top() {
    assert_eq!(read("s12", &Parts::new(PCM, 2, 12, &[0, 0x40]).bytes()).unwrap(), [0.5]);
    assert_eq!(read("s20", &Parts::new(PCM, 3, 20, &[0, 0, 0x40]).bytes()).unwrap(), [0.5]);
}

#[test]
fn several_channels_are_averaged_or_one_is_picked() {
    let mut parts = Parts::new(PCM, 2, 16, &[0, 0x40, 0, 0, 0, 0x40, 0, 0x20]);
    parts.channels = 2;
    let file = parts.bytes();
    assert_eq!(read("stereo", &file).unwrap(), [0.25, 0.375]);
    let path = store("picked", &file);
    let picked = all(&mut WavReader::open_channel(&path, Channel::Pick(1)).unwrap()).unwrap();
    assert_eq!(picked, [0.0, 0.25]);
    assert!(matches!(WavReader::open_channel(&path, Channel::Pick(2)), Err(Error::Channel(_))));
    std::fs::remove_file(path).unwrap();
}

#[test]
fn every_rate_from_8_to_384_khz_is_read() {
    for rate in [8_000, 11_025, 16_000, 44_100, 48_000, 96_000, 192_000, 384_000] {
        let mut parts = Parts::new(PCM, 2, 16, &[0; 20]);
        parts.rate = rate;
        assert_eq!(WavReader::new(&parts.bytes()[..]).unwrap().rate_hz(), rate);
    }
}

#[test]
fn a_wrong_byte_rate_does_not_matter() {
    let mut file = Parts::new(PCM, 2, 16, &[0, 0x40]).bytes();
    file[28..32].copy_from_slice(&[1, 2, 3, 4]);
    assert_eq!(stream(&file).unwrap(), [0.5]);
}

#[test]
fn files_that_hound_reads_correctly_give_the_same_samples() {
    for (bits, kind) in [
        (8, hound::SampleFormat::Int),
        (16, hound::SampleFormat::Int),
        (24, hound::SampleFormat::Int),
        (32, hound::SampleFormat::Int),
        (32, hound::SampleFormat::Float),
    ] {
        let spec = hound::WavSpec { channels: 1, sample_rate: 44_100, bits_per_sample: bits, sample_format: kind };
        let mut file = std::io::Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut file, spec).unwrap();
        let full = (1_i64 << (bits - 1)) as f32;
        for step in -64..64_i32 {
            match kind {
                hound::SampleFormat::Int => writer.write_sample(step << (bits - 8)).unwrap(),
                hound::SampleFormat::Float => writer.write_sample(step as f32 / 64.0).unwrap(),
            }
        }
        writer.finalize().unwrap();
        let file = file.into_inner();
        let mut reader = hound::WavReader::new(&file[..]).unwrap();
        let expected: Vec<f32> = match kind {
            hound::SampleFormat::Int => reader.samples::<i32>().map(|sample| sample.unwrap() as f32 / full).collect(),
            hound::SampleFormat::Float => reader.samples::<f32>().map(Result::unwrap).collect(),
        };
        assert_eq!(stream(&file).unwrap(), expected, "{bits} bits {kind:?}");
    }
}

#[test]
fn a_part_is_read_by_skipping_what_is_before() {
    let data: Vec<u8> = (0..1000_i16).flat_map(i16::to_le_bytes).collect();
    let path = store("part", &Parts::new(PCM, 2, 16, &data).bytes());
    let mut reader = WavReader::open(&path).unwrap();
    let mut one = [0.0];
    reader.read(&mut one).unwrap();
    reader.skip(499).unwrap();
    reader.read(&mut one).unwrap();
    assert_eq!(one, [500.0 / 32_768.0]);
    reader.skip(u64::MAX).unwrap();
    assert_eq!(reader.read(&mut one).unwrap(), 0);
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_wrong_number_of_bytes_in_a_frame_is_corrected_by_bits_and_byte_rate() {
    let (samples, data) = ([0.5, 0.25, -0.5, 0.125], [0, 0x40, 0, 0x20, 0, 0xc0, 0, 0x10]);
    let file = Parts::new(PCM, 2, 16, &data).bytes();
    let at = file.windows(4).position(|name| name == b"fmt ").unwrap() + 8 + 12;
    for wrong in [1_u8, 4, 8] {
        let mut file = file.clone();
        file[at] = wrong;
        assert_eq!(read("frame", &file).unwrap(), samples, "{wrong}");
    }
    // 16 bits in the high end of 4 bytes, with the byte rate of 4: as it is stated.
    let wide: Vec<u8> = data.chunks(2).flat_map(|sample| [0, 0, sample[0], sample[1]]).collect();
    assert_eq!(read("wide", &Parts::new(PCM, 4, 16, &wide).bytes()).unwrap(), samples);
}
