use std::path::{Path, PathBuf};

use super::*;
use crate::label::material::tests::material;

/// Two recordings in `folder`: one of 8.3 s with a change of sound at 4 s, one of 4.3 s like its first part.
fn session(folder: &Path, second: &[f32]) -> Session {
    let paths: Vec<PathBuf> = ["a.wav", "b.wav"].map(|name| folder.join(name)).into();
    paths.iter().for_each(|path| std::fs::write(path, b"x").unwrap());
    let levels: [Vec<f32>; 2] = [[[0.0; 8], [2.0; 8]].concat(), vec![0.1; 8]];
    let materials = paths.iter().zip(&levels).map(|(path, levels)| material(path.to_str().unwrap(), levels, second));
    let manifest = Manifest::open(&folder.join("manifest.csv"), &paths).unwrap();
    let classes = if second.is_empty() { vec![] } else { vec!["off".to_string(), "on".into()] };
    Session::new(materials.collect(), manifest, 10.0, classes, &["fault".into()])
}

fn parts(session: &Session) -> Vec<(usize, f64, f64)> {
    let mut parts: Vec<_> = session.stretches.iter().map(|one| (one.file, one.part.start, one.part.end)).collect();
    parts.sort_by(|a, b| a.partial_cmp(b).unwrap());
    parts
}

fn text(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("manifest.csv")).unwrap()
}

#[test]
fn labels_are_saved_at_once_and_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = session(folder.path(), &[]);
    assert_eq!(parts(&session), [(0, 0.0, 4.0), (0, 4.0, 8.3), (1, 0.0, 4.3)]);
    // Nothing is known of any: the longest is first, then what is least like it.
    let first = session.next().unwrap().id;
    session.decide(first, Decision::Label("on".into())).unwrap();
    let second = session.next().unwrap();
    assert!((second.file, second.part.start) != (0, 4.0));
    session.decide(second.id, Decision::Label("off".into())).unwrap();
    let third = session.next().unwrap().id;
    session.decide(third, Decision::Skip).unwrap();
    assert!(session.next().is_none());
    let written = text(folder.path());
    assert_eq!(written.lines().count(), 3, "{written}");
    assert!(written.contains("a.wav,on,4.000,8.300") || written.contains("b.wav,on,0.000,4.300"), "{written}");
    let again = self::session(folder.path(), &[]);
    assert_eq!(parts(&again), parts(&session));
    assert_eq!(again.labels, ["fault", "off", "on"]);
    let labelled = again.stretches.iter().filter(|one| one.decision.is_some()).count();
    assert_eq!((labelled, again.can_undo()), (2, false));
}

#[test]
fn every_step_can_be_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = session(folder.path(), &[]);
    let before = parts(&session);
    let id = session.next().unwrap().id;
    let middle = session.next().unwrap().part.start + 2.0;
    session.cut(id, middle).unwrap();
    assert_eq!(session.stretches.len(), 4);
    let left = session.next().unwrap();
    assert_eq!(left.part.end, middle);
    let left = left.id;
    session.decide(left, Decision::Label("on".into())).unwrap();
    assert_eq!(text(folder.path()).lines().count(), 2);
    session.undo().unwrap();
    assert_eq!((session.next().unwrap().id, text(folder.path()).lines().count()), (left, 1));
    session.undo().unwrap();
    assert_eq!((parts(&session), session.next().unwrap().id), (before, id));
    assert!(session.undo().unwrap_err().to_string().contains("no step"));
}

#[test]
fn wrong_requests_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = session(folder.path(), &[]);
    let id = session.next().unwrap().id;
    let start = session.next().unwrap().part.start;
    for at in [f64::NAN, start, start + 0.5, -1.0, 1e9] {
        assert!(session.cut(id, at).is_err(), "{at}");
    }
    for label in ["", " on", "o\nn", &"x".repeat(65)] {
        assert!(session.decide(id, Decision::Label(label.into())).is_err(), "{label:?}");
    }
    assert!(session.decide(99, Decision::Skip).unwrap_err().to_string().contains("already"));
    assert_eq!((session.stretches.len(), session.can_undo()), (3, false));
    session.decide(id, Decision::Skip).unwrap();
    assert!(session.decide(id, Decision::Skip).is_err());
}

#[test]
fn a_manifest_that_cannot_be_written_decides_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = session(folder.path(), &[]);
    std::fs::create_dir(folder.path().join("manifest.csv")).unwrap();
    let id = session.next().unwrap().id;
    let error = format!("{:#}", session.decide(id, Decision::Label("on".into())).unwrap_err());
    assert!(error.contains("cannot write") && error.contains("manifest.csv"), "{error}");
    assert_eq!((session.next().unwrap().id, session.can_undo()), (id, false));
}

#[test]
fn what_the_model_is_unsure_of_is_first() {
    let folder = tempfile::tempdir().unwrap();
    // Windows every 0.48 s: certain in the first 4 s, unsure after.
    let second: Vec<f32> = (0..17).map(|window| if window < 7 { 0.01 } else { 0.55 }).collect();
    let session = session(folder.path(), &second);
    let next = session.next().unwrap();
    assert_eq!((next.file, next.part.start), (0, 4.0));
    assert_eq!(next.proposal.as_ref().unwrap().label, "on");
    assert_eq!(session.labels, ["fault", "off", "on"]);
}

#[test]
fn a_cut_and_a_label_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = session(folder.path(), &[]);
    let long = session.stretches.iter().find(|one| one.file == 1).unwrap().id;
    session.cut(long, 1.234).unwrap();
    let left = session.next().unwrap().id;
    session.decide(left, Decision::Label("on".into())).unwrap();
    let again = self::session(folder.path(), &[]);
    assert_eq!(parts(&again)[2..], [(1, 0.0, 1.234), (1, 1.234, 4.3)]);
    assert_eq!(again.stretches.iter().filter(|one| one.decision.is_some()).count(), 1);
}
