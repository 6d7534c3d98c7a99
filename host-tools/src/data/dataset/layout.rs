//! How a tree of recordings is to be read: which part of a path is the label.
//!
//! Beside `DIR/<class>/*.wav`, the layouts of public machine sound sets are known:
//! MIMII, `fan/id_00/{normal,abnormal}/*.wav`; ToyADMOS, `case1/{NormalSound_IND,AnomalousSound_IND}/*.wav`; DCASE task 2,
//! `fan/{train,test}/section_00_source_train_normal_0000_*.wav` and `normal_id_00_00000000.wav`.

/// Folders that divide a data set into parts for training and for tests.
const PARTS: [&str; 8] = ["train", "test", "valid", "validation", "val", "eval", "dev", "evaluation"];

/// Where labels come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// The first folder of a path is the label.
    Classes,
    /// The last folder is `normal`, `abnormal`, ...; what is above it is the machine.
    Conditions,
    /// The file's name holds `normal` or `anomaly`.
    Names,
    /// `train/<class>/*.wav` and `test/<class>/*.wav`: two data sets.
    Parts,
}

/// Determines the layout of files given as the folders and the name of each.
pub(super) fn layout<'a>(files: impl Iterator<Item = (&'a [String], &'a str)> + Clone) -> Layout {
    let all = |is: fn(&[String], &str) -> bool| files.clone().all(|(folders, name)| is(folders, name));
    let any_name = files.clone().any(|(_, name)| condition(name).is_some());
    if any_name && all(|folders, _| folders.last().is_none_or(|last| is_part(last))) {
        return Layout::Names;
    }
    // Files beside the folders are left out in every layout but that of names.
    let inside = files.clone().filter(|(folders, _)| !folders.is_empty());
    let nested = inside.clone().next().is_some() && inside.clone().all(|(folders, _)| folders.len() > 1);
    if nested && inside.clone().all(|(folders, _)| is_part(&folders[0])) {
        return Layout::Parts;
    }
    if nested && inside.clone().any(|(folders, _)| folders.last().is_some_and(|last| condition(last).is_some())) {
        return Layout::Conditions;
    }
    Layout::Classes
}

/// The label of a folder or file named after a machine's condition, in the words of the public sets.
pub(super) fn condition(name: &str) -> Option<&'static str> {
    words(name).find_map(|word| match &*word.to_ascii_lowercase() {
        "normal" | "normalsound" => Some("normal"),
        "abnormal" | "abnormalsound" => Some("abnormal"),
        "anomaly" => Some("anomaly"),
        "anomalous" | "anomaloussound" => Some("anomalous"),
        _ => None,
    })
}

/// What a name says beside its condition, its part of the data set and its number: section, domain, attributes. Clips that
/// share it may be cut from one recording.
pub(super) fn source_of(name: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let words: Vec<&str> = words(stem).collect();
    let is_number = |word: &str| word.len() >= 4 && word.bytes().all(|byte| byte.is_ascii_digit());
    let kept: Vec<&str> =
        words.into_iter().filter(|word| condition(word).is_none() && !is_part(word) && !is_number(word)).collect();
    kept.join("_")
}

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

fn is_part(name: &str) -> bool {
    words(name).any(|word| PARTS.iter().any(|part| word.eq_ignore_ascii_case(part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[&str]) -> Layout {
        let split: Vec<(Vec<String>, String)> = files
            .iter()
            .map(|file| {
                let mut parts: Vec<String> = file.split('/').map(String::from).collect();
                let name = parts.pop().unwrap();
                (parts, name)
            })
            .collect();
        layout(split.iter().map(|(folders, name)| (&folders[..], &name[..])))
    }

    #[test]
    fn the_layouts_of_public_sets_are_recognised() {
        assert_eq!(of(&["on/a.wav", "off/b.wav"]), Layout::Classes);
        assert_eq!(of(&["normal/a.wav", "abnormal/b.wav"]), Layout::Classes);
        assert_eq!(of(&["on/day1/a.wav", "off/day1/b.wav"]), Layout::Classes);
        assert_eq!(of(&["id_00/normal/0.wav", "id_00/abnormal/0.wav"]), Layout::Conditions);
        assert_eq!(of(&["fan/id_00/normal/0.wav", "fan/id_02/abnormal/0.wav"]), Layout::Conditions);
        let toy =
            ["case1/NormalSound_IND/1_ToyCar_case1_normal_IND_ch1_0001.wav", "case1/AnomalousSound_IND/1_ab01.wav"];
        assert_eq!(of(&toy), Layout::Conditions);
        let dcase = "section_00_source_train_normal_0000_strength_1_ambient.wav";
        assert_eq!(of(&[&format!("train/{dcase}"), "test/section_00_source_test_anomaly_0001.wav"]), Layout::Names);
        assert_eq!(of(&[&format!("fan/train/{dcase}"), "fan/test/normal_id_00_00000000.wav"]), Layout::Names);
        assert_eq!(of(&[dcase]), Layout::Names);
        assert_eq!(of(&["train/on/a.wav", "test/on/a.wav"]), Layout::Parts);
    }

    #[test]
    fn the_source_of_a_clip_is_its_name_without_condition_part_and_number() {
        for (name, source) in [
            ("section_00_source_train_normal_0000_strength_1_ambient.wav", "section_00_source_strength_1_ambient"),
            ("section_00_target_test_anomaly_0012_n_B.wav", "section_00_target_n_B"),
            ("normal_id_00_00000000.wav", "id_00"),
        ] {
            assert_eq!(source_of(name), source);
        }
    }
}
