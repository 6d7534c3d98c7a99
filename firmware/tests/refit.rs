//! `firmware refit`: a state that is learned from labelled clips, what is refused, and the way back.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

#[path = "common/carried.rs"]
mod carried;
mod common;
#[path = "../../shared/testing/schema.rs"]
mod schema;

use std::process::Command;

use carried::{LABELS, clip, clips};
use common::model::write_wav;
use common::place::Place;
use common::program::{Program, firmware, output, parse, verdicts};
use common::sign;
use nix::sys::signal::Signal;
use serde_json::{Value, json};

/// A place with the model of [`carried`].
struct Device {
    place: Place,
}

impl Device {
    fn new() -> Self {
        let place = Place::new("", 1, 0.5);
        std::fs::write(place.model(), carried::model()).unwrap();
        Self { place }
    }

    fn refit(&self, options: &[&str]) -> (Option<i32>, String, String) {
        let mut command = Command::new(firmware());
        output(command.arg("refit").arg("--config").arg(self.place.path("monitor.toml")).args(options))
    }

    /// Refits to the rows of a list of labels.
    fn learn(&self, rows: &str) -> (Option<i32>, Value) {
        let list = self.place.path("labels.csv");
        std::fs::write(&list, format!("file,label,condition\n{rows}")).unwrap();
        let (code, text, stderr) = self.refit(&["--json", "-", "--labels", list.to_str().unwrap()]);
        let Ok(report) = serde_json::from_str(&text) else { return (code, json!(stderr)) };
        schema::check(&report);
        (code, report)
    }

    /// Rows of five clips of a tone that the model does not have.
    fn whine(&self, label: &str, condition: &str) -> String {
        clips(self.place.folder.path(), 2, 20..25, label, condition)
    }

    /// The state at the end of a recording of `class` by `check`, and whether there was an alarm; with its messages.
    fn check(&self, class: usize) -> (String, bool, String) {
        write_wav(&self.place.wav(), &clip(class, 91, 6.0));
        let mut command = Command::new(firmware());
        command.args(["check", "--json", "--hop", "0.25", "--config"]).arg(self.place.path("monitor.toml"));
        let (code, text, stderr) = output(command.arg(self.place.wav()));
        assert_eq!(code, Some(0), "{stderr}");
        let found = verdicts(&parse(&text));
        (found.last().unwrap().state.clone(), found.iter().any(|window| window.alarm), stderr)
    }

    fn states(&self) -> [String; 3] {
        [0, 1, 2].map(|class| self.check(class).0)
    }
}

#[test]
fn a_new_state_is_recognised_after_the_refit_and_the_others_stay() {
    let device = Device::new();
    let model = std::fs::read(device.place.model()).unwrap();
    assert_eq!(device.states()[..2], LABELS);
    assert!(LABELS.contains(&&device.states()[2][..]), "it takes the new sound for one of its own");
    let (code, report) = device.learn(&device.whine("whine", ""));
    assert_eq!(code, Some(0), "{report}");
    assert_eq!((&report["version"], &report["new_labels"]), (&json!(1), &json!(["whine"])));
    assert_eq!(report["held_out"]["right"], json!([0, 5]), "{report}");
    assert_eq!(device.states(), ["hiss", "hum", "whine"]);
    assert_eq!(std::fs::read(device.place.model()).unwrap(), model, "the model is the same");
    // `run` decides as `check` does.
    let (_, run, stderr) = output(&mut device.place.run(&["--wav", device.place.wav().to_str().unwrap()]));
    let lines = parse(&run);
    assert_eq!(verdicts(&lines).last().unwrap().state, "whine", "{stderr}");
    let hello = lines.iter().find(|line| line["kind"] == "hello").unwrap();
    assert_eq!(hello["labels"], json!(["hiss", "hum", "whine"]));
    // Back, and forth again.
    let (_, text, _) = device.refit(&["--undo"]);
    assert!(text.contains("the model's own head"), "{text}");
    assert!(device.states()[2] != "whine");
    assert_eq!(device.refit(&["--activate", "1"]).0, Some(0));
    assert_eq!(device.states()[2], "whine");
    let (_, list, _) = device.refit(&["--list"]);
    assert!(list.starts_with("*   1  ") && list.contains("hiss, hum, whine"), "{list}");
}

#[test]
fn clips_of_a_known_state_under_a_new_name_are_refused_with_figures() {
    let device = Device::new();
    let rows = clips(device.place.folder.path(), 1, 20..26, "whine", "");
    let (code, report) = device.learn(&rows);
    assert_eq!((code, &report["accepted"]), (Some(1), &json!(false)), "{report}");
    let refused = report["refused"].to_string();
    assert!(refused.contains("windows of the training data") && refused.contains("check the labels"), "{refused}");
    assert!(!device.place.state().join("refit.active").exists());
    assert_eq!(device.states()[..2], LABELS);
}

#[test]
fn labels_that_contradict_each_other_are_refused() {
    let device = Device::new();
    let half = clips(device.place.folder.path(), 2, 20..24, "whine", "");
    let other = clips(device.place.folder.path(), 2, 24..28, "hiss", "");
    let (code, report) = device.learn(&(half + &other));
    assert_eq!(code, Some(1), "{report}");
    assert!(!report["refused"].as_array().unwrap().is_empty());
    assert!(!report["held_out"]["doubtful"].as_array().unwrap().is_empty(), "{report}");
}

#[test]
fn too_few_clips_of_a_new_state_are_an_error_that_states_how_many_are_needed() {
    let device = Device::new();
    let rows = clips(device.place.folder.path(), 2, 20..22, "whine", "");
    let (code, error) = device.learn(&(rows + "gone.wav,whine,\n"));
    assert_eq!(code, Some(1));
    assert!(
        error.to_string().contains("the new state whine has 2 clips that can be read; label at least 3"),
        "{error}"
    );
}

#[test]
fn a_model_without_a_sample_asks_for_another_training() {
    let device = Device::new();
    std::fs::write(device.place.model(), carried::model_with(false)).unwrap();
    let (code, error) = device.learn(&device.whine("whine", ""));
    assert_eq!(code, Some(1));
    assert!(error.to_string().contains("this model carries no training statistics; train it again"), "{error}");
    assert_eq!(device.states()[..2], LABELS, "it runs all the same");
}

#[test]
fn a_clip_that_is_labelled_normal_raises_no_alarm_any_more_and_a_fault_does() {
    let device = Device::new();
    assert!(device.check(2).1 && device.check(1).1);
    let fault = clips(device.place.folder.path(), 1, 20..22, "", "fault");
    let (code, report) = device.learn(&(device.whine("", "normal") + &fault));
    assert_eq!(code, Some(0), "{report}");
    assert_eq!((&report["normal"]["alarm"], &report["faults"]["alarm"]), (&json!([5, 0]), &json!([2, 2])), "{report}");
    assert!(!device.check(2).1, "normal now");
    assert!(device.check(1).1, "the fault still raises the alarm");
    assert_eq!(device.states()[..2], LABELS, "the head is the model's");
}

#[test]
fn a_fault_that_would_no_longer_raise_the_alarm_is_a_reason_to_refuse() {
    let device = Device::new();
    let fault = clips(device.place.folder.path(), 2, 40..41, "", "fault");
    let (code, report) = device.learn(&(device.whine("", "normal") + &fault));
    assert_eq!(code, Some(1), "{report}");
    assert!(report["refused"][0].as_str().unwrap().contains("clip_2_40.wav; check whether"), "{report}");
    assert!(device.check(2).1);
}

#[test]
fn a_damaged_refit_is_reported_and_the_models_own_head_is_used() {
    let device = Device::new();
    assert_eq!(device.learn(&device.whine("whine", "normal")).0, Some(0));
    let path = device.place.state().join("refit-1.overlay");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    // A state of the refit that the configuration names does not keep the program from starting.
    device.place.configure("[alarm]\nstates = [\"whine\", \"hum\"]\n");
    let (state, alarm, stderr) = device.check(2);
    assert!(state != "whine" && alarm, "{state}");
    assert!(stderr.contains("refit-1.overlay is ignored: it is damaged"), "{stderr}");
    let (_, run, _) = output(&mut device.place.run(&["--wav", device.place.wav().to_str().unwrap()]));
    let hello = parse(&run).into_iter().find(|line| line["kind"] == "hello").unwrap();
    assert!(hello["rejected_updates"][0].as_str().unwrap().contains("it is damaged"), "{hello}");
    let (_, list, _) = device.refit(&["--list", "--json"]);
    let list: Value = serde_json::from_str(&list).unwrap();
    schema::check(&list);
    let list = &list["versions"];
    assert_eq!((&list[0]["damaged"], &list[0]["active"]), (&json!(true), &json!(true)));
}

#[test]
fn a_running_program_takes_the_refit_at_sighup_and_goes_back() {
    let device = Device::new();
    let rows = device.whine("whine", "");
    write_wav(&device.place.wav(), &clip(2, 92, 40.0));
    let mut program = Program::start(device.place.run(&["--stdin", "--realtime"]));
    program.feed(device.place.wav());
    let last = |program: &Program| program.reports("verdict").pop().map(|line| line["state"].clone());
    program.wait("a state", |program| last(program).is_some_and(|state| state != "unknown"));
    assert_eq!(device.learn(&rows).0, Some(0));
    program.signal(Signal::SIGHUP);
    program.wait("the new state", |program| last(program) == Some(json!("whine")));
    assert_eq!(program.reports("verdict").pop().unwrap()["probabilities"].as_array().unwrap().len(), 3);
    assert_eq!(device.refit(&["--undo"]).0, Some(0));
    program.signal(Signal::SIGHUP);
    program.wait("a state of the model", |program| {
        last(program).is_some_and(|state| LABELS.iter().any(|label| state == *label))
    });
    assert_eq!(program.reports("hello").pop().unwrap()["labels"], json!(LABELS));
}

#[test]
fn another_model_or_another_baseline_leaves_the_refit_or_its_tables_unused() {
    let device = Device::new();
    assert_eq!(device.learn(&device.whine("whine", "normal")).0, Some(0));
    assert!(!device.check(2).1);
    // The tables of the refit were widened from the model's own.
    write_wav(&device.place.path("long.wav"), &clip(0, 3, 62.0));
    let mut baseline = Command::new(firmware());
    baseline.args(["baseline", "--force", "--config"]).arg(device.place.path("monitor.toml"));
    let (code, _, stderr) = output(baseline.arg("--wav").arg(device.place.path("long.wav")));
    assert_eq!(code, Some(0), "{stderr}");
    let (state, alarm, stderr) = device.check(2);
    assert_eq!((&state[..], alarm), ("whine", true), "the head stays");
    assert!(stderr.contains("the baseline has changed since the refit"), "{stderr}");
    std::fs::write(device.place.model(), carried::model_with(false)).unwrap();
    let (state, _, stderr) = device.check(2);
    assert!(state != "whine" && stderr.contains("it was made with another model"), "{state} {stderr}");
}

#[test]
fn with_require_signature_a_refit_is_made_and_used_only_if_the_configuration_allows_it() {
    let device = Device::new();
    let rows = device.whine("whine", "");
    assert_eq!(device.learn(&rows).0, Some(0));
    let key = device.place.path("monitor.key");
    let public = sign::generate(&key);
    sign::sign(&device.place.model(), &key);
    let configure = |more: &str| {
        device.place.configure("");
        let path = device.place.path("monitor.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        let listen = format!("[listen]\nrequire_signature = true\npublic_key = {public:?}\n{more}");
        std::fs::write(path, text.replacen("[listen]\n", &listen, 1)).unwrap();
    };
    configure("");
    let (code, error) = device.learn(&rows);
    assert!(code == Some(1) && error.to_string().contains("allow_baseline"), "{error}");
    let (state, _, stderr) = device.check(2);
    assert!(state != "whine" && stderr.contains("require_signature is set and it bears none"), "{state} {stderr}");
    configure("allow_baseline = true\n");
    assert_eq!(device.check(2).0, "whine");
}

#[test]
fn a_dry_run_stores_nothing() {
    let device = Device::new();
    let list = device.place.path("labels.csv");
    std::fs::write(&list, format!("file,label,condition\n{}", device.whine("whine", ""))).unwrap();
    let (code, text, stderr) = device.refit(&["--dry-run", "--labels", list.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(text.contains("accepted, not stored: hiss, hum, whine"), "{text}");
    assert!(text.contains("whine: 0 of 5 clips recognised before, 5 after, each left out in turn"), "{text}");
    assert!(!device.place.state().exists());
}

#[test]
fn what_cannot_be_written_is_refused_before_the_clips_are_read() {
    let device = Device::new();
    let list = device.place.path("labels.csv");
    std::fs::write(&list, format!("file,label,condition\n{}", device.whine("whine", ""))).unwrap();
    // A file in the way stops root too.
    let file = device.place.path("file");
    std::fs::write(&file, "").unwrap();
    let below = file.join("below");
    let (labels, below) = (list.to_str().unwrap(), below.to_str().unwrap());
    for (option, why) in [("--json", "the JSON cannot be written"), ("--state-dir", "check listen.state_dir")] {
        let (code, text, stderr) = device.refit(&["--labels", labels, option, below]);
        assert!(code == Some(1) && text.is_empty() && stderr.contains(why), "{option}: {text}{stderr}");
        assert!(!stderr.contains("clip 1"), "{option}: {stderr}");
    }
}
