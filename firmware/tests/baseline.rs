//! `firmware baseline`: recording a machine's normal sound, and when the result is used.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod common;

use std::path::PathBuf;
use std::process::Command;

use common::model::loudness_model_with_anomaly_score;
use common::place::Place;
use common::program::{Verdict, firmware, output, parse, verdicts};
use common::sign;

/// A place with a model that raises an anomaly alarm on its normal sound, 72 s of that sound, and a state directory.
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

    fn file(&self) -> PathBuf {
        self.place.state().join("anomaly.baseline")
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(firmware());
        command.arg(name).arg("--config").arg(self.place.path("monitor.toml"));
        command
    }

    /// By `--force`: the model warns about this sound.
    fn record(&self) -> (Option<i32>, String) {
        self.record_with(&["--force"])
    }

    fn record_with(&self, options: &[&str]) -> (Option<i32>, String) {
        let (code, _, stderr) = output(self.command("baseline").args(options).arg("--wav").arg(self.place.wav()));
        (code, stderr)
    }

    fn check(&self) -> (Vec<Verdict>, String) {
        let (code, text, stderr) =
            output(self.command("check").args(["--json", "--hop", "0.25"]).arg(self.place.wav()));
        assert_eq!(code, Some(0), "{stderr}");
        (verdicts(&parse(&text)), stderr)
    }

    /// Signs the model with a new key; returns the configuration lines that require that signature.
    fn sign(&self) -> String {
        let key = self.place.path("monitor.key");
        let public = sign::generate(&key);
        sign::sign(&self.place.model(), &key);
        format!("require_signature = true\npublic_key = {public:?}\n")
    }
}

#[test]
fn sound_of_the_baseline_raises_no_alarm_any_more_and_the_model_is_the_same() {
    let machine = Machine::new();
    let model = std::fs::read(machine.place.model()).unwrap();
    let (before, _) = machine.check();
    assert!(before.iter().any(|window| window.alarm), "the model takes this sound for an anomaly");
    let (code, stderr) = machine.record();
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("there was less than a minute of off_state, on_state, of which"), "{stderr}");
    let (after, stderr) = machine.check();
    assert!(!stderr.contains("ignored"), "{stderr}");
    assert!(after.iter().all(|window| !window.alarm));
    // Only the anomaly score has changed.
    let plain = |verdicts: Vec<Verdict>| -> Vec<Verdict> {
        verdicts.into_iter().map(|window| Verdict { anomaly: None, alarm: false, ..window }).collect()
    };
    let (_, run, stderr) = output(&mut machine.place.run(&["--wav", machine.place.wav().to_str().unwrap()]));
    assert_eq!(verdicts(&parse(&run)), after, "run: {stderr}");
    assert_eq!(plain(before), plain(after));
    assert_eq!(std::fs::read(machine.place.model()).unwrap(), model);
    let left = std::fs::read_dir(machine.place.path("state")).unwrap().count();
    assert_eq!(left, 1, "no temporary file is left");
}

#[test]
fn sound_about_which_the_model_warns_makes_no_baseline_without_force() {
    let machine = Machine::new();
    let (code, stderr) = machine.record_with(&[]);
    assert_eq!(code, Some(1), "{stderr}");
    for part in ["  from ", " to 72 s: alarm, highest anomaly score ", "reported state ", "--force"] {
        assert!(stderr.contains(part), "{part}: {stderr}");
    }
    assert!(!machine.file().exists());
    let (code, stderr) = machine.record();
    assert!(code == Some(0) && stderr.contains("with --force this sound becomes normal"), "{stderr}");
    // The model's own tables decide, not those of the baseline, by which the sound is normal.
    assert!(machine.check().0.iter().all(|window| !window.alarm));
    let (code, stderr) = machine.record_with(&[]);
    assert!(code == Some(1) && machine.file().exists(), "{stderr}");
}

#[test]
fn sound_below_the_levels_of_the_configuration_needs_no_force() {
    let machine = Machine::new();
    machine.place.configure("[alarm]\nalarm = 100\nwarn = 100\n");
    let (code, stderr) = machine.record_with(&[]);
    assert!(code == Some(0) && !stderr.contains("--force"), "{stderr}");
}

#[test]
fn a_longer_persistence_of_the_configuration_raises_the_alarm_later() {
    let machine = Machine::new();
    let first = || machine.check().0.iter().position(|window| window.alarm);
    let by_model = first().unwrap();
    machine.place.configure("[alarm]\npersistence_s = 10\n");
    assert!(first().is_none_or(|at| at >= by_model + 36), "9.5 s later, at a hop of 0.25 s");
    machine.place.configure("[alarm]\nalarm = 0.1\n");
    assert!(first().unwrap() <= by_model);
}

#[test]
fn a_baseline_of_another_model_or_a_damaged_one_is_ignored_with_a_message() {
    let machine = Machine::new();
    let (original, _) = machine.check();
    assert_eq!(machine.record().0, Some(0));
    let bytes = std::fs::read(machine.file()).unwrap();
    std::fs::write(machine.file(), &bytes[..bytes.len() - 1]).unwrap();
    let (verdicts, stderr) = machine.check();
    assert!(stderr.contains("anomaly.baseline is ignored: it is damaged"), "{stderr}");
    assert_eq!(verdicts, original);
    std::fs::write(machine.file(), &bytes).unwrap();
    std::fs::write(machine.place.model(), loudness_model_with_anomaly_score("quiet", "loud")).unwrap();
    let (_, stderr) = machine.check();
    assert!(stderr.contains("is ignored: it was recorded with another model"), "{stderr}");
}

#[test]
fn with_require_signature_no_baseline_is_recorded_or_used_unless_the_configuration_allows_it() {
    let machine = Machine::new();
    let (original, _) = machine.check();
    let signed = machine.sign();
    machine.configure(&signed);
    let (code, stderr) = machine.record();
    assert_eq!(code, Some(1));
    assert!(stderr.contains("allow_baseline") && !machine.file().exists(), "{stderr}");
    machine.configure(&(signed.clone() + "allow_baseline = true\n"));
    assert_eq!(machine.record().0, Some(0));
    assert!(machine.check().0.iter().all(|window| !window.alarm));
    machine.configure(&signed);
    let (verdicts, stderr) = machine.check();
    assert!(stderr.contains("is ignored") && stderr.contains("allow_baseline"), "{stderr}");
    assert_eq!(verdicts, original);
}

#[test]
fn too_little_sound_makes_no_baseline() {
    let machine = Machine::new();
    common::model::write_wav(&machine.place.wav(), &common::model::noise(10, 1.2));
    let (code, stderr) = machine.record();
    assert_eq!(code, Some(1));
    assert!(stderr.contains("too little") && !machine.file().exists(), "{stderr}");
}

#[test]
fn without_a_folder_to_write_to_the_command_names_the_option_before_it_records() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let machine = Machine::new();
    let config = machine.place.path("monitor.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace(&format!("{:?}", machine.place.state()), "\"\"")).unwrap();
    let (code, stderr) = machine.record();
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("give --state-dir DIR"), "{stderr}");
    // As a user who may not write there: to root the system refuses nothing.
    let folder = machine.place.path("locked");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o555)).unwrap();
    let program = machine.place.path("firmware");
    std::fs::copy(firmware(), &program).unwrap();
    for path in [machine.place.folder.path(), &program] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut command = Command::new(program);
    command.args(["baseline", "--force", "--model"]).arg(machine.place.model());
    command.arg("--wav").arg(machine.place.wav()).arg("--state-dir").arg(folder.join("state"));
    if nix::unistd::geteuid().is_root() {
        command.uid(65_534).gid(65_534);
    }
    let (code, _, stderr) = output(&mut command);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("locked/state/anomaly.baseline, which is not possible: Permission denied"), "{stderr}");
    assert!(!stderr.contains("minutes recorded"), "{stderr}");
}

#[test]
fn the_baseline_of_another_folder_is_used_where_its_option_is_given() {
    let machine = Machine::new();
    let folder = machine.place.path("elsewhere/state");
    let option = ["--state-dir", folder.to_str().unwrap()];
    let (code, stderr) = machine.record_with(&[&["--force"][..], &option].concat());
    assert_eq!(code, Some(0), "{stderr}");
    assert!(folder.join("anomaly.baseline").exists() && !machine.file().exists());
    let check = |options: &[&str]| {
        let mut command = machine.command("check");
        let (code, text, stderr) =
            output(command.args(["--json", "--hop", "0.25"]).args(options).arg(machine.place.wav()));
        assert_eq!(code, Some(0), "{stderr}");
        verdicts(&parse(&text))
    };
    assert!(check(&[]).iter().any(|window| window.alarm));
    let with_baseline = check(&option);
    assert!(with_baseline.iter().all(|window| !window.alarm));
    let wav = machine.place.wav();
    let run = [&["--wav", wav.to_str().unwrap()][..], &option].concat();
    let (_, text, stderr) = output(&mut machine.place.run(&run));
    assert_eq!(verdicts(&parse(&text)), with_baseline, "{stderr}");
}

#[test]
fn the_old_names_of_command_key_and_file_still_work() {
    let machine = Machine::new();
    let signed = machine.sign();
    machine.configure(&(signed + "allow_enrolment = true\n"));
    let (code, _, stderr) = output(machine.command("learn").args(["--force", "--wav"]).arg(machine.place.wav()));
    assert_eq!(code, Some(0), "{stderr}");
    let old = machine.place.state().join("anomaly.enrolment");
    std::fs::rename(machine.file(), &old).unwrap();
    assert!(machine.check().0.iter().all(|window| !window.alarm), "the file of the old name is used");
    assert_eq!(machine.record().0, Some(0));
    assert!(machine.file().exists() && !old.exists(), "the next baseline replaces it");
}
