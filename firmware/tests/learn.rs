//! `firmware learn`: what a device learns of its machine, and when it is used.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod common;

use std::path::PathBuf;
use std::process::Command;

use common::model::loudness_model_with_anomaly_score;
use common::place::Place;
use common::program::{Heard, firmware, heard, output, parse};
use host_tools::sign;

/// A place with a model that takes its normal sound for an anomaly, 72 s of that sound, and a state directory.
struct Machine {
    place: Place,
}

impl Machine {
    fn new() -> Self {
        let machine = Self { place: Place::new("", 60, 1.2) };
        machine.configure("");
        std::fs::write(machine.place.model(), loudness_model_with_anomaly_score("off_state", "on_state")).unwrap();
        machine
    }

    /// `more` are further keys of `[listen]`.
    fn configure(&self, more: &str) {
        self.place.configure("");
        let path = self.place.path("monitor.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, text.replacen("[listen]\n", &format!("[listen]\n{more}"), 1)).unwrap();
    }

    fn learned(&self) -> PathBuf {
        self.place.state().join("anomaly.enrolment")
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(firmware());
        command.arg(name).arg("--config").arg(self.place.path("monitor.toml"));
        command
    }

    fn learn(&self) -> (Option<i32>, String) {
        let (code, _, words) = output(self.command("learn").arg("--wav").arg(self.place.wav()));
        (code, words)
    }

    fn check(&self) -> (Vec<Heard>, String) {
        let (code, text, words) = output(self.command("check").args(["--json", "--hop", "0.25"]).arg(self.place.wav()));
        assert_eq!(code, Some(0), "{words}");
        (heard(&parse(&text)), words)
    }

    /// Asks for signatures, and signs the model.
    fn sign(&self) -> String {
        let key = self.place.path("monitor.key");
        let public = sign::generate(&key, String::new()).unwrap();
        sign::sign(&self.place.model(), &sign::secret_key(&key, None).unwrap()).unwrap();
        format!("require_signature = true\npublic_key = {public:?}\n")
    }
}

#[test]
fn sound_that_was_learned_as_normal_raises_no_alarm_any_more_and_the_model_is_the_same() {
    let machine = Machine::new();
    let model = std::fs::read(machine.place.model()).unwrap();
    let (before, _) = machine.check();
    assert!(before.iter().any(|window| window.alarm), "the model takes this sound for an anomaly");
    let (code, words) = machine.learn();
    assert_eq!(code, Some(0), "{words}");
    let (after, words) = machine.check();
    assert!(!words.contains("ignored"), "{words}");
    assert!(after.iter().all(|window| !window.alarm));
    // Nothing but the anomaly score is another one.
    let plain = |heard: Vec<Heard>| -> Vec<Heard> {
        heard.into_iter().map(|window| Heard { anomaly: None, alarm: false, ..window }).collect()
    };
    let (_, run, words) = output(&mut machine.place.run(&["--wav", machine.place.wav().to_str().unwrap()]));
    assert_eq!(heard(&parse(&run)), after, "run: {words}");
    assert_eq!(plain(before), plain(after));
    assert_eq!(std::fs::read(machine.place.model()).unwrap(), model);
    let left = std::fs::read_dir(machine.place.path("state")).unwrap().count();
    assert_eq!(left, 1, "no temporary file is left");
}

#[test]
fn what_was_learned_with_another_model_or_is_damaged_is_ignored_with_a_word() {
    let machine = Machine::new();
    let (unlearned, _) = machine.check();
    assert_eq!(machine.learn().0, Some(0));
    let bytes = std::fs::read(machine.learned()).unwrap();
    std::fs::write(machine.learned(), &bytes[..bytes.len() - 1]).unwrap();
    let (heard, words) = machine.check();
    assert!(words.contains("anomaly.enrolment is ignored: it is damaged"), "{words}");
    assert_eq!(heard, unlearned);
    std::fs::write(machine.learned(), &bytes).unwrap();
    std::fs::write(machine.place.model(), loudness_model_with_anomaly_score("quiet", "loud")).unwrap();
    let (_, words) = machine.check();
    assert!(words.contains("is ignored: it was learned with another model"), "{words}");
}

#[test]
fn with_require_signature_nothing_is_learned_or_used_unless_the_configuration_allows_it() {
    let machine = Machine::new();
    let (unlearned, _) = machine.check();
    let signed = machine.sign();
    machine.configure(&signed);
    let (code, words) = machine.learn();
    assert_eq!(code, Some(1));
    assert!(words.contains("allow_enrolment") && !machine.learned().exists(), "{words}");
    machine.configure(&(signed.clone() + "allow_enrolment = true\n"));
    assert_eq!(machine.learn().0, Some(0));
    assert!(machine.check().0.iter().all(|window| !window.alarm));
    machine.configure(&signed);
    let (heard, words) = machine.check();
    assert!(words.contains("is ignored") && words.contains("allow_enrolment"), "{words}");
    assert_eq!(heard, unlearned);
}

#[test]
fn too_little_sound_teaches_nothing() {
    let machine = Machine::new();
    common::model::write_wav(&machine.place.wav(), &common::model::noise(10, 1.2));
    let (code, words) = machine.learn();
    assert_eq!(code, Some(1));
    assert!(words.contains("too little") && !machine.learned().exists(), "{words}");
}
