//! The fuzz targets on stable Rust: generated seeds, the kept corpus, and mutations of both by a generator with a fixed seed.
//! `make fuzz` searches with coverage feedback; this test samples. Without cargo-fuzz, FUZZ_SECONDS=600 makes each target run
//! for that time: `FUZZ_SECONDS=600 cargo test -p fuzz-bodies --test stable compressed -- --nocapture`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fuzz_bodies::{TARGETS, Target, metadata, model, page, seeds};

/// Mutations per target; an eighth of them for whole models and compressed sound, which take longer.
const CASES: usize = 16_000;

/// SplitMix64.
struct Rng(u64);

impl Rng {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % limit.max(1) as u64) as usize
    }
}

/// Damages `bytes` in one to four places.
fn mutate(bytes: &mut Vec<u8>, rng: &mut Rng) {
    for _ in 0..=rng.below(4) {
        let at = rng.below(bytes.len());
        let len = 1 + rng.below(16).min(bytes.len().saturating_sub(at + 1));
        match rng.below(7) {
            _ if bytes.is_empty() => bytes.push(rng.below(256) as u8),
            0 => bytes[at] ^= 1 << rng.below(8),
            1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][rng.below(5)],
            2 => bytes[at] = rng.below(256) as u8,
            3 => bytes.truncate(at),
            4 => drop(bytes.drain(at..at + len)),
            5 => {
                let copy = bytes[at..at + len].to_vec();
                let to = rng.below(bytes.len() + 1);
                bytes.splice(to..to, copy);
            }
            _ => {
                let from = rng.below(bytes.len() - len + 1);
                bytes.copy_within(from..from + len, at);
            }
        }
    }
}

fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus").join(name)
}

/// Seeds and the kept corpus, in the order of the files' names.
fn inputs(target: &Target) -> Vec<Vec<u8>> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(corpus(target.name)).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let kept = files.iter().map(|path| std::fs::read(path).unwrap());
    (target.seeds)().into_iter().chain(kept).collect()
}

fn smoke(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let inputs = inputs(target);
    inputs.iter().for_each(|input| (target.body)(input));
    let mut rng = Rng(1);
    let cases = if matches!(name, "model" | "recording") { CASES / 8 } else { CASES };
    let seconds: Option<u64> = std::env::var("FUZZ_SECONDS").ok().map(|seconds| seconds.parse().unwrap());
    let end = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    for case in 0.. {
        if end.map_or(case >= cases, |end| Instant::now() >= end) {
            println!("{name}: {case} inputs");
            break;
        }
        let mut input = inputs[case % inputs.len()].clone();
        mutate(&mut input, &mut rng);
        // A panic ends the test. The sequence is deterministic, so the input can be reproduced.
        (target.body)(&input);
    }
}

#[test]
fn any_bytes_as_a_model_are_an_error_or_run() {
    smoke("model");
}

#[test]
fn any_bytes_as_our_metadata_are_an_error_or_can_be_used() {
    smoke("metadata");
}

#[test]
fn any_bytes_as_a_recording_are_an_error_or_finite_samples() {
    smoke("wav");
}

#[test]
fn any_bytes_as_a_compressed_recording_are_an_error_or_finite_samples() {
    smoke("recording");
}

#[test]
fn any_bytes_as_a_manifest_or_timeline_are_an_error_or_rows() {
    smoke("manifest");
}

#[test]
fn any_bytes_as_a_configuration_are_an_error_or_can_be_written_and_read_again() {
    smoke("config");
}

#[test]
fn any_bytes_on_the_wire_are_damage_or_frames_that_can_be_sent_again() {
    smoke("wire");
}

#[test]
fn after_any_bytes_the_monitor_is_in_step_again() {
    smoke("link");
}

#[test]
fn any_bytes_as_modbus_have_a_whole_answer_or_none() {
    smoke("modbus");
}

#[test]
fn any_bytes_as_an_event_log_are_passed_over_or_records_that_can_be_shown_and_written_again() {
    smoke("events");
}

#[test]
fn any_bytes_as_a_refit_or_its_sample_are_an_error_or_can_be_used() {
    smoke("refit");
}

#[test]
fn any_bytes_as_a_request_have_one_of_four_answers() {
    smoke("http");
}

#[test]
fn any_request_to_the_page_has_an_answer_and_none_without_a_session_has_what_is_not_open() {
    smoke("page");
}

/// Each seed is accepted by its parser, so that mutations reach the code behind the first check.
#[test]
fn the_seeds_are_valid() {
    use monitor_core::anomaly::AnomalyModel;
    assert!(seeds::models().iter().all(|bytes| model::read_model(bytes)));
    let metadata = seeds::metadata();
    assert!(monitor_core::model_card::ModelCard::from_bytes(&metadata[0]).is_ok());
    assert!(AnomalyModel::from_bytes(&metadata[1]).is_ok());
    let summed = [&metadata[2][..], &metadata::crc32(&metadata[2]).to_le_bytes()].concat();
    assert!(AnomalyModel::from_bytes(&summed).is_ok());
    let refits = seeds::refits();
    assert!(monitor_core::training_sample::TrainingSample::from_bytes(&refits[0]).is_ok());
    assert!(monitor_model::refit::overlay::Overlay::parse(&refits[1]).is_ok());
    let labels = std::str::from_utf8(&refits[2]).unwrap();
    assert_eq!(firmware::refit::parse_labels(labels, Path::new("/nowhere")).unwrap().len(), 3);
    for wav in seeds::wavs() {
        let mut reader = monitor_model::wav::WavReader::new(&wav[..]).unwrap();
        assert_eq!(reader.read(&mut [0.0; 100]).unwrap(), 40);
    }
    for recording in seeds::recordings() {
        assert!(monitor_recording::RecordingReader::from_bytes(&recording).unwrap().frames() > 0);
    }
    for text in seeds::configs() {
        firmware::config::Config::parse(std::str::from_utf8(&text).unwrap()).unwrap();
    }
    let manifests = seeds::manifests();
    let text = |index: usize| std::str::from_utf8(&manifests[index]).unwrap();
    // None of the files is there.
    let rows = |index| host_tools::manifest_rows(text(index), Path::new("/nowhere")).unwrap();
    assert_eq!((rows(0), rows(1)), ((0, 2), (0, 3)));
    assert_eq!(monitor_synth::timeline::Timeline::parse(text(2)).unwrap().spans.len(), 2);
    let events = seeds::events();
    assert_eq!(
        (firmware::sinks::events::records(&events[0]).0.len(), firmware::sinks::events::records(&events[1]).1),
        (10, 10)
    );
    let statuses: Vec<u16> = seeds::page_requests().iter().map(|seed| page::ask(seed).unwrap().status).collect();
    let (last, first) = (statuses.len() - 4, statuses.len() - 17);
    assert!(statuses[..first].iter().all(|status| [200, 206, 404].contains(status)), "{statuses:?}");
    assert!(statuses[first..last].iter().all(|status| ![403, 405, 415].contains(status)), "{statuses:?}");
    assert_eq!(statuses[last..], [401, 401, 403, 200]);
    let mut link = host_tools::Link::default();
    let frames = seeds::frames();
    link.push(&frames[0], |_| {});
    let mut messages = 0;
    seeds::messages(|_| messages += 1);
    assert_eq!((link.counts().frames, link.counts().damaged), (messages, 0));
}

#[test]
fn a_seed_asks_each_address_of_the_page() {
    let routes = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../firmware/src/sinks/page/routes.rs");
    let routes = std::fs::read_to_string(routes).unwrap();
    let seeds = seeds::page_requests().into_iter().map(|seed| String::from_utf8(seed).unwrap());
    let asked: Vec<String> = seeds.map(|seed| seed.split(" HTTP/").next().unwrap().to_owned()).collect();
    let mut addresses = 0;
    for route in routes.split(".route(\"").skip(1) {
        let (address, handler) = route.split_once("\", ").unwrap();
        let method = if handler.starts_with("post(") { "POST" } else { "GET" };
        // What stands in braces is a name of a file.
        let wanted = format!("{method} {}", address.split('{').next().unwrap());
        let is_asked = |line: &String| {
            if address.contains('{') { line.starts_with(&wanted) } else { line.split('?').next() == Some(&wanted) }
        };
        assert!(asked.iter().any(is_asked), "no seed asks {method} {address}");
        addresses += 1;
    }
    assert!(addresses > 30, "{addresses}");
}

/// Writes the inputs that a search starts from; `make fuzz` runs this.
#[test]
#[ignore = "writes the seeds into the folder that FUZZ_SEEDS names"]
fn write_the_seeds() {
    let Some(folder) = std::env::var_os("FUZZ_SEEDS").map(PathBuf::from) else { return };
    for target in &TARGETS {
        let folder = folder.join(target.name);
        std::fs::create_dir_all(&folder).unwrap();
        for (number, input) in inputs(target).iter().enumerate() {
            std::fs::write(folder.join(format!("seed_{number}")), input).unwrap();
        }
    }
}
