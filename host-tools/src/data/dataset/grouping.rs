//! Which recordings of a class belong together.
//!
//! A manifest names the groups. Without one, files whose names differ only in a trailing `_NNN` are parts of one
//! recording; if a class then has fewer than 3 groups, each file is a group; with fewer than 3 files, each is cut into blocks.

use std::collections::BTreeSet;

use super::WITHIN_RECORDING;
use super::load::Usable;

/// Fewest groups by file name that are used as they are, and fewest files that are not cut.
const FEWEST: usize = 3;

/// The groups of a class.
pub(super) struct Grouping {
    /// One group name per file.
    pub groups: Vec<String>,
    /// Whether to cut each file into blocks, each a group of its own.
    pub blocks: bool,
    /// Whether figures by these groups are optimistic.
    pub within_recording: bool,
    /// Note for the user about the grouping.
    pub remark: Option<String>,
}

/// Groups the files of one class, which are in the order of their names.
pub(super) fn of_class(class: &str, files: &[Usable]) -> Grouping {
    let by_manifest: Option<Vec<String>> = files.iter().map(|file| file.found.group.clone()).collect();
    let given = by_manifest.is_some();
    let groups = by_manifest.unwrap_or_else(|| files.iter().map(|file| stem(&file.found.name).to_owned()).collect());
    let distinct = groups.iter().collect::<BTreeSet<_>>().len();
    // The manifest's groups are used unless they leave nothing to hold out.
    let enough = if given { distinct >= 2 } else { distinct >= FEWEST };
    if enough {
        return Grouping { groups, blocks: false, within_recording: false, remark: None };
    }
    let groups = files.iter().map(|file| file.found.name.clone()).collect();
    let count = files.len();
    if count < FEWEST {
        let remark = format!(
            "{class} has {count} {}: cut into blocks with gaps, every figure is {WITHIN_RECORDING}",
            if count == 1 { "file" } else { "files" }
        );
        return Grouping { groups, blocks: true, within_recording: true, remark: Some(remark) };
    }
    let remark = if given {
        format!("{class} has 1 group in the manifest: each file is a group instead, every figure is {WITHIN_RECORDING}")
    } else {
        format!("{class}: file names give {distinct} of {FEWEST} groups, so each of its {count} files is a group")
    };
    Grouping { groups, blocks: false, within_recording: given, remark: Some(remark) }
}

/// A file's name without folder, extension and a trailing `_NNN`.
fn stem(name: &str) -> &str {
    let file = name.rsplit_once('/').map_or(name, |(_, file)| file);
    let whole = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    match whole.rsplit_once('_') {
        Some((stem, number))
            if !stem.is_empty() && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            stem
        }
        _ => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailing_number_is_no_part_of_the_group() {
        for (name, group) in [
            ("on/thr20_000.wav", "thr20"),
            ("on/thr20_7.wav", "thr20"),
            ("on/thr20.wav", "thr20"),
            ("on/a_b_001.WAV", "a_b"),
            ("on/_001.wav", "_001"),
            ("on/on_merged.wav", "on_merged"),
            ("on/v1.2_003.wav", "v1.2"),
        ] {
            assert_eq!(stem(name), group, "{name}");
        }
    }
}
