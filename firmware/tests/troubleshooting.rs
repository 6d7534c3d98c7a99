//! `docs/guide/troubleshooting.md` lists the error texts of the device and every flag of its status.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

use std::path::{Path, PathBuf};

use monitor_core::microphone;
use monitor_model::line::{capture_name, cause_name};
use monitor_wire::{AlarmCause, CaptureState, Health, refused};

const PAGE: &str = include_str!("../../docs/guide/troubleshooting.md");

/// The calls that contain an error text or a warning.
const CALLS: [&str; 13] = [
    "#[error(",
    "Err(",
    "Refused(",
    "map_err(",
    "warn(",
    "bail!(",
    "anyhow!(",
    "ensure!(",
    "context(",
    "fail(",
    "write!(",
    "write_str(",
    "errln!(",
];

/// Files in which the same calls write no error texts: JSON lines, pages, level meters, and normal messages about the sound.
const OTHERS: [&str; 11] = [
    "model/src/explanation.rs",
    "model/src/line.rs",
    "model/src/trend_line.rs",
    "src/sinks/prometheus/mod.rs",
    "src/sinks/mqtt/messages.rs",
    "src/sinks/stdout/live.rs",
    "src/commands/record/terminal.rs",
    "src/refit/report.rs",
    "model/src/report.rs",
    "src/capture/scripted.rs",
    "tests.rs",
];

/// Texts of the same calls that are not errors.
const NEWS: [&str; 5] =
    ["a multiple of 4 bytes", "the options of capture", "s of sound, inference p50", "not asked for", "0x{tag:04x}"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.to_string_lossy().into_owned();
        if path.is_dir() && !name.ends_with("/tests") {
            sources(&path, found);
        } else if name.ends_with(".rs") && !OTHERS.iter().any(|other| name.ends_with(other)) {
            found.push(path);
        }
    }
}

/// The source without its tests and comments.
fn code(source: &str) -> String {
    let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The string literals between an opened bracket and the one that closes it.
fn literals(mut rest: &str) -> Vec<String> {
    let (mut found, mut depth) = (Vec::new(), 1);
    while depth > 0 {
        let Some(at) = rest.find(['(', ')', '"']) else { break };
        let sign = rest.as_bytes()[at];
        rest = &rest[at + 1..];
        match sign {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {
                let mut text = String::new();
                let mut chars = rest.char_indices();
                while let Some((at, c)) = chars.next() {
                    match c {
                        '"' => {
                            rest = &rest[at + 1..];
                            break;
                        }
                        '\\' => match chars.next() {
                            // A continued line: its indentation is not part of the text.
                            Some((_, '\n')) => {
                                while chars.as_str().starts_with(' ') {
                                    chars.next();
                                }
                            }
                            Some((_, 'n')) | None => text.push(' '),
                            Some((_, c)) => text.push(c),
                        },
                        c => text.push(c),
                    }
                }
                found.push(text);
            }
        }
    }
    found
}

/// The longest constant part of a text, if it contains words.
fn fixed(text: &str) -> Option<String> {
    let parts = text.split('{').enumerate().map(|(index, part)| match part.split_once('}') {
        Some((_, after)) if index > 0 => after,
        _ => part,
    });
    let longest = parts.map(|part| part.trim_matches([' ', ';', ':', ',', '.'])).max_by_key(|part| part.len())?;
    (longest.split_whitespace().count() >= 3).then(|| longest.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn texts_in(file: &Path) -> Vec<String> {
    let source = code(&std::fs::read_to_string(file).unwrap());
    CALLS
        .iter()
        .flat_map(|call| source.match_indices(call).map(move |(at, _)| at + call.len()).collect::<Vec<_>>())
        .flat_map(|at| literals(&source[at..]))
        .filter(|text| !NEWS.iter().any(|news| text.contains(news)))
        .filter_map(|text| fixed(&text))
        .collect()
}

#[test]
fn every_error_text_of_the_device_is_in_the_troubleshooting_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    for room in ["tflite", "nn", "core", "wire", "model"] {
        sources(&root.join("../shared").join(room).join("src"), &mut files);
    }
    let page = PAGE.split_whitespace().collect::<Vec<_>>().join(" ");
    let (mut texts, mut missing) = (0, Vec::new());
    for file in &files {
        for text in texts_in(file) {
            texts += 1;
            if !page.contains(&text) {
                missing.push(format!("{}: {text}", file.strip_prefix(root).unwrap().display()));
            }
        }
    }
    missing.dedup();
    assert!(texts > 100, "only {texts} texts were found: does the test still see them?");
    assert!(missing.is_empty(), "not in docs/guide/troubleshooting.md:\n{}", missing.join("\n"));
}

#[test]
fn every_error_of_a_sound_device_is_in_the_troubleshooting_page() {
    use nix::errno::Errno::*;
    for errno in [EPIPE, ESTRPIPE, EAGAIN, ENODEV, ENXIO, ENOENT, EBUSY, EACCES, EPERM, EIO, ETIMEDOUT, EINVAL] {
        let text = firmware::capture::PcmError::new("capture", errno).to_string();
        let meaning = text.strip_prefix("capture: ").and_then(|text| text.split(" (").next()).unwrap();
        assert!(PAGE.contains(meaning), "{errno}: {meaning}");
    }
}

#[test]
fn every_flag_of_the_status_is_in_the_troubleshooting_page() {
    let mut flags: Vec<String> = Vec::new();
    flags.extend(microphone::NAMES.iter().map(|(_, name)| (*name).into()));
    flags.extend(refused::NAMES.iter().map(|(_, name)| (*name).into()));
    let last = CaptureState::Ended as u8;
    flags.extend((0..=last).map(|state| capture_name(state).into()));
    let causes = (0..32).map(cause_name).filter(|name| *name != "other");
    flags.extend(causes.map(String::from));
    assert!(flags.contains(&cause_name(AlarmCause::Microphone as u8).to_string()));
    for object in [
        serde_json::to_value(firmware::sinks::status::StatusFile::default()).unwrap(),
        serde_json::to_value(Health::default()).unwrap(),
    ] {
        flags.extend(object.as_object().unwrap().keys().cloned());
    }
    let missing: Vec<&String> = flags.iter().filter(|flag| !PAGE.contains(&format!("`{flag}`"))).collect();
    assert!(missing.is_empty(), "not in docs/guide/troubleshooting.md: {missing:?}");
}
