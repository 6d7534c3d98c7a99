//! Long recordings with labelled parts, and what is cut.

use super::*;

fn evaluate(folder: &Path) -> Dataset {
    Dataset::load_for(Use::Evaluate, folder, &Ui::new(&JsonOut::default())).unwrap()
}

fn parts(dataset: &Dataset, class: &str) -> Vec<std::ops::Range<f64>> {
    let label = dataset.classes.iter().position(|name| name == class).unwrap();
    dataset.recordings.iter().filter(|r| r.label == label).filter_map(|r| r.block.clone()).collect()
}

#[test]
fn nothing_is_cut_to_evaluate_and_one_file_is_one_recording() {
    let folder = tempfile::tempdir().unwrap();
    ["on/a.wav", "off/b.wav"].iter().for_each(|name| wav(folder.path(), name, 30.0));
    let dataset = evaluate(folder.path());
    assert_eq!((dataset.recordings.len(), dataset.groups.len(), dataset.within_recording), (2, 2, false));
    assert!(load(folder.path()).unwrap().within_recording);
}

#[test]
fn a_clip_of_one_window_is_long_enough() {
    let folder = tempfile::tempdir().unwrap();
    // 7,800 samples at 8 kHz are 15,600 at 16 kHz.
    [7_800.0, 7_799.0].iter().for_each(|samples| wav(folder.path(), &format!("on/{samples}.wav"), samples / 8_000.0));
    let dataset = evaluate(folder.path());
    assert_eq!((dataset.recordings.len(), dataset.skipped.len()), (1, 1));
    assert!(dataset.recordings[0].path.ends_with("7800.wav"));
}

#[test]
fn a_label_track_beside_a_recording_gives_its_parts() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b", "c"] {
        wav(folder.path(), &format!("long/{name}.wav"), 20.0);
        let track =
            "0.0\t8.0\toff\n8.0\t15.0\ton\n\\\t-1.0\t100.0\n15.0\t15.5\toff\n16.0\t16.0\tmark\n18.0\t40.0\toff\n";
        fs::write(folder.path().join(format!("long/{name}.txt")), track).unwrap();
    }
    let dataset = load(folder.path()).unwrap();
    assert_eq!(dataset.classes, ["off", "on"]);
    assert_eq!(parts(&dataset, "off"), [0.0..8.0, 18.0..20.0, 0.0..8.0, 18.0..20.0, 0.0..8.0, 18.0..20.0]);
    // All parts of one recording are one group.
    assert_eq!((dataset.groups.join(" "), dataset.within_recording), ("a b c".into(), false));
    assert!(dataset.remarks.iter().any(|remark| remark.contains("1 labels of a point")), "{:?}", dataset.remarks);
    assert_eq!(evaluate(folder.path()).recordings, dataset.recordings);
}

#[test]
fn parts_of_the_only_recording_are_groups_of_their_own_and_marked() {
    let folder = tempfile::tempdir().unwrap();
    wav(folder.path(), "long.wav", 60.0);
    fs::write(folder.path().join("long.csv"), "from,to,label\n0,10,off\n10,20,on\n20,30,off\n30,40,on\n40,50,off\n")
        .unwrap();
    let dataset = load(folder.path()).unwrap();
    assert!(dataset.within_recording && dataset.remarks.len() == 2, "{:?}", dataset.remarks);
    // Three parts of off are groups; two of on are cut.
    assert_eq!(parts(&dataset, "off"), [0.0..10.0, 20.0..30.0, 40.0..50.0]);
    let on = parts(&dataset, "on");
    assert!(on.len() >= 5 && on.iter().all(|part| part.start >= 10.0 && part.end <= 40.0), "{on:?}");
    assert!(!evaluate(folder.path()).within_recording);
}

#[test]
fn a_manifest_names_parts_in_columns_from_and_to() {
    let folder = tempfile::tempdir().unwrap();
    ["x.wav", "y.wav", "z.wav"].iter().for_each(|name| wav(folder.path(), name, 20.0));
    let mut rows = "file,from,to,label\n".to_owned();
    ["x", "y", "z"].iter().for_each(|name| rows.push_str(&format!("{name}.wav,5,9,on\n{name}.wav,0,5,off\n")));
    fs::write(folder.path().join("manifest.csv"), &rows).unwrap();
    let dataset = load(folder.path()).unwrap();
    assert_eq!((parts(&dataset, "on"), parts(&dataset, "off")), (vec![5.0..9.0; 3], vec![0.0..5.0; 3]));
    assert_eq!(dataset.groups, ["x", "y", "z"]);
    let error_with = |row: &str| {
        fs::write(folder.path().join("manifest.csv"), format!("{rows}{row}\n")).unwrap();
        format!("{:#}", load(folder.path()).unwrap_err())
    };
    let error = error_with("x.wav,8,10,off");
    assert!(error.contains("on from 5 to 9 s and off from 8 to 10 s overlap"), "{error}");
    // Not taken for the whole file.
    for row in ["x.wav,9,,off", "x.wav,,5,off"] {
        let error = error_with(row);
        assert!(error.contains("line 8: a part of x.wav needs both from and to"), "{error}");
    }
}

#[test]
fn a_text_that_is_no_label_track_is_noted_and_ignored() {
    let folder = tempfile::tempdir().unwrap();
    ["on/a.wav", "on/b.wav", "on/c.wav"].iter().for_each(|name| wav(folder.path(), name, 1.0));
    fs::write(folder.path().join("on/a.txt"), "recorded in the hall\n").unwrap();
    let dataset = load(folder.path()).unwrap();
    assert_eq!((dataset.recordings.len(), dataset.remarks.len()), (3, 1));
    fs::write(folder.path().join("on/a.txt"), "0\t5\ton\nbroken\n").unwrap();
    assert!(format!("{:#}", load(folder.path()).unwrap_err()).contains("line 2"));
}
