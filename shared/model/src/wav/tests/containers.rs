//! RIFX, RF64 and Wave64, and the codings that sound devices do not have.

use super::*;

const SAMPLES: [f32; 3] = [0.5, -0.25, 0.125];

fn doubles(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

#[test]
fn doubles_are_read_and_those_beyond_f32_become_zero() {
    let file = Parts::new(FLOAT, 8, 64, &doubles(&[0.5, -0.25, 0.125])).bytes();
    assert_eq!(read("f64", &file).unwrap(), SAMPLES);
    assert_eq!(
        stream(&Parts::new(FLOAT, 8, 64, &doubles(&[0.5, -0.25])).extensible(64).bytes()).unwrap(),
        SAMPLES[..2]
    );
    let file = Parts::new(FLOAT, 8, 64, &doubles(&[1e300, f64::NAN, 0.5, 0.25, 0.1])).bytes();
    let mut reader = WavReader::new(&file[..]).unwrap();
    assert_eq!((all(&mut reader).unwrap(), reader.replaced()), (vec![0.0, 0.0, 0.5, 0.25, 0.1], 2));
}

#[test]
fn a_long_file_of_doubles_is_read_across_buffers() {
    let values: Vec<f64> = (0..50_000).map(|n| f64::from(n) / 65_536.0).collect();
    let mut parts = Parts::new(FLOAT, 8, 64, &doubles(&values));
    parts.channels = 2;
    let samples = read("f64_long", &parts.bytes()).unwrap();
    assert_eq!((samples.len(), samples[24_999]), (25_000, 49_998.5 / 65_536.0));
}

#[test]
fn companded_samples_are_read() {
    // Codes of G.711 for the largest values and for silence, whatever the header states as bits.
    for bits in [0, 8, 16] {
        let a_law = stream(&Parts::new(6, 1, bits, &[0xaa, 0x2a, 0xd5]).bytes()).unwrap();
        assert_eq!(a_law, [32_256.0 / 32_768.0, -32_256.0 / 32_768.0, 8.0 / 32_768.0]);
        let mu_law = stream(&Parts::new(7, 1, bits, &[0x80, 0x00, 0xff]).bytes()).unwrap();
        assert_eq!(mu_law, [32_124.0 / 32_768.0, -32_124.0 / 32_768.0, 0.0]);
    }
}

#[test]
fn big_endian_files_are_read() {
    let chunk = |id: &[u8], content: &[u8]| [id, &(content.len() as u32).to_be_bytes(), content].concat();
    let fmt = [&[0, 1, 0, 1][..], &48_000_u32.to_be_bytes(), &96_000_u32.to_be_bytes(), &[0, 2, 0, 16]].concat();
    let data: Vec<u8> = [16_384_i16, -8192, 4096].iter().flat_map(|sample| sample.to_be_bytes()).collect();
    let body = [&b"WAVE"[..], &chunk(b"fmt ", &fmt), &chunk(b"data", &data)].concat();
    assert_eq!(read("rifx", &chunk(b"RIFX", &body)).unwrap(), SAMPLES);
}

fn s16() -> Vec<u8> {
    [16_384_i16, -8192, 4096].iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

#[test]
fn rf64_files_have_their_length_in_ds64() {
    for magic in [b"RF64", b"BW64"] {
        let mut parts = Parts::new(PCM, 2, 16, &s16());
        let ds64 = [&[0; 8][..], &6_u64.to_le_bytes(), &3_u64.to_le_bytes(), &[0; 4]].concat();
        parts.before = [&b"ds64\x1c\0\0\0"[..], &ds64].concat();
        (parts.data_len, parts.riff_len) = (Some(u32::MAX), Some(u32::MAX));
        parts.after = b"LIST\x04\0\0\0abcd".to_vec();
        let mut file = parts.bytes();
        file[..4].copy_from_slice(magic);
        assert_eq!(read("rf64", &file).unwrap(), SAMPLES);
        assert_eq!(stream(&file).unwrap(), SAMPLES);
    }
}

#[test]
fn wave64_files_are_read_with_their_padding() {
    let tail = [0xf3, 0xac, 0xd3, 0x11, 0x8c, 0xd1, 0, 0xc0, 0x4f, 0x8e, 0xdb, 0x8a];
    let chunk = |id: &[u8], content: &[u8]| {
        let mut bytes = [id, &tail, &(content.len() as u64 + 24).to_le_bytes(), content].concat();
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes
    };
    let fmt = [&[1, 0, 1, 0][..], &48_000_u32.to_le_bytes(), &96_000_u32.to_le_bytes(), &[2, 0, 16, 0]].concat();
    let riff = [0x72, 0x69, 0x66, 0x66, 0x2e, 0x91, 0xcf, 0x11, 0xa5, 0xd6, 0x28, 0xdb, 0x04, 0xc1, 0, 0];
    let file =
        [&riff[..], &[0; 8], b"wave", &tail, &chunk(b"junk", &[7; 5]), &chunk(b"fmt ", &fmt), &chunk(b"data", &s16())];
    assert_eq!(read("w64", &file.concat()).unwrap(), SAMPLES);
}

/// An ID3 tag of version 2.4 with `len` bytes of content, and a footer as `flags` say.
fn id3(flags: u8, len: u8) -> Vec<u8> {
    [&b"ID3\x04\0"[..], &[flags, 0, 0, len >> 7, len & 0x7f], &vec![b'x'; usize::from(len)]].concat()
}

#[test]
fn a_file_behind_an_id3_tag_is_read_as_without_it() {
    let data: Vec<u8> = [16_384_i16, -8192, 4096].iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let mut parts = Parts::new(PCM, 2, 16, &data);
    // A chunk of odd length, whose padding counts from the start of the WAV file, and a second chunk of samples.
    parts.after = [&b"note\x01\0\0\0n\0data\x02\0\0\0"[..], &data[..2]].concat();
    let plain = parts.bytes();
    let expected = [&SAMPLES[..], &SAMPLES[..1]].concat();
    assert_eq!(read("plain", &plain).unwrap(), expected);
    for tag in [id3(0, 0), id3(0, 1), id3(0, 201), [id3(0x10, 8), b"3DI\x04\0\x10\0\0\0\x08".to_vec()].concat()] {
        let file = [tag, plain.clone()].concat();
        assert_eq!(read("id3", &file).unwrap(), expected, "{}", file.len() - plain.len());
        assert_eq!(stream(&file).unwrap(), SAMPLES);
    }
    // Lengths that the header leaves open.
    (parts.data_len, parts.riff_len) = (Some(0), Some(0));
    parts.after.clear();
    assert_eq!(read("id3_open", &[id3(0, 33), parts.bytes()].concat()).unwrap(), SAMPLES);
}

#[test]
fn what_else_stands_behind_an_id3_tag_is_named() {
    let name = |behind: &[u8]| stream(&[&id3(0, 201), behind].concat()).unwrap_err().to_string();
    assert!(name(b"fLaC\0\0\0\x22").contains("FLAC"));
    assert!(name(b"\xff\xfb\x90\x00").contains("MP3") && name(b"").contains("MP3"));
    // A tag that is longer than the file.
    assert!(stream(b"ID3\x04\0\0\x7f\x7f\x7f\x7fRIFF").unwrap_err().to_string().contains("MP3"));
}
