use super::*;

/// Two samples: 0.5 and 0.25.
const DATA: [u8; 4] = [0, 0x40, 0, 0x20];
const SAMPLES: [f32; 2] = [0.5, 0.25];

fn parts() -> Parts {
    Parts::new(PCM, 2, 16, &DATA)
}

#[test]
fn an_odd_chunk_with_its_pad_byte_is_skipped() {
    let mut parts = parts();
    parts.before = b"LIST\x03\0\0\0abc\0".to_vec();
    assert_eq!(read("padded", &parts.bytes()).unwrap(), SAMPLES);
}

#[test]
fn an_odd_chunk_without_its_pad_byte_is_skipped() {
    let mut parts = parts();
    parts.before = b"LIST\x03\0\0\0abc".to_vec();
    assert_eq!(read("unpadded", &parts.bytes()).unwrap(), SAMPLES);
}

#[test]
fn chunks_after_the_samples_are_ignored() {
    let mut parts = parts();
    parts.after = b"LIST\x04\0\0\0abcd".to_vec();
    assert_eq!(read("after", &parts.bytes()).unwrap(), SAMPLES);
}

#[test]
fn an_unknown_length_reads_to_the_end() {
    for unknown in [0, u32::MAX] {
        for riff_len in [0, 36, u32::MAX] {
            let mut parts = parts();
            (parts.data_len, parts.riff_len) = (Some(unknown), Some(riff_len));
            assert_eq!(read("unknown", &parts.bytes()).unwrap(), SAMPLES, "{unknown} {riff_len}");
            assert_eq!(stream(&parts.bytes()).unwrap(), SAMPLES, "{unknown} {riff_len}");
        }
    }
}

#[test]
fn a_length_of_0_before_declared_chunks_means_no_samples() {
    let mut parts = parts();
    parts.data.clear();
    parts.after = b"LIST\x04\0\0\0abcd".to_vec();
    assert_eq!(read("empty_data", &parts.bytes()).unwrap(), []);
}

#[test]
fn a_length_of_0_in_a_file_of_full_length_reads_to_the_end() {
    // As a recorder leaves it that writes the length of the file first and was interrupted.
    let mut parts = Parts::new(PCM, 2, 16, &DATA.repeat(50));
    parts.data_len = Some(0);
    let bytes = parts.bytes();
    assert_eq!(read("zero", &bytes).unwrap(), SAMPLES.repeat(50));
    assert_eq!(stream(&bytes).unwrap(), SAMPLES.repeat(50));
    let reader = WavReader::examined(std::io::Cursor::new(&bytes), monitor_core::pcm::Channel::Average).unwrap();
    assert_eq!(reader.remarks(), [crate::wav::Remark::NoLength]);
}

#[test]
fn a_length_beyond_the_end_reads_to_the_end() {
    for declared in [6, 0x7fff_ff00, 0x8000_0000] {
        let mut parts = parts();
        parts.data_len = Some(declared);
        assert_eq!(read("beyond", &parts.bytes()).unwrap(), SAMPLES, "{declared}");
        assert_eq!(stream(&parts.bytes()).unwrap(), SAMPLES, "{declared}");
    }
}

#[test]
fn an_incomplete_frame_is_ignored() {
    let mut parts = parts();
    parts.data.push(7);
    assert_eq!(read("cut", &parts.bytes()).unwrap(), SAMPLES);
    parts.data_len = Some(5);
    assert_eq!(stream(&parts.bytes()).unwrap(), SAMPLES);
}
