//! Files of a class folder that are no recordings, or in a form that is not read: none is dropped without a word.

use super::*;

/// Three recordings of each class.
fn set() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for class in ["on", "off"] {
        ["a", "b", "c"].iter().for_each(|name| wav(folder.path(), &format!("{class}/{name}.wav"), 1.0));
    }
    folder
}

fn reason_of<'a>(dataset: &'a Dataset, name: &str) -> &'a str {
    let found = dataset.skipped.iter().find(|skipped| folders::name_of(&skipped.path) == name);
    found.map_or("", |skipped| &skipped.reason)
}

#[test]
fn what_is_not_read_is_named_with_the_command_whatever_its_name() {
    let folder = set();
    for (name, bytes, remedy) in [
        ("x.mat", &b"MATLAB 5.0 MAT-file, Platform: GLNXA64"[..], "scipy.io"),
        ("x.h5", b"\x89HDF\r\n\x1a\n", "h5py"),
        ("x.npy", b"\x93NUMPY\x01\0", "numpy"),
        ("x.webm", b"\x1a\x45\xdf\xa3", "ffmpeg"),
        ("x.mkv", b"\x1a\x45\xdf\xa3", "ffmpeg"),
        ("x.opus", b"OggS\0\x02\0\0\0\0\0\0\0\0........\x01\x13OpusHead", "ffmpeg"),
        ("x.wma", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "ffmpeg"),
        ("x.amr", b"#!AMR\n", "ffmpeg"),
        ("pointer.wav", b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        ("pointer", b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        ("page.wav", b"<!DOCTYPE html><html>", "fetch the recording again"),
        ("x.zip", b"PK\x03\x04", "unzip"),
        ("x.dat", b"\0\x01\x02\x03", "if it is a recording"),
    ] {
        fs::write(folder.path().join("on").join(name), bytes).unwrap();
        let dataset = load(folder.path()).unwrap();
        assert!(reason_of(&dataset, name).contains(remedy), "{name}: {:?}", dataset.skipped);
        assert_eq!(dataset.recordings.len(), 6, "{name}");
        fs::remove_file(folder.path().join("on").join(name)).unwrap();
    }
    for name in ["notes.txt", "plot.png", "empty.bin"] {
        fs::write(
            folder.path().join("on").join(name),
            if name == "plot.png" { &b"\x89PNG\r\n\x1a\n"[..] } else { b"" },
        )
        .unwrap();
    }
    assert_eq!(load(folder.path()).unwrap().skipped, []);
}

#[test]
fn a_recording_without_the_name_of_one_is_read_by_its_content() {
    let folder = set();
    fs::rename(folder.path().join("on/a.wav"), folder.path().join("on/a")).unwrap();
    fs::rename(folder.path().join("on/b.wav"), folder.path().join("on/b.001")).unwrap();
    assert_eq!(load(folder.path()).unwrap().recordings.len(), 6);
}

#[test]
fn a_class_of_foreign_files_alone_is_lost_with_a_word() {
    let folder = set();
    for name in ["a", "b", "c"] {
        fs::remove_file(folder.path().join(format!("off/{name}.wav"))).unwrap();
        fs::write(folder.path().join(format!("off/{name}.mat")), b"MATLAB 5.0 MAT-file").unwrap();
    }
    let dataset = load(folder.path()).unwrap();
    assert!(
        dataset.remarks.iter().any(|remark| remark.contains("no file of off can be used")),
        "{:?}",
        dataset.remarks
    );
    let error = dataset.require_class().unwrap_err().to_string();
    assert!(error.contains("no file of off can be used"), "{error}");
}

#[test]
fn hidden_files_are_left_out_with_a_word() {
    let folder = set();
    fs::write(folder.path().join("on/._a.wav"), b"\0\x05\x16\x07").unwrap();
    fs::write(folder.path().join("on/.DS_Store"), b"\0\0\0\x01Bud1").unwrap();
    let dataset = load(folder.path()).unwrap();
    assert_eq!((dataset.recordings.len(), dataset.skipped.len()), (6, 0));
    assert!(
        dataset.remarks.iter().any(|remark| remark.starts_with("hidden files") && remark.contains("1 of them")),
        "{:?}",
        dataset.remarks
    );
}

#[test]
fn classes_that_differ_in_case_alone_are_remarked() {
    let folder = set();
    ["a", "b", "c"].iter().for_each(|name| wav(folder.path(), &format!("On/{name}2.wav"), 1.0));
    let dataset = load(folder.path()).unwrap();
    assert!(dataset.remarks.iter().any(|remark| remark.contains(r#""On" and "on""#)), "{:?}", dataset.remarks);
}

#[cfg(unix)]
#[test]
fn links_that_lead_to_themselves_odd_names_and_folders_named_like_files_end_nothing() {
    use std::os::unix::ffi::OsStrExt;

    let folder = set();
    let on = folder.path().join("on");
    std::os::unix::fs::symlink("loop.wav", on.join("loop.wav")).unwrap();
    std::os::unix::fs::symlink("..", on.join("above")).unwrap();
    fs::create_dir(on.join("folder.wav")).unwrap();
    fs::write(on.join("zero.wav"), b"").unwrap();
    fs::copy(on.join("a.wav"), on.join(std::ffi::OsStr::from_bytes(b"caf\xe9.wav"))).unwrap();
    wav(folder.path(), &format!("on/{}.wav", "x".repeat(240)), 1.1);
    let dataset = load(folder.path()).unwrap();
    assert_eq!(dataset.recordings.len(), 7);
    assert!(reason_of(&dataset, "loop.wav").contains("symbolic links"), "{:?}", dataset.skipped);
    assert!(reason_of(&dataset, "zero.wav").contains("empty"));
    assert!(dataset.skipped.iter().any(|skipped| skipped.reason.starts_with("the same bytes")));
    assert!(dataset.remarks.iter().any(|remark| remark.contains("is a link to a folder")));
}
