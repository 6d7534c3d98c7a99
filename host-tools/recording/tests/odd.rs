//! Odd files that people have: videos of phones, several tracks and streams, pictures inside, HE-AAC, many channels.
#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use std::path::{Path, PathBuf};

use common::{run, survey};
use monitor_recording::RecordingReader;
use test_needs::needs;

/// Runs ffmpeg with the words of `arguments`, in which `DIR` is the folder, and returns the last of them, the file written.
fn ffmpeg(folder: &Path, arguments: &str) -> PathBuf {
    let arguments = arguments.replace("DIR", folder.to_str().unwrap());
    let words: Vec<&str> = ["-v", "error", "-y"].into_iter().chain(arguments.split_whitespace()).collect();
    run("ffmpeg", &words);
    PathBuf::from(words.last().unwrap())
}

/// 2 s of a tone at 44.1 kHz, and a video of 2 s, as sources of ffmpeg.
const TONE: &str = "-f lavfi -i sine=440:d=2:r=44100";
const VIDEO: &str = "-f lavfi -i testsrc=d=2:s=64x48:r=10";

/// Kinds of the remarks, without that of lossy formats.
fn remarks(path: &Path) -> Vec<&'static str> {
    survey(path).unwrap().remarks.iter().map(|remark| remark.kind).filter(|kind| *kind != "lossy").collect()
}

/// Whether the recording is a tone of 440 Hz: the sign changes 880 times a second.
fn is_tone(path: &Path) -> bool {
    let mut reader = RecordingReader::open(path).unwrap();
    let rate = reader.rate_hz() as usize;
    let mut samples = vec![0.0; rate];
    reader.skip(rate as u64 / 2).unwrap();
    assert_eq!(reader.read(&mut samples).unwrap(), rate, "{}", path.display());
    let changes = samples.windows(2).filter(|pair| (pair[0] < 0.0) != (pair[1] < 0.0)).count();
    changes.abs_diff(880) < 10
}

#[needs(audio_tools)]
#[test]
fn the_sound_of_a_video_is_read() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.mp4 -c:a aac", "b.mov -c:a aac", "c.mov -c:a pcm_s16le", "d.3gp -c:a aac", "e.m4v -c:a alac"] {
        let (name, options) = name.split_once(' ').unwrap();
        let path = ffmpeg(folder.path(), &format!("{VIDEO} {TONE} -c:v mpeg4 -ar 44100 -ac 1 {options} DIR/{name}"));
        let survey = survey(&path).unwrap();
        assert_eq!((survey.rate_hz, survey.channels), (44_100, 1), "{name}");
        assert!(
            survey.frames.abs_diff(88_200) < 50 && remarks(&path).is_empty() && is_tone(&path),
            "{name}: {survey:?}"
        );
    }
    let silent = ffmpeg(folder.path(), &format!("{VIDEO} -c:v mpeg4 DIR/f.mp4"));
    let error = RecordingReader::open(&silent).unwrap_err().to_string();
    assert!(error.contains("no sound"), "{error}");
}

#[needs(audio_tools)]
#[test]
fn of_several_tracks_the_first_is_read_and_the_command_for_others_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let other = "-f lavfi -i sine=1000:d=2:r=44100";
    let path = ffmpeg(folder.path(), &format!("{TONE} {other} -map 0 -map 1 -c:a aac DIR/two.m4a"));
    assert_eq!(remarks(&path), ["several tracks of sound"]);
    assert!(is_tone(&path));
}

#[needs(audio_tools)]
#[test]
fn streams_in_a_chain_are_read_one_after_the_other() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.ogg -c:a libvorbis", "b.oga -c:a flac"] {
        let (name, options) = name.split_once(' ').unwrap();
        let one = ffmpeg(folder.path(), &format!("{TONE} {options} DIR/{name}"));
        let frames = survey(&one).unwrap().frames;
        let bytes = std::fs::read(&one).unwrap();
        let path = folder.path().join(format!("twice_{name}"));
        std::fs::write(&path, [&bytes[..], &bytes].concat()).unwrap();
        let survey = survey(&path).unwrap();
        assert_eq!((frames.abs_diff(88_200) < 2, survey.frames), (true, 2 * frames), "{name}: {survey:?}");
        assert_eq!(remarks(&path), [""; 0], "{name}");
        assert_eq!(RecordingReader::open(&path).unwrap().frames(), 2 * frames, "{name}");
    }
}

#[needs(audio_tools)]
#[test]
fn pictures_tags_and_missing_headers_do_not_disturb() {
    let folder = tempfile::tempdir().unwrap();
    let cover = ffmpeg(folder.path(), "-f lavfi -i testsrc=d=1:s=600x600 -frames:v 1 DIR/cover.png");
    let cover = cover.to_str().unwrap();
    for (name, options) in [
        ("a.mp3", "-c:a libmp3lame -q:a 4 -id3v2_version 3 -metadata:s:v title=Cover"),
        ("b.flac", "-c:a flac -disposition:v attached_pic"),
        ("c.m4a", "-c:a aac -c:v mjpeg -disposition:v attached_pic"),
    ] {
        let path = ffmpeg(folder.path(), &format!("{TONE} -i {cover} -map 0 -map 1 {options} DIR/{name}"));
        assert!(survey(&path).unwrap().frames.abs_diff(88_200) < 50 && is_tone(&path), "{name}");
        assert_eq!(remarks(&path), [""; 0], "{name}");
    }
    // A variable bit rate without the header that states the number of frames.
    let path =
        ffmpeg(folder.path(), &format!("{TONE} -c:a libmp3lame -q:a 6 -write_xing 0 -id3v2_version 0 DIR/d.mp3"));
    let frames = RecordingReader::open(&path).unwrap().frames();
    assert_eq!(survey(&path).unwrap().frames, frames);
    assert!(frames.abs_diff(88_200) < 3 * 1152 && is_tone(&path), "{frames}");
}

#[needs(audio_tools)]
#[test]
fn an_mp3_that_ends_before_the_length_in_its_header_is_called_truncated() {
    let folder = tempfile::tempdir().unwrap();
    let path = ffmpeg(folder.path(), &format!("{TONE} -c:a libmp3lame -q:a 4 DIR/a.mp3"));
    assert_eq!(remarks(&path), [""; 0]);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.truncate(bytes.len() / 2);
    std::fs::write(&path, bytes).unwrap();
    assert_eq!(remarks(&path), ["truncated"]);
}

#[needs(audio_tools)]
#[test]
fn an_m4a_that_was_interrupted_before_its_index_or_within_it_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = ffmpeg(folder.path(), &format!("{TONE} -c:a aac DIR/a.m4a"));
    let bytes = std::fs::read(&path).unwrap();
    for len in [bytes.len() / 2, bytes.len() - 100] {
        std::fs::write(&path, &bytes[..len]).unwrap();
        let error = survey(&path).unwrap_err().to_string();
        assert!(error.contains("index (moov)") && error.contains("copy it again"), "{error}");
    }
}

#[needs(audio_tools)]
#[test]
fn any_format_is_read_behind_an_id3_tag() {
    let folder = tempfile::tempdir().unwrap();
    for (name, format) in [
        ("a.wav", "WAV"),
        ("a.flac", "FLAC"),
        ("a.ogg -c:a libvorbis", "Vorbis"),
        ("a.aiff", "AIFF"),
        ("a.caf -c:a pcm_s16be", "CAF"),
        ("a.mp3", "MP3"),
        ("a.aac", "AAC"),
    ] {
        let (name, options) = name.split_once(' ').unwrap_or((name, ""));
        let path = ffmpeg(folder.path(), &format!("{TONE} {options} DIR/{name}"));
        let before = survey(&path).unwrap();
        // Shorter and longer than what is read to identify a file.
        for len in [[0, 0, 0, 101], [0, 1, 28, 31]] {
            let count = usize::from(len[1]) << 14 | usize::from(len[2]) << 7 | usize::from(len[3]);
            let tag = [&b"ID3\x03\0\0"[..], &len, &vec![0; count]].concat();
            let tagged = folder.path().join(format!("{count}_{name}"));
            std::fs::write(&tagged, [tag, std::fs::read(&path).unwrap()].concat()).unwrap();
            let after = survey(&tagged).unwrap();
            assert_eq!((after.format.name, after.frames), (format, before.frames), "{name}, {count}");
            assert_eq!(after.remarks, before.remarks, "{name}, {count}");
            assert!(is_tone(&tagged), "{name}, {count}");
        }
    }
    let opus = ffmpeg(folder.path(), &format!("{TONE} -c:a libopus DIR/a.opus"));
    std::fs::write(&opus, [&b"ID3\x03\0\0\0\0\0\0"[..], &std::fs::read(&opus).unwrap()].concat()).unwrap();
    assert!(RecordingReader::open(&opus).unwrap_err().to_string().contains("Ogg Opus"));
}

#[needs(audio_tools)]
#[test]
fn sound_that_differs_from_its_checksum_is_remarked() {
    let folder = tempfile::tempdir().unwrap();
    let path = ffmpeg(folder.path(), &format!("{TONE} -c:a flac DIR/a.flac"));
    assert_eq!(remarks(&path), [""; 0]);
    let mut bytes = std::fs::read(&path).unwrap();
    // The last 16 bytes of the first block, after 4 of magic and 4 of the block's header.
    bytes[30] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert_eq!(remarks(&path), ["wrong checksum"]);
}

#[needs(audio_tools)]
#[test]
fn many_channels_are_read() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.wav", "b.flac", "c.caf", "d.aiff", "e.m4a -c:a alac"] {
        let (name, options) = name.split_once(' ').unwrap_or((name, ""));
        let path = ffmpeg(folder.path(), &format!("{TONE} -ac 8 {options} DIR/{name}"));
        assert_eq!(survey(&path).unwrap().channels, 8, "{name}");
        assert!(is_tone(&path), "{name}");
    }
}

/// The bits of `bytes` as text.
fn bits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:08b}")).collect()
}

/// Adds a fill element with SBR data before the end of each frame of an ADTS stream without checksums.
fn with_sbr(adts: &[u8]) -> Vec<u8> {
    let (mut rest, mut stream) = (adts, Vec::new());
    while let [_, _, _, d, e, f, ..] = rest {
        let len = usize::from(d & 3) << 11 | usize::from(*e) << 3 | usize::from(f >> 5);
        let (frame, next) = rest.split_at(len);
        rest = next;
        let block = bits(&frame[7..]);
        let end = block.trim_end_matches('0').len() - 3;
        // A fill element of 6 bytes whose kind is SBR.
        let mut block = format!("{}11001101101{}111", &block[..end], "01".repeat(22));
        block.push_str(&"0".repeat(block.len().next_multiple_of(8) - block.len()));
        let block = block.as_bytes().chunks(8).map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | (bit - b'0')));
        let block: Vec<u8> = block.collect();
        let len = 7 + block.len();
        let mut header: [u8; 7] = frame[..7].try_into().unwrap();
        header[3] = header[3] & !3 | (len >> 11) as u8;
        header[4] = (len >> 3) as u8;
        header[5] = header[5] & 0x1f | ((len & 7) << 5) as u8;
        stream.extend(header);
        stream.extend(block);
    }
    stream
}

#[needs(audio_tools)]
#[test]
fn he_aac_is_refused_however_it_is_signalled() {
    let folder = tempfile::tempdir().unwrap();
    let source = "-f lavfi -i anoisesrc=d=2:r=22050:a=0.3:seed=3 -c:a aac -b:a 32k";
    let plain = ffmpeg(folder.path(), &format!("{source} DIR/plain.aac"));
    assert_eq!(survey(&plain).unwrap().rate_hz, 22_050);
    let implicit = folder.path().join("implicit.aac");
    std::fs::write(&implicit, with_sbr(&std::fs::read(&plain).unwrap())).unwrap();
    let refused = |path: &Path| {
        let error = RecordingReader::open(path).unwrap_err().to_string();
        assert!(error.contains("HE-AAC") && error.contains("ffmpeg -i IN"), "{error}");
    };
    refused(&implicit);
    refused(&ffmpeg(folder.path(), &format!("-i {} -c:a copy DIR/implicit.m4a", implicit.display())));
    let m4a = ffmpeg(folder.path(), &format!("{source} DIR/plain.m4a"));
    assert_eq!(survey(&m4a).unwrap().rate_hz, 22_050);
    // The configuration of AAC-LC at 22.05 kHz, mono, as ffmpeg writes it with and without an extension of 3 bytes.
    let bytes = std::fs::read(&m4a).unwrap();
    let at = bytes.windows(2).position(|pair| pair == [0x13, 0x88]).unwrap();
    assert_eq!(bytes[at - 1..at + 5], [5, 0x13, 0x88, 0x56, 0xe5, 0], "object type 2, and an extension without SBR");
    for config in [[0x13, 0x88, 0x56, 0xe5, 0xa0], [0x2b, 0x8a, 0x08, 0, 0], [0xeb, 0x8a, 0x08, 0, 0]] {
        let mut changed = bytes.clone();
        changed[at..at + 5].copy_from_slice(&config);
        let path = folder.path().join("explicit.m4a");
        std::fs::write(&path, changed).unwrap();
        refused(&path);
    }
}

#[needs(audio_tools)]
#[test]
fn the_command_for_samples_48_db_too_quiet_gives_the_samples() {
    let folder = tempfile::tempdir().unwrap();
    let samples: Vec<i32> = (0..8000).map(|at| (at * 7919 % 8_000_001) - 4_000_000).collect();
    // As `arecord -f S24_LE` of alsa-utils 1.2.14 writes them: 24 bits in the low end of 4 bytes, called 32 bits.
    let mut file =
        b"RIFF\x24\x7d\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\xfa\0\0\x04\0\x20\0data\0\x7d\0\0".to_vec();
    file.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    let path = folder.path().join("IN.wav");
    std::fs::write(&path, file).unwrap();
    let remark = survey(&path).unwrap().remarks.remove(0);
    assert_eq!(remark.kind, "perhaps 48 dB too quiet");
    let command = remark.text.split('`').find(|part| part.starts_with("sox")).unwrap();
    run("sh", &["-c", &format!("cd '{}' && {command}", folder.path().display())]);
    let mut reader = RecordingReader::open(&folder.path().join("OUT.wav")).unwrap();
    let mut read = vec![0.0; 9000];
    assert_eq!(reader.read(&mut read).unwrap(), samples.len());
    assert!(samples.iter().zip(&read).all(|(sample, read)| *read == *sample as f32 / 8_388_608.0));
}
