//! The `report` command.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::path::Path;
use std::process::{Command, Output};

fn run(folder: &Path, line: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_host-tools"));
    command.current_dir(folder).args(line.split_whitespace()).output().unwrap()
}

/// A page about a model on machines that it was not trained on; one file has a name that could be markup.
fn page(folder: &Path) -> String {
    let small = "--recordings 3 --seconds 3 --rate 16000";
    for line in [
        &format!("synth --out mine {small} --timeline-seconds 0"),
        "train --data mine --out out --features logmel --head linear --folds 0",
        &format!("synth --out others {small} --timeline-seconds 20 --seed 2"),
    ] {
        let output = run(folder, line);
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }
    std::fs::write(folder.join("others/on_state/b & <i>roken.wav"), b"no sound").unwrap();
    let manifest = folder.join("others/manifest.csv");
    if manifest.is_file() {
        std::fs::remove_file(manifest).unwrap();
    }
    let line = "report --data others --model out/sound_classifier.tflite --out report.html";
    let output = run(folder, line);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::read_to_string(folder.join("report.html")).unwrap()
}

#[test]
fn the_page_holds_everything_and_fetches_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let page = page(folder.path());
    for heading in ["Accuracy", "Changes of state", "Data", "Pictures", "Model card", "Limits"] {
        assert!(page.contains(&format!("<h2>{heading}</h2>")), "{heading}");
    }
    assert!(page.contains("default-src 'none'") && page.contains("prefers-color-scheme: dark"));
    assert_eq!(page.matches(" src=").count(), page.matches(" src=\"data:image/png;base64,").count());
    for outside in ["http://", "https://", "href=", "url(", "@import", "<script"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("trained on none of these 12 files"));
    // The verdict comes before every table and picture.
    let verdict = page.find("<section class=\"verdict").unwrap();
    assert!(verdict < page.find("<table").unwrap() && page.contains("The state is right for "));
    assert!(!page.contains("invert("), "a spectrogram would be inverted");
    let line = "report --data others --model out/sound_classifier.tflite --normal humming --out r.html";
    let error = run(folder.path(), line).stderr;
    assert!(String::from_utf8_lossy(&error).contains("--normal humming: there is no such class"));
    assert!(page.contains("b &amp; &lt;i&gt;roken.wav") && !page.contains("<i>"));
}

#[test]
fn a_folder_is_no_place_for_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), "report --data x --model y.tflite --out .");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("name a file"));
}
