use super::*;
use crate::wav::Codec;

fn message(bytes: &[u8]) -> String {
    read("refused", bytes).unwrap_err().to_string()
}

#[test]
fn codings_that_are_not_read_are_named() {
    for (tag, container, bits, name) in [
        (2, 1, 4, "ADPCM"),
        (0x11, 1, 4, "ADPCM"),
        (0x31, 1, 0, "GSM"),
        (0x55, 1, 0, "MP3"),
        (0x1234, 2, 16, "0x1234"),
        (PCM, 8, 64, "64-bit integer"),
    ] {
        let parts = Parts::new(tag, container, bits, &[0; 8]);
        let plain = message(&parts.bytes());
        assert!(plain.contains(name) && plain.contains("ffmpeg"), "{plain}");
        let extensible = message(&parts.extensible(bits).bytes());
        assert!(extensible.contains(name), "{extensible}");
    }
}

#[test]
fn an_unknown_sub_format_is_refused() {
    let mut parts = Parts::new(PCM, 2, 16, &[0; 8]).extensible(16);
    *parts.extension.last_mut().unwrap() = 0;
    assert!(matches!(stream(&parts.bytes()), Err(Error::Unsupported(Codec::SubFormat))));
}

#[test]
fn other_sound_files_are_refused_by_name() {
    for (magic, name) in [
        (&b"fLaC\0\0\0\x22"[..], "FLAC"),
        (b"OggS", "Ogg"),
        (b"ID3\x04\0\0\0\0\0\x02", "MP3"),
        (b"FORM\0\0\0\0AIFF", "AIFF"),
        (b"\0\0\0\x20ftypM4A ", "MP4"),
    ] {
        assert!(message(magic).contains(name), "{name}");
    }
    assert!(message(b"RIFF\0\0\0\0AVI ").contains("AVI"));
    assert!(message(b"hello").contains("text file"));
}

#[test]
fn an_empty_file_is_called_empty() {
    assert!(matches!(stream(b""), Err(Error::Empty)));
}

#[test]
fn a_file_cut_off_within_its_header_is_called_so() {
    let file = Parts::new(PCM, 2, 16, &[0; 8]).bytes();
    for len in [4, 11, 12, 19, 30, 43] {
        assert!(matches!(stream(&file[..len]), Err(Error::Truncated)), "{len}");
    }
}

#[test]
fn rates_outside_8_to_384_khz_are_refused_with_their_value() {
    for rate in [0, 7_999, 384_001, 768_000] {
        let mut parts = Parts::new(PCM, 2, 16, &[0; 8]);
        parts.rate = rate;
        assert!(message(&parts.bytes()).contains(&format!("{rate} Hz")));
    }
}

#[test]
fn headers_that_contradict_themselves_are_refused() {
    let base = Parts::new(PCM, 2, 16, &[0; 8]);
    let mut none = base.clone();
    none.channels = 0;
    assert!(matches!(stream(&none.bytes()), Err(Error::BadFormat(_))));
    assert!(matches!(stream(&Parts::new(PCM, 2, 24, &[0; 8]).bytes()), Err(Error::BadFormat(_))));
    assert!(matches!(stream(&Parts::new(PCM, 5, 16, &[0; 8]).bytes()), Err(Error::BadFormat(_))));
    assert!(matches!(stream(&Parts::new(FLOAT, 2, 16, &[0; 8]).bytes()), Err(Error::BadFormat(_))));
    let mut short = base.extensible(16);
    short.extension.truncate(8);
    assert!(matches!(stream(&short.bytes()), Err(Error::BadFormat(_))));
}

#[test]
fn sound_before_its_description_is_refused() {
    assert!(matches!(stream(b"RIFF\x10\0\0\0WAVEdata\x04\0\0\0\0\0\0\0"), Err(Error::NoFormat)));
}
