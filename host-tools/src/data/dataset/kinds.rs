//! Which files of a folder are recordings.

use std::path::Path;

/// Extensions of sound files, in lower case. Whether a file can be read is decided by its bytes: a file that cannot be read
/// is listed with the remedy, not ignored.
const SOUND: [&str; 24] = [
    "wav", "wave", "rf64", "bw64", "w64", "flac", "mp3", "m4a", "mp4", "aac", "ogg", "oga", "opus", "aif", "aiff",
    "aifc", "caf", "au", "snd", "wma", "webm", "3gp", "amr", "alac",
];

/// Whether a file's name is that of a sound file, in any case.
pub(crate) fn is_sound(path: &Path) -> bool {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    extension.is_some_and(|extension| SOUND.contains(&&*extension)) && !path.is_dir()
}
