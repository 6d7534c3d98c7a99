//! One file, one label; what a manifest may look like.

use super::*;

#[test]
fn one_file_under_two_labels_is_an_error_that_names_both() {
    let folder = tempfile::tempdir().unwrap();
    ["on/a.wav", "on/b.wav", "off/c.wav"].iter().for_each(|name| wav(folder.path(), name, 1.0));
    fs::copy(folder.path().join("on/a.wav"), folder.path().join("off/copy.wav")).unwrap();
    for read in [load(folder.path()), Dataset::load_for(Use::Evaluate, folder.path(), &Ui::new(&JsonOut::default()))] {
        let error = read.unwrap_err().to_string();
        assert!(error.contains("off/copy.wav (off) and on/a.wav (on)"), "{error}");
    }
}

#[test]
fn one_row_of_a_manifest_under_two_labels_is_an_error_that_names_both_lines() {
    let folder = tempfile::tempdir().unwrap();
    wav(folder.path(), "x/1.wav", 1.0);
    fs::write(folder.path().join("manifest.csv"), "file,label\nx/1.wav,on\n.\\x\\1.wav,off\n").unwrap();
    let error = format!("{:#}", load(folder.path()).unwrap_err());
    assert!(error.contains("line 3 gives x/1.wav the label off, line 2 the label on"), "{error}");
}

#[test]
fn a_manifest_is_read_in_the_forms_that_spreadsheets_write() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["x/a_1.wav", "x/a_2.wav", "x/größe_1.wav", "x/c_1.wav"] {
        wav(folder.path(), name, 1.0);
    }
    let rows = "x/a_1.wav,on\nx\\a_2.wav,on\n./x/größe_1.wav,on\nx/c_1.wav,on\n";
    let comma = format!("file,label\n{rows}");
    let crlf = format!("sep=;\nLabel;File\n{}", rows.replace("wav,on", "wav;on")).replace('\n', "\r\n");
    let crlf = crlf
        .lines()
        .map(|line| line.split_once(';').map_or(line.into(), |(a, b)| format!("{b};{a}")))
        .collect::<Vec<_>>();
    let crlf = crlf.join("\r\n").replacen(";sep=", "sep=;", 1).replacen("File;Label", "Label;File", 1);
    let tab = comma.replace(',', "\t");
    let utf16: Vec<u8> = [0xfeff].into_iter().chain(tab.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let latin: Vec<u8> = comma.chars().map(|c| u32::from(c) as u8).collect();
    for (bytes, noted) in
        [(comma.into_bytes(), 1), (crlf.into_bytes(), 1), (tab.into_bytes(), 1), (utf16, 2), (latin, 2)]
    {
        fs::write(folder.path().join("manifest.csv"), &bytes).unwrap();
        let dataset = load(folder.path()).unwrap();
        assert_eq!(dataset.recordings.len(), 4, "{:?}", String::from_utf8_lossy(&bytes));
        // Without a column group, groups follow from names, and it is said; so is another encoding.
        assert_eq!(dataset.groups, ["a", "c", "größe"]);
        assert_eq!(dataset.remarks.len(), noted, "{:?}", dataset.remarks);
    }
}

#[test]
fn a_row_that_is_marked_as_a_fault_is_left_out_and_a_wrong_condition_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    ["x/1.wav", "x/2.wav", "x/3.wav"].iter().for_each(|name| wav(folder.path(), name, 1.0));
    let write = |condition: &str| {
        let rows = format!("file,label,condition\nx/1.wav,on,normal\nx/2.wav,on,\nx/3.wav,on,{condition}\n");
        fs::write(folder.path().join("manifest.csv"), rows).unwrap();
    };
    write("Fault");
    let dataset = load(folder.path()).unwrap();
    assert_eq!((dataset.recordings.len(), dataset.skipped.len()), (2, 1));
    assert!(dataset.skipped[0].reason.contains("marks it as a fault (line 4)"), "{:?}", dataset.skipped);
    write("broken");
    let error = format!("{:#}", load(folder.path()).unwrap_err());
    assert!(error.contains("line 4 gives x/3.wav the condition broken"), "{error}");
}

#[test]
fn a_class_whose_files_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    ["on/a.wav", "on/b.wav", "on/c.wav"].iter().for_each(|name| wav(folder.path(), name, 1.0));
    fs::create_dir(folder.path().join("off")).unwrap();
    fs::write(folder.path().join("off/a.flac"), b"fLaC but no more").unwrap();
    let dataset = load(folder.path()).unwrap();
    assert_eq!((dataset.classes.len(), dataset.skipped.len()), (1, 1));
    assert!(dataset.remarks.iter().any(|remark| remark.contains("no file of off")), "{:?}", dataset.remarks);
    let error = dataset.require_class().unwrap_err().to_string();
    assert!(error.contains("only on is left: no file of off can be used"), "{error}");
}

#[test]
#[cfg(unix)]
fn a_fifo_among_recordings_is_skipped_and_never_opened() {
    let folder = tempfile::tempdir().unwrap();
    ["on/a.wav", "on/b.wav", "on/c.wav"].iter().for_each(|name| wav(folder.path(), name, 1.0));
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("on/d.wav")).status().unwrap();
    assert!(made.success());
    let dataset = load(folder.path()).unwrap();
    assert_eq!(dataset.recordings.len(), 3);
    assert!(dataset.skipped[0].reason.contains("a FIFO"), "{:?}", dataset.skipped);
}
