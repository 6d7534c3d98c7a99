//! AIFF and CAF files built byte by byte: every form of plain samples, truncated and interrupted ones, damaged headers.
#![allow(clippy::unwrap_used, reason = "a test")]

use monitor_recording::{Error, RecordingReader};

fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut chunk = [&name[..], &(content.len() as u32).to_be_bytes(), content].concat();
    chunk.resize(chunk.len().next_multiple_of(2), 0);
    chunk
}

/// The 80-bit float of 8000 and of 44,100.
const RATE_8000: [u8; 10] = [0x40, 0x0b, 0xfa, 0, 0, 0, 0, 0, 0, 0];
const RATE_44100: [u8; 10] = [0x40, 0x0e, 0xac, 0x44, 0, 0, 0, 0, 0, 0];

/// An AIFF file of `frames` frames of 1 channel by its header; AIFF-C where there is a `kind`.
fn aiff(frames: u32, bits: u16, kind: Option<&[u8; 4]>, data: &[u8]) -> Vec<u8> {
    let mut common = [&1_u16.to_be_bytes()[..], &frames.to_be_bytes(), &bits.to_be_bytes(), &RATE_8000].concat();
    common.extend(kind.iter().flat_map(|kind| [&kind[..], &[0, 0]].concat()));
    let body = [chunk(b"COMM", &common), chunk(b"SSND", &[&[0; 8], data].concat())].concat();
    let form = if kind.is_some() { b"AIFC" } else { b"AIFF" };
    [&b"FORM"[..], &(body.len() as u32 + 4).to_be_bytes(), form, &body].concat()
}

/// A CAF file of 1 channel at 8 kHz.
fn caf(flags: u32, bytes: u32, bits: u32, data_len: i64, data: &[u8]) -> Vec<u8> {
    let words = [flags, bytes, 1, 1, bits].map(u32::to_be_bytes).concat();
    let desc = [&8000_f64.to_be_bytes()[..], b"lpcm", &words].concat();
    [&b"caff\0\x01\0\0desc"[..], &32_i64.to_be_bytes(), &desc, b"data", &data_len.to_be_bytes(), &[0; 4], data].concat()
}

/// The samples, and the kinds of the remarks.
fn read(bytes: &[u8]) -> (Vec<f32>, Vec<&'static str>) {
    let mut reader = RecordingReader::from_bytes(bytes).unwrap();
    let mut samples = vec![0.0; reader.frames() as usize + 10];
    let read = reader.read(&mut samples).unwrap();
    assert_eq!(read as u64, reader.frames(), "the announced length is the length read");
    samples.truncate(read);
    (samples, reader.remarks().iter().map(|remark| remark.kind).collect())
}

/// Samples that every form holds exactly.
const SAMPLES: [f32; 6] = [0.0, 0.5, -0.5, 0.25, -1.0, 0.75];

/// The samples as integers of `bytes` bytes, the highest first.
fn integers(bytes: usize) -> Vec<u8> {
    SAMPLES.iter().flat_map(|sample| ((sample * 2_147_483_648.0) as i32).to_be_bytes()[..bytes].to_vec()).collect()
}

fn swapped(data: &[u8], bytes: usize) -> Vec<u8> {
    data.chunks(bytes).flat_map(|sample| sample.iter().rev().copied().collect::<Vec<_>>()).collect()
}

#[test]
fn every_form_of_plain_samples_is_read() {
    let unsigned: Vec<u8> = integers(1).iter().map(|byte| byte ^ 0x80).collect();
    let doubles: Vec<u8> = SAMPLES.iter().flat_map(|sample| f64::from(*sample).to_be_bytes()).collect();
    let singles: Vec<u8> = SAMPLES.iter().flat_map(|sample| sample.to_be_bytes()).collect();
    for (what, bytes) in [
        ("8 bits", aiff(6, 8, None, &integers(1))),
        ("12 bits in 2 bytes", aiff(6, 12, None, &integers(2))),
        ("16 bits", aiff(6, 16, None, &integers(2))),
        ("24 bits", aiff(6, 24, Some(b"in24"), &integers(3))),
        ("32 bits", aiff(6, 32, Some(b"NONE"), &integers(4))),
        ("sowt", aiff(6, 16, Some(b"sowt"), &swapped(&integers(2), 2))),
        ("raw", aiff(6, 8, Some(b"raw "), &unsigned)),
        ("fl32", aiff(6, 32, Some(b"fl32"), &singles)),
        ("FL64", aiff(6, 64, Some(b"FL64"), &doubles)),
        ("CAF 8 bits", caf(0, 1, 8, 10, &integers(1))),
        ("CAF 16 bits", caf(0, 2, 16, 16, &integers(2))),
        ("CAF 24 bits, little", caf(2, 3, 24, 22, &swapped(&integers(3), 3))),
        ("CAF float", caf(1, 4, 32, 28, &singles)),
        ("CAF double, little", caf(3, 8, 64, 52, &swapped(&doubles, 8))),
    ] {
        assert_eq!(read(&bytes), (SAMPLES.to_vec(), vec![]), "{what}");
    }
}

#[test]
fn truncated_and_interrupted_files_are_read_to_the_end_and_remarked() {
    let whole = aiff(6, 16, None, &integers(2));
    let cut = &whole[..whole.len() - 5];
    assert_eq!(read(cut), (SAMPLES[..3].to_vec(), vec!["truncated"]));
    let whole = caf(0, 2, 16, 16, &integers(2));
    assert_eq!(read(&whole[..whole.len() - 5]), (SAMPLES[..3].to_vec(), vec!["truncated"]));
    // An interrupted recorder has not written the number of frames, the length of the samples, or neither.
    let mut no_length = aiff(6, 16, None, &integers(2));
    let at = no_length.windows(4).position(|name| name == b"SSND").unwrap() + 4;
    no_length[at..at + 4].fill(0);
    assert_eq!(read(&no_length), (SAMPLES.to_vec(), vec![]));
    assert_eq!(read(&aiff(0, 16, None, &integers(2))), (SAMPLES.to_vec(), vec![]));
    no_length[22..26].fill(0);
    assert_eq!(read(&no_length), (SAMPLES.to_vec(), vec!["no length in the header"]));
    assert_eq!(read(&caf(0, 2, 16, -1, &integers(2))), (SAMPLES.to_vec(), vec!["no length in the header"]));
    // What follows the samples is none of them.
    let mut more = aiff(6, 16, None, &integers(2));
    more.extend(chunk(b"ANNO", &[b'x'; 400]));
    assert_eq!(read(&more), (SAMPLES.to_vec(), vec![]));
}

#[test]
fn rates_and_contradictions_are_refused_with_the_remedy() {
    let rate = |rate: [u8; 10]| {
        let mut file = aiff(6, 16, None, &integers(2));
        file[28..38].copy_from_slice(&rate);
        RecordingReader::from_bytes(&file)
    };
    assert_eq!(rate(RATE_44100).unwrap().rate_hz(), 44_100);
    for (bytes, what) in [([0; 10], "0 Hz"), ([0x40, 0x08, 0xfa, 0, 0, 0, 0, 0, 0, 0], "1000 Hz")] {
        let error = rate(bytes).unwrap_err().to_string();
        assert!(error.contains(what) && error.contains("ffmpeg"), "{error}");
    }
    assert!(rate([0x7f, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0]).is_err());
    let mut no_channel = aiff(6, 16, None, &integers(2));
    no_channel[20..22].fill(0);
    for bytes in
        [no_channel, aiff(6, 16, Some(b"ima4"), &[0; 34]), aiff(6, 0, None, &[0; 4]), caf(1, 2, 16, 16, &[0; 12])]
    {
        let error = RecordingReader::from_bytes(&bytes).unwrap_err();
        assert!(matches!(error, Error::Undecodable { .. }) && error.to_string().contains("ffmpeg"), "{error}");
    }
}

#[test]
fn compressed_caf_files_of_contradicting_sizes_are_refused() {
    let packets = |table: &[u8], number: i64| {
        let words = |words: &[u32]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<_>>();
        let desc = [&8000_f64.to_be_bytes()[..], b"alac", &words(&[0, 0, 4096, 1, 0])].concat();
        let pakt = [&number.to_be_bytes()[..], &4096_i64.to_be_bytes(), &words(&[0, 0]), table].concat();
        let chunk =
            |name: &[u8; 4], content: &[u8]| [&name[..], &(content.len() as i64).to_be_bytes(), content].concat();
        let chunks = [chunk(b"desc", &desc), chunk(b"pakt", &pakt), chunk(b"data", &[0; 100])].concat();
        [&b"caff\0\x01\0\0"[..], &chunks].concat()
    };
    // Sizes of 2^62 bytes, and two that overflow together; more packets than the table holds.
    for (table, number) in [
        (&[0xc0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0][..], 1),
        (&[0x8f, 0xff, 0xff, 0xff, 0x7f, 0x8f, 0xff, 0xff, 0xff, 0x7f], 2),
        (&[4], i64::MAX),
        (&[4], -1),
    ] {
        let error = RecordingReader::from_bytes(&packets(table, number)).unwrap_err().to_string();
        assert!(error.contains("contradict") && error.contains("ffmpeg"), "{error}");
    }
}
