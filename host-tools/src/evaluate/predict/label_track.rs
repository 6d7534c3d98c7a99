//! The predicted classes of a recording as a label track of Audacity: `start<TAB>end<TAB>label`, in seconds.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::console::one_line;

/// Classes in the order of time; equal neighbours are one label.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct LabelTrack(Vec<(f64, f64, String)>);

impl LabelTrack {
    /// Adds a window's class from `start_s` to `end_s` seconds.
    pub(crate) fn push(&mut self, start_s: f64, end_s: f64, class: &str) {
        match self.0.last_mut() {
            Some((_, end, last)) if last == class => *end = end_s,
            _ => self.0.push((start_s, end_s, class.to_owned())),
        }
    }

    /// The text of the file, cut to a recording of `seconds`.
    pub(crate) fn text(&self, seconds: f64) -> String {
        let mut text = String::new();
        for (start, end, class) in &self.0 {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{start:.6}\t{:.6}\t{}", end.min(seconds), one_line(class));
        }
        text
    }
}

/// The paths of the label tracks of `files` in `folder`: each named after its recording, of two of one name also after their
/// folders.
pub(crate) fn track_paths(folder: &Path, files: &[PathBuf]) -> Vec<PathBuf> {
    let mut taken = BTreeSet::new();
    files
        .iter()
        .map(|file| {
            let mut name = String::new();
            let parts = file.with_extension("");
            for part in parts.components().rev().map(|part| part.as_os_str().to_string_lossy().into_owned()) {
                name = if name.is_empty() { part } else { format!("{part}_{name}") };
                if taken.insert(name.clone()) {
                    break;
                }
            }
            folder.join(format!("{name}.txt"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_states_are_one_label_and_the_last_ends_with_the_recording() {
        let mut track = LabelTrack::default();
        for (second, state) in [(0.0, "unknown"), (1.0, "on"), (2.0, "on"), (3.0, "off")] {
            track.push(second, second + 1.0, state);
        }
        let expected = "0.000000\t1.000000\tunknown\n1.000000\t3.000000\ton\n3.000000\t3.500000\toff\n";
        assert_eq!(track.text(3.5), expected);
    }

    #[test]
    fn tracks_of_one_name_are_told_apart_by_their_folders() {
        let files = ["on/a.wav", "off/a.wav", "b.flac"].map(PathBuf::from);
        let names = track_paths(Path::new("t"), &files);
        assert_eq!(names, ["t/a.txt", "t/off_a.txt", "t/b.txt"].map(PathBuf::from));
    }
}
