//! `require_signature`: the real program accepts only a model with a valid signature.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod common;

use std::path::PathBuf;

use common::model::loudness_model;
use common::place::Place;
use common::program::{Program, output};
use common::sign;
use nix::sys::signal::Signal;

/// A place whose configuration requires signatures and names a generated key.
struct Signed {
    place: Place,
    key: PathBuf,
}

impl Signed {
    fn new(parts: usize, part_s: f32) -> Self {
        let place = Place::new("", parts, part_s);
        let key = place.path("monitor.key");
        let public = sign::generate(&key);
        let path = place.path("monitor.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        let asks = format!("[listen]\nrequire_signature = true\npublic_key = {public:?}\n");
        std::fs::write(path, text.replacen("[listen]\n", &asks, 1)).unwrap();
        Self { place, key }
    }

    fn sign(&self) {
        sign::sign(&self.place.model(), &self.key);
    }

    /// Runs on the recording; returns exit code and standard error.
    fn run(&self) -> (Option<i32>, String) {
        let (code, _, stderr) = output(&mut self.place.run(&["--wav", self.place.wav().to_str().unwrap()]));
        (code, stderr)
    }

    fn is_refused(&self, word: &str) {
        let (code, stderr) = self.run();
        assert_eq!(code, Some(1), "{stderr}");
        assert!(stderr.contains(word) && stderr.contains("model.tflite.minisig"), "{word}: {stderr}");
    }
}

#[test]
fn a_signed_model_is_accepted() {
    let signed = Signed::new(1, 2.0);
    signed.sign();
    let (code, stderr) = signed.run();
    assert_eq!(code, Some(0), "{stderr}");
}

#[test]
fn a_model_without_a_signature_is_refused() {
    Signed::new(1, 2.0).is_refused("host-tools sign");
}

#[test]
fn a_model_changed_after_it_was_signed_is_refused() {
    let signed = Signed::new(1, 2.0);
    signed.sign();
    std::fs::write(signed.place.model(), loudness_model("on_state", "off_state")).unwrap();
    signed.is_refused("was changed");
}

#[test]
fn a_model_signed_with_another_key_is_refused() {
    let signed = Signed::new(1, 2.0);
    let other = signed.place.path("other.key");
    sign::generate(&other);
    sign::sign(&signed.place.model(), &other);
    signed.is_refused("another key");
}

#[test]
fn a_signature_cut_short_is_refused() {
    let signed = Signed::new(1, 2.0);
    signed.sign();
    let path = signed.place.path("model.tflite.minisig");
    let text = std::fs::read_to_string(&path).unwrap();
    for end in 0..text.trim_end().len() {
        let listen = firmware::config::ListenConfig {
            model: signed.place.model(),
            require_signature: true,
            public_key: sign::public_beside(&signed.key),
            ..Default::default()
        };
        std::fs::write(&path, &text[..end]).unwrap();
        let bytes = std::fs::read(signed.place.model()).unwrap();
        assert!(firmware::inference::signature::check(&listen, &bytes).is_err(), "cut at {end}");
    }
}

#[test]
fn a_reload_without_a_good_signature_keeps_the_old_model() {
    let signed = Signed::new(12, 1.0);
    signed.sign();
    let mut program = Program::start(signed.place.run(&["--stdin", "--realtime"]));
    program.feed(signed.place.wav());
    program.wait("windows", |program| program.reports("verdict").len() >= 2);
    std::fs::write(signed.place.model(), loudness_model("quiet", "loud")).unwrap();
    program.signal(Signal::SIGHUP);
    program.wait("a message about the signature", |program| program.stderr().contains("was changed"));
    let before = program.reports("verdict").len();
    program.wait("more windows", |program| program.reports("verdict").len() > before);
    let hello = program.reports("hello").pop().unwrap();
    assert_eq!(hello["labels"], serde_json::json!(["off_state", "on_state"]), "the old model is still active");
    assert!(hello["rejected_updates"][0].as_str().unwrap().contains("was changed"), "gives the reason: {hello}");
    // The same model with a signature is accepted.
    signed.sign();
    program.signal(Signal::SIGHUP);
    program.wait("the new model", |program| program.reports("hello").len() == 3);
}
