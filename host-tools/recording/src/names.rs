//! Which files of a folder are meant as recordings. What they contain decides later; names only tell what to look at.

use std::path::Path;

use monitor_model::content::{Content, FIRST_BYTES, Foreign};

use crate::source::Source;

/// Extensions of recordings, also of formats that are not read: leaving those out without a word would hide them.
const EXTENSIONS: [&str; 38] = [
    "wav", "wave", "bwf", "rf64", "w64", "flac", "mp3", "mp2", "ogg", "oga", "opus", "spx", "m4a", "m4b", "mp4", "aac",
    "alac", "aif", "aiff", "aifc", "caf", "au", "snd", "webm", "mka", "mkv", "wma", "asf", "amr", "3gp", "wv", "ape",
    "dsf", "dff", "mov", "mat", "npy", "tta",
];

/// Whether a file's name is that of a recording, by its extension in any case. Hidden files are none: among them are the
/// companions that macOS writes.
#[must_use]
pub fn is_recording_name(path: &Path) -> bool {
    let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    !hidden && extension.is_some_and(|extension| EXTENSIONS.contains(&&extension[..]))
}

/// Whether a file contains sound that is read, or known sound that is not, whatever its name is: for files without one of
/// the usual extensions. Reads the first 4 KiB; false where that fails.
#[must_use]
pub fn looks_like_sound(path: &Path) -> bool {
    let content = Source::open(path).ok().and_then(|mut source| source.first(FIRST_BYTES).ok());
    let content = content.map_or(Content::Unknown, |first| Content::of_stream(&first));
    match content {
        Content::Empty | Content::Unknown => false,
        Content::Foreign(foreign) => {
            matches!(foreign, Foreign::Matroska | Foreign::Au | Foreign::Asf | Foreign::Amr | Foreign::WavPack)
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_are_known_by_their_extension_in_any_case() {
        for (name, is) in [
            ("a.wav", true),
            ("a.FLAC", true),
            ("b/c.m4a", true),
            ("x.webm", true),
            ("notes.txt", false),
            (".hidden.wav", false),
            ("._a.wav", false),
            ("wav", false),
        ] {
            assert_eq!(is_recording_name(Path::new(name)), is, "{name}");
        }
    }
}
