//! Which files of a folder are recordings.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use monitor_model::file_kind::{FIRST_BYTES, FileKind, Foreign};

/// Extensions of sound files, in lower case. Whether a file can be read is decided by its bytes: a file that cannot be read
/// is listed with the remedy, not ignored.
const SOUND: [&str; 26] = [
    "wav", "wave", "rf64", "bw64", "w64", "flac", "mp3", "m4a", "mp4", "m4v", "mov", "aac", "ogg", "oga", "opus",
    "aif", "aiff", "aifc", "caf", "au", "snd", "wma", "webm", "3gp", "amr", "alac",
];

/// What a file of a folder of recordings is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// A recording, or a file that may hold one in a form that is not read: it has the label of its folder.
    Recording,
    /// Something that may have been meant as recordings, such as an archive: it is listed with what to do, and no class.
    Doubtful(FileKind),
    /// Notes, pictures, documents, tables, empty files.
    Other,
}

/// Whether a file's name is that of a sound file, in any case.
pub(crate) fn is_sound(path: &Path) -> bool {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    extension.is_some_and(|extension| SOUND.contains(&&*extension)) && !path.is_dir()
}

/// What the file at `path` is, by its name if that is of a sound file, else by its first bytes.
pub(crate) fn role(path: &Path) -> Role {
    if is_sound(path) {
        return Role::Recording;
    }
    let Some(first) = first_bytes(path) else { return Role::Other };
    // Without a name the bytes must be certain.
    match (FileKind::from_stream(&first), FileKind::from_first_bytes(&first)) {
        (FileKind::Wav | FileKind::Flac | FileKind::OggVorbis | FileKind::OggOpus | FileKind::Ogg, _)
        | (FileKind::Mp3 | FileKind::Mp4 | FileKind::Aiff | FileKind::Caf, _) => Role::Recording,
        (_, FileKind::Foreign(foreign)) => match foreign {
            Foreign::Matroska | Foreign::Au | Foreign::Asf | Foreign::Amr | Foreign::WavPack | Foreign::Ape => {
                Role::Recording
            }
            Foreign::Dsd | Foreign::Riff | Foreign::Matlab | Foreign::Hdf5 | Foreign::Npy => Role::Recording,
            Foreign::LfsPointer | Foreign::Html | Foreign::Zip | Foreign::Gzip | Foreign::Archive => {
                Role::Doubtful(FileKind::Foreign(foreign))
            }
            Foreign::Parquet | Foreign::Pdf | Foreign::Picture | Foreign::Text => Role::Other,
        },
        (_, FileKind::Empty) => Role::Other,
        _ => Role::Doubtful(FileKind::Unknown),
    }
}

/// The first bytes of a regular file; `None` if it is none, or cannot be read.
fn first_bytes(path: &Path) -> Option<Vec<u8>> {
    // Opening a FIFO would wait for a writer.
    std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    let mut first = Vec::with_capacity(FIRST_BYTES);
    File::open(path).ok()?.take(FIRST_BYTES as u64).read_to_end(&mut first).ok()?;
    Some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_recordings_by_name_or_by_content() {
        let folder = tempfile::tempdir().unwrap();
        let of = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            role(&path)
        };
        for (name, bytes) in [
            ("a.WAV", &b"anything"[..]),
            ("a", b"RIFF\x24\0\0\0WAVEfmt "),
            ("clip.dat", b"fLaC\0\0\0\x22"),
            ("a.MTS", b"\0\0\0\x14ftypqt  "),
            ("a.mat", b"MATLAB 5.0 MAT-file, Platform: GLNXA64"),
            ("a.npy", b"\x93NUMPY\x01\0"),
            ("a.mkv", b"\x1a\x45\xdf\xa3"),
            ("voice", b"#!AMR\n"),
        ] {
            assert_eq!(of(name, bytes), Role::Recording, "{name}");
        }
        for (name, bytes) in [
            ("rec.zip", &b"PK\x03\x04"[..]),
            ("a.bin", b"\xff\xfb\x94\xc4\0\0\0\x01\x02"),
            ("a", b"version https://git-lfs.github.com/spec/v1\n"),
        ] {
            assert!(matches!(of(name, bytes), Role::Doubtful(_)), "{name}");
        }
        for (name, bytes) in [("notes.txt", &b"at noon\n"[..]), ("a.png", b"\x89PNG\r\n\x1a\n"), ("empty", b"")] {
            assert_eq!(of(name, bytes), Role::Other, "{name}");
        }
        assert_eq!(role(folder.path()), Role::Other);
        assert_eq!(role(&folder.path().join("nowhere.wav")), Role::Recording);
    }
}
