//! Data sets built on disk, read back.

use std::fs;
use std::path::Path;

mod kinds;
mod labels;
mod layouts;
mod parts;

use super::*;
use crate::console::{JsonOut, Ui};

/// A file of noise, different for every path and length.
fn wav(folder: &Path, name: &str, seconds: f64) {
    let path = folder.join(name);
    let mut state = name.bytes().fold(1_u32, |state, byte| state.wrapping_mul(31).wrapping_add(u32::from(byte)));
    monitor_model::wav::write(&path, 8_000, 1, |writer| {
        for _ in 0..(seconds * 8_000.0) as usize {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            writer.push_i16(&[(state >> 17) as i16])?;
        }
        Ok(())
    })
    .unwrap();
}

fn load(folder: &Path) -> anyhow::Result<Dataset> {
    Dataset::load(folder, &Ui::new(&JsonOut::default()))
}

fn group_names(dataset: &Dataset, class: &str) -> Vec<String> {
    let label = dataset.classes.iter().position(|name| name == class).unwrap();
    let of_class = dataset.recordings.iter().filter(|recording| recording.label == label);
    of_class.map(|recording| dataset.groups[recording.group].clone()).collect()
}

#[test]
fn a_folder_is_a_class_and_a_name_less_its_number_is_a_group() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["on/m1_000.wav", "on/m1_001.wav", "on/m2_000.WAV", "on/m3.wave", "off/m1_000.wav", "off/m2_000.wav"] {
        wav(folder.path(), name, 1.5);
    }
    wav(folder.path(), "off/m3_000.wav", 2.0);
    let dataset = load(folder.path()).unwrap();
    assert_eq!(dataset.classes, ["off", "on"]);
    assert_eq!(dataset.groups, ["m1", "m2", "m3"]);
    assert_eq!(group_names(&dataset, "on"), ["m1", "m1", "m2", "m3"]);
    assert!(!dataset.within_recording);
    assert_eq!((dataset.recordings[0].rate_hz, dataset.recordings[0].seconds), (8_000, 1.5));
    assert_eq!(dataset.recordings[3].recording, "on/m1_000");
    let off = &dataset.per_class()[0];
    assert_eq!((off.files, off.recordings, off.groups, off.seconds), (3, 3, 3, 5.0));
}

#[test]
fn a_class_of_fewer_than_3_groups_has_each_file_as_a_group() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["on/a_000.wav", "on/a_001.wav", "on/b_000.wav", "off/x_0.wav", "off/y_0.wav", "off/z_0.wav"] {
        wav(folder.path(), name, 1.5);
    }
    let dataset = load(folder.path()).unwrap();
    assert_eq!(group_names(&dataset, "on"), ["on/a_000.wav", "on/a_001.wav", "on/b_000.wav"]);
    assert_eq!(group_names(&dataset, "off"), ["x", "y", "z"]);
    // a_000 and a_001 may be parts of one recording on two sides of a split.
    assert!(dataset.within_recording && dataset.remarks.len() == 1);
}

#[test]
fn a_class_of_one_file_is_cut_into_blocks_and_marked() {
    let folder = tempfile::tempdir().unwrap();
    wav(folder.path(), "on/on_merged.wav", 60.0);
    wav(folder.path(), "off/off_merged.wav", 12.0);
    let dataset = load(folder.path()).unwrap();
    assert!(dataset.within_recording);
    assert!(dataset.remarks.iter().all(|remark| remark.contains(WITHIN_RECORDING)));
    assert_eq!(group_names(&dataset, "on").len(), 10);
    assert_eq!(group_names(&dataset, "off").len(), 5);
    assert_eq!(dataset.groups.len(), 15);
    let on = &dataset.per_class()[1];
    assert_eq!((on.files, on.recordings, on.groups), (1, 1, 10));
}

#[test]
fn what_cannot_be_used_is_skipped_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["on/a.wav", "on/b.wav", "on/c.wav", "off/a.wav", "off/b.wav", "off/c.wav"] {
        wav(folder.path(), name, 1.0);
    }
    wav(folder.path(), "on/short.wav", 0.5);
    fs::write(folder.path().join("on/empty.wav"), b"").unwrap();
    fs::write(folder.path().join("on/text.wav"), b"no sound at all").unwrap();
    fs::copy(folder.path().join("on/a.wav"), folder.path().join("on/copy.wav")).unwrap();
    fs::write(folder.path().join("on/._a.wav"), b"of macOS").unwrap();
    fs::write(folder.path().join("on/notes.txt"), b"").unwrap();
    fs::create_dir_all(folder.path().join("on/more.wav")).unwrap();
    fs::create_dir_all(folder.path().join("plots")).unwrap();
    let dataset = load(folder.path()).unwrap();
    assert_eq!(dataset.recordings.len(), 6);
    let reasons: Vec<_> =
        dataset.skipped.iter().map(|skipped| (folders::name_of(&skipped.path), &skipped.reason[..])).collect();
    let reason_of = |name: &str| reasons.iter().find(|(path, _)| path == name).unwrap().1;
    assert_eq!(reasons.len(), 4);
    assert!(reason_of("short.wav").contains("0.975 s (0.50 s)"));
    assert!(reason_of("empty.wav").contains("empty"));
    assert!(reason_of("text.wav").contains("a text file"));
    assert_eq!(reason_of("copy.wav"), "the same bytes as another file (on/a.wav)");
    assert_eq!(dataset.classes, ["off", "on"]);
}

#[test]
fn one_class_is_enough_and_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    wav(folder.path(), "on/a.wav", 1.0);
    load(folder.path()).unwrap().require_class().unwrap();
    let error = Dataset::default().require_class().unwrap_err();
    assert!(error.to_string().contains("one folder of WAV files per class"), "{error}");
}

#[test]
fn what_no_model_can_be_trained_on_is_refused_before_the_long_work() {
    for (class, reason) in [("unknown", "the name of what the device reports"), (" on", "ends with a space")] {
        let folder = tempfile::tempdir().unwrap();
        wav(folder.path(), &format!("{class}/a.wav"), 1.0);
        wav(folder.path(), "off/a.wav", 1.0);
        let error = load(folder.path()).unwrap().require_class().unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("on/a.wav");
    monitor_model::wav::write(&path, 8_000, 1, |writer| writer.push_i16(&[0; 16_000])).unwrap();
    let error = load(folder.path()).unwrap().require_class().unwrap_err().to_string();
    assert!(error.contains("every sample of every recording is 0"), "{error}");
}

#[test]
fn a_folder_without_classes_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    assert!(load(folder.path()).unwrap_err().to_string().contains("one folder of WAV files per class"));
    wav(folder.path(), "a.wav", 1.0);
    let error = load(folder.path()).unwrap_err().to_string();
    assert!(error.contains("no class folders"), "{error}");
    // Not read as a manifest.
    let error = load(&folder.path().join("a.wav")).unwrap_err().to_string();
    assert!(error.contains("a.wav is one recording; give the folder"), "{error}");
    assert!(load(&folder.path().join("nowhere")).unwrap_err().to_string().contains("does not exist"));
    fs::create_dir_all(folder.path().join("on")).unwrap();
    fs::write(folder.path().join("on/bad.wav"), b"bad").unwrap();
    assert!(load(folder.path()).unwrap_err().to_string().contains("no usable recording"));
}

#[test]
fn a_manifest_gives_label_group_and_recording() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["x/1.wav", "x/2.wav", "x/3.wav", "x/4.wav"] {
        wav(folder.path(), name, 1.0);
    }
    let manifest = "\u{feff}Label;Group;File;Recording\non;g1;x/1.wav;r1\non;g2;x\\2.wav;r1\noff;g1;x/3.wav;\n\
                    off;g2;x/4.wav;r4\noff;g2;x/5.wav;r5\n;g2;x/4.wav;r5\non;g3;x/1.wav;r1\n";
    fs::write(folder.path().join("manifest.csv"), manifest).unwrap();
    let dataset = load(folder.path()).unwrap();
    assert_eq!(dataset.classes, ["off", "on"]);
    assert_eq!(dataset.groups, ["g1", "g2"]);
    let recordings: Vec<_> = dataset.recordings.iter().map(|recording| &recording.recording[..]).collect();
    assert_eq!(recordings, ["x/3", "r4", "r1", "r1"]);
    let reasons: Vec<_> = dataset.skipped.iter().map(|skipped| &skipped.reason[..]).collect();
    assert_eq!(reasons.len(), 3);
    assert!(reasons[0].contains("line 6") && reasons[0].contains("no such file"));
    assert!(reasons[1].contains("line 7") && reasons[1].contains("no label"));
    assert!(reasons[2].contains("line 8") && reasons[2].contains("again"));
    assert_eq!(load(&folder.path().join("manifest.csv")).unwrap().recordings, dataset.recordings);
}

#[test]
fn a_manifest_without_its_columns_is_refused_with_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("manifest.csv"), "path,class\na.wav,on\n").unwrap();
    let error = format!("{:#}", load(folder.path()).unwrap_err());
    assert!(error.contains("path,class") && error.contains("the columns file and label"), "{error}");
}

#[test]
fn a_column_that_is_named_twice_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("manifest.csv"), "file,label,Label\na.wav,on,off\n").unwrap();
    let error = format!("{:#}", load(folder.path()).unwrap_err());
    assert!(error.contains("the column label 2 times"), "{error}");
}

#[test]
fn a_recording_with_a_timeline_is_in_no_class() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["on/a.wav", "on/b.wav", "on/c.wav", "on/long.wav", "timeline/long.wav"] {
        wav(folder.path(), name, 1.0);
    }
    for name in ["on/long.timeline.csv", "timeline/long.timeline.csv"] {
        fs::write(folder.path().join(name), "start_s,end_s,label\n0,1,on\n").unwrap();
    }
    let dataset = load(folder.path()).unwrap();
    assert_eq!(dataset.classes, ["on"]);
    assert_eq!((dataset.recordings.len(), dataset.timelines.len()), (3, 2));
    assert!(dataset.remarks.is_empty(), "{:?}", dataset.remarks);
}

#[test]
fn the_same_folder_gives_the_same_data_set() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["on/b.wav", "on/a.wav", "on/c.wav", "Off/b.wav", "Off/a.wav"] {
        wav(folder.path(), name, 6.0);
    }
    let (first, second) = (load(folder.path()).unwrap(), load(folder.path()).unwrap());
    assert_eq!(first.recordings, second.recordings);
    assert_eq!(first.groups, second.groups);
}
