//! Trees as public data sets have them, re-created with noise.

use super::*;

fn tree(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    names.iter().for_each(|name| wav(folder.path(), name, 1.0));
    folder
}

#[test]
fn mimii_is_read_with_machines_as_groups() {
    let names: Vec<String> = ["id_00", "id_02", "id_04"]
        .iter()
        .flat_map(|id| ["normal", "abnormal"].map(|state| format!("fan/{id}/{state}/00000000.wav")))
        .collect();
    let folder = tree(&names.iter().map(|name| &name[..]).collect::<Vec<_>>());
    for (data, groups) in [
        (folder.path().to_path_buf(), ["fan/id_00", "fan/id_02", "fan/id_04"]),
        (folder.path().join("fan"), ["id_00", "id_02", "id_04"]),
    ] {
        let dataset = load(&data).unwrap();
        assert_eq!(dataset.classes, ["abnormal", "normal"]);
        assert_eq!(dataset.groups, groups);
        assert!(!dataset.within_recording);
    }
    // One machine alone is a folder of classes.
    assert_eq!(load(&folder.path().join("fan/id_00")).unwrap().classes, ["abnormal", "normal"]);
}

#[test]
fn dcase_is_read_with_labels_from_names() {
    let folder = tree(&[
        "train/section_00_source_train_normal_0000_m-n_W.wav",
        "train/section_00_source_train_normal_0001_m-n_W.wav",
        "train/section_01_source_train_normal_0000_m-n_X.wav",
        "train/section_02_target_train_normal_0000_m-n_X.wav",
        "test/section_00_source_test_anomaly_0000_m-n_W.wav",
        "test/section_01_source_test_anomaly_0000_m-n_X.wav",
        "test/section_02_target_test_anomaly_0000_m-n_X.wav",
    ]);
    let dataset = load(folder.path()).unwrap();
    assert_eq!(dataset.classes, ["anomaly", "normal"]);
    assert_eq!(dataset.groups, ["section_00_source_m_n_W", "section_01_source_m_n_X", "section_02_target_m_n_X"]);
    assert!(dataset.remarks.iter().any(|remark| remark.contains("test and train were read together")));
    assert_eq!(load(&folder.path().join("test")).unwrap().classes, ["anomaly"]);
}

#[test]
fn toy_admos_is_read_with_cases_as_groups_and_its_noise_left_out() {
    let names: Vec<String> = ["case1", "case2", "case3"]
        .iter()
        .flat_map(|case| {
            [
                format!("{case}/NormalSound_IND/1100010001_ToyCar_{case}_normal_IND_ch1_0001.wav"),
                format!("{case}/AnomalousSound_IND/1101010001_ToyCar_{case}_ab01_IND_ch1_0001.wav"),
            ]
        })
        .chain(["EnvironmentalNoise_CNT/noise/N1.wav".to_owned()])
        .collect();
    let folder = tree(&names.iter().map(|name| &name[..]).collect::<Vec<_>>());
    let dataset = load(folder.path()).unwrap();
    assert_eq!(
        (dataset.classes.join(" "), dataset.groups.join(" ")),
        ("anomalous normal".into(), "case1 case2 case3".into())
    );
    assert!(
        dataset.remarks.iter().any(|remark| remark.contains("1 files in EnvironmentalNoise_CNT/noise were left out"))
    );
}

#[test]
fn folders_within_a_class_are_its_groups() {
    let folder = tree(&[
        "on/d1/a.wav",
        "on/d1/b.wav",
        "on/d2/a.wav",
        "on/d3/x/a.wav",
        "off/a_1.wav",
        "off/b_1.wav",
        "off/c_1.wav",
    ]);
    let dataset = load(folder.path()).unwrap();
    assert_eq!(group_names(&dataset, "on"), ["on/d1", "on/d1", "on/d2", "on/d3/x"]);
    assert!(
        dataset.remarks.iter().any(|remark| remark.starts_with("on: 4 files in 3 folders")),
        "{:?}",
        dataset.remarks
    );
}

#[test]
fn two_data_sets_are_never_mixed_and_the_commands_are_named() {
    let folder = tree(&["train/on/a.wav", "train/off/b.wav", "test/on/c.wav"]);
    let error = load(folder.path()).unwrap_err().to_string();
    assert!(error.contains("/train`, then evaluate with `--data") && error.contains("/test`"), "{error}");
}
