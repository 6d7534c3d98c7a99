//! Updates from the card: files that pass the self-test are used, others are rejected, and no power cut loses the files in
//! use.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::model::{loudness_model, noise, write_wav};
use common::program::{firmware, output};
use firmware::update::slot::{self, Slot, Which};
use firmware::update::{FIRMWARE, Files, MODEL};
use sha2::{Digest, Sha256};

/// A card, and the device's folders in memory.
struct Card {
    folder: tempfile::TempDir,
}

impl Card {
    /// A card with a first model in use.
    fn new() -> Self {
        let card = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir(card.card()).unwrap();
        card.drop_file(MODEL, &loudness_model("off_state", "on_state"));
        let text = card.update();
        assert!(text.starts_with("in use: sound_classifier.tflite ") && !text.contains("not used"), "{text}");
        card
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn card(&self) -> PathBuf {
        self.path("card")
    }

    /// Puts a file and its hash on the card.
    fn drop_file(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.card().join(name), bytes).unwrap();
        let hash: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02X}")).collect();
        std::fs::write(self.card().join(format!("{name}.sha256")), hash + " *" + name + "\r\n").unwrap();
    }

    /// Runs the update as at the start of the device; returns the note that it leaves on the card.
    fn update(&self) -> String {
        let mut command = Command::new(firmware());
        command.arg("update").arg("--card").arg(self.card()).arg("--into").arg(self.path("etc"));
        command.arg("--work").arg(self.path("work")).arg("--note").arg(self.path("update.txt"));
        let (code, _, stderr) = output(&mut command);
        assert_eq!(code, Some(0), "{stderr}");
        let text = std::fs::read_to_string(self.path("update.txt")).unwrap();
        assert_eq!(std::fs::read_to_string(self.card().join("update.txt")).unwrap(), text);
        text
    }

    fn used(&self, name: &str) -> Option<Vec<u8>> {
        std::fs::read(self.path("etc").join(name)).ok()
    }

    /// Asserts that a start rejects the update for the reason `why`, and that this start and the next use the first model.
    fn refuses(&self, why: &str) {
        let first = loudness_model("off_state", "on_state");
        for _ in 0..2 {
            let text = self.update();
            assert!(text.contains("\nnot used: ") && text.contains(why), "{text}");
            assert_eq!(self.used(MODEL), Some(first.clone()), "{why}");
            assert_eq!(self.used(FIRMWARE), None, "{why}");
        }
    }
}

fn second() -> Vec<u8> {
    loudness_model("quiet", "loud")
}

/// A program that runs a shell script; `$real` is the path of the real program.
fn script(what: &str) -> Vec<u8> {
    format!("#!/bin/sh\nreal={}\n{what}\n", firmware().display()).into_bytes()
}

#[test]
fn a_model_that_passes_the_self_test_is_used_and_kept() {
    let card = Card::new();
    card.drop_file(MODEL, &second());
    let text = card.update();
    assert_eq!(card.used(MODEL), Some(second()));
    assert!(!text.contains("not used"), "{text}");
    // It stays in use after the copied files are removed.
    std::fs::remove_file(card.card().join(MODEL)).unwrap();
    assert_eq!(card.update(), text);
    assert_eq!(card.used(MODEL), Some(second()));
}

#[test]
fn a_start_without_an_update_writes_nothing() {
    let card = Card::new();
    let times = |folder: &Path| -> Vec<_> {
        let files = ["update.txt", "monitor/a", "monitor/a/slot.txt", "monitor/a/sound_classifier.tflite"];
        files.map(|name| std::fs::metadata(folder.join(name)).unwrap().modified().unwrap()).to_vec()
    };
    let before = times(&card.card());
    card.update();
    assert_eq!(times(&card.card()), before);
    assert!(!card.card().join("monitor/b").exists());
}

#[test]
fn a_model_that_does_not_match_its_hash_is_refused() {
    let card = Card::new();
    card.drop_file(MODEL, &second());
    let mut spoiled = second();
    let middle = spoiled.len() / 2;
    spoiled[middle] ^= 1;
    std::fs::write(card.card().join(MODEL), spoiled).unwrap();
    card.refuses("sound_classifier.tflite.sha256 states");
}

#[test]
fn a_model_without_its_hash_is_refused() {
    let card = Card::new();
    card.drop_file(MODEL, &second());
    std::fs::remove_file(card.card().join("sound_classifier.tflite.sha256")).unwrap();
    card.refuses("put its SHA-256 there");
}

#[test]
fn a_model_that_does_not_load_is_refused() {
    let card = Card::new();
    let whole = second();
    card.drop_file(MODEL, &whole[..whole.len() / 2]);
    card.refuses("the self-test fails");
}

#[test]
fn a_model_with_other_results_than_on_the_workstation_is_refused() {
    let card = Card::new();
    let wav = card.card().join("golden.wav");
    write_wav(&wav, &noise(2, 2.0));
    let mut check = Command::new(firmware());
    check.arg("check").arg("--model").arg(card.card().join(MODEL)).arg(&wav);
    let (_, golden, _) = output(&mut check);
    std::fs::write(card.card().join("golden.txt"), golden).unwrap();
    card.drop_file(MODEL, &second());
    card.refuses("golden.txt has \"Time");
    // With its own results it is accepted.
    let (_, golden, _) = output(&mut check);
    std::fs::write(card.card().join("golden.txt"), golden).unwrap();
    card.update();
    assert_eq!(card.used(MODEL), Some(second()));
}

#[test]
fn a_program_that_passes_the_self_test_is_used_with_the_model_beside_it() {
    let card = Card::new();
    let program = script("exec $real \"$@\"");
    card.drop_file(FIRMWARE, &program);
    card.drop_file(MODEL, &second());
    card.update();
    assert_eq!((card.used(FIRMWARE), card.used(MODEL)), (Some(program), Some(second())));
}

#[test]
fn a_program_that_crashes_is_refused() {
    let card = Card::new();
    card.drop_file(FIRMWARE, &script("kill -SEGV $$"));
    card.refuses("firmware: the self-test fails (signal: 11");
}

#[test]
fn a_program_for_another_machine_is_refused() {
    let card = Card::new();
    card.drop_file(FIRMWARE, b"\x7fELF of another machine");
    card.refuses("firmware: does not start");
}

#[test]
fn a_program_with_other_results_is_refused() {
    let card = Card::new();
    card.drop_file(FIRMWARE, &script("$real \"$@\" | sed s/on_state/off_state/"));
    card.refuses("firmware: its results differ");
}

#[test]
fn a_good_model_beside_a_bad_program_is_used() {
    let card = Card::new();
    card.drop_file(FIRMWARE, &script("exit 1"));
    card.drop_file(MODEL, &second());
    let text = card.update();
    assert_eq!((card.used(FIRMWARE), card.used(MODEL)), (None, Some(second())));
    assert!(text.contains("not used: firmware"), "{text}");
}

#[test]
fn the_reason_for_a_refusal_is_reported_by_the_version_that_runs_instead() {
    let card = Card::new();
    card.drop_file(FIRMWARE, &script("exit 1"));
    card.update();
    let wav = card.path("sound.wav");
    write_wav(&wav, &noise(1, 1.5));
    let mut run = Command::new(firmware());
    run.arg("run").arg("--wav").arg(&wav).arg("--model").arg(card.path("etc").join(MODEL));
    run.arg("--update-note").arg(card.path("update.txt"));
    let (code, lines, stderr) = output(&mut run);
    assert_eq!(code, Some(0), "{stderr}");
    let hello: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert!(hello["rejected_updates"][0].as_str().unwrap().starts_with("firmware: the self-test fails"), "{hello}");
}

/// A slot's content of that generation.
fn content(generation: u64) -> Slot {
    let text = |name: &str| format!("{name} of generation {generation}").into_bytes();
    let files: Files = [(MODEL, text(MODEL)), (FIRMWARE, text(FIRMWARE))].into();
    Slot { generation, files }
}

/// Cuts the power before the `cut`-th step; returns whether that step was reached.
fn write_until(card: &Path, which: Which, slot: &Slot, cut: usize) -> bool {
    let mut steps = 0;
    let step = |_: &str| {
        steps += 1;
        if steps > cut { Err(std::io::Error::other("power cut")) } else { Ok(()) }
    };
    slot::write(card, which, slot, step).is_err()
}

#[test]
fn a_power_cut_before_any_step_leaves_the_old_or_the_new_version() {
    for cut in 0.. {
        let folder = tempfile::tempdir().unwrap();
        let card = folder.path();
        assert!(!write_until(card, Which::A, &content(1), usize::MAX));
        assert!(!write_until(card, Which::B, &content(2), usize::MAX));
        let was_cut = write_until(card, Which::A, &content(3), cut);
        let (found, damaged) = slot::newest(card);
        let (which, found) = found.unwrap();
        // The last piece of the list may be on the card before the last steps.
        assert!(found == content(2) || found == content(3), "cut at {cut}");
        assert!(was_cut || found == content(3));
        assert!(damaged.iter().all(|why| why.contains("power was lost")), "cut at {cut}: {damaged:?}");
        // The next write completes despite the remains of the interrupted one.
        assert!(!write_until(card, which.other(), &content(found.generation + 1), usize::MAX));
        assert_eq!(slot::newest(card).0.unwrap().1, content(found.generation + 1));
        if !was_cut {
            assert!(cut > 20, "too few steps were cut: {cut}");
            return;
        }
    }
}

#[test]
fn a_list_torn_anywhere_is_rejected() {
    let folder = tempfile::tempdir().unwrap();
    assert!(!write_until(folder.path(), Which::A, &content(1), usize::MAX));
    assert!(!write_until(folder.path(), Which::B, &content(2), usize::MAX));
    let list = folder.path().join("monitor/b/slot.txt");
    let whole = std::fs::read(&list).unwrap();
    // Only the final line break may be missing.
    for end in 0..whole.len() - 1 {
        std::fs::write(&list, &whole[..end]).unwrap();
        assert_eq!(slot::newest(folder.path()).0.unwrap().1, content(1), "cut at {end}");
        let zeroes = [&whole[..end], &vec![0; whole.len() - end]].concat();
        std::fs::write(&list, zeroes).unwrap();
        assert_eq!(slot::newest(folder.path()).0.unwrap().1, content(1), "zero from {end}");
    }
}

#[test]
fn a_damaged_slot_is_not_used_and_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    assert!(!write_until(folder.path(), Which::A, &content(1), usize::MAX));
    assert!(!write_until(folder.path(), Which::B, &content(2), usize::MAX));
    std::fs::write(folder.path().join("monitor/b").join(MODEL), "something else").unwrap();
    let (found, damaged) = slot::newest(folder.path());
    assert_eq!(found.unwrap().1, content(1));
    assert!(damaged[0].contains("the card is damaged"), "{damaged:?}");
}
