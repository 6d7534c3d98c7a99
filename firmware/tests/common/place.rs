//! A folder with everything that `firmware run` needs.
#![allow(dead_code, clippy::unwrap_used)] // Each test program uses its part; a panic is how a test fails.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::model::{loudness_model, noise, write_wav};
use super::program::{Program, firmware};

/// A folder with a model, a recording and a configuration.
pub struct Place {
    pub folder: tempfile::TempDir,
    /// What `--state-dir` names, in that folder; without it there is no such option.
    pub state_option: Option<&'static str>,
}

impl Place {
    pub fn new(config: &str, parts: usize, part_s: f32) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap(), state_option: None };
        std::fs::write(place.model(), loudness_model("off_state", "on_state")).unwrap();
        write_wav(&place.wav(), &noise(parts, part_s));
        place.configure(config);
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
    pub fn model(&self) -> PathBuf {
        self.path("model.tflite")
    }
    pub fn wav(&self) -> PathBuf {
        self.path("sound.wav")
    }
    pub fn status(&self) -> PathBuf {
        self.path("status.json")
    }

    /// The program's state directory.
    pub fn state(&self) -> PathBuf {
        self.state_option.map_or_else(|| self.configured_state(), |name| self.path(name))
    }

    /// That of the configuration.
    pub fn configured_state(&self) -> PathBuf {
        self.path("state")
    }

    pub fn configure(&self, config: &str) {
        let listen =
            format!("[listen]\nmodel = {:?}\nhop_s = 0.25\nstate_dir = {:?}\n", self.model(), self.configured_state());
        let status = format!("[status]\nfile = {:?}\nevery_s = 0.1\n", self.status());
        std::fs::write(self.path("monitor.toml"), listen + &status + config).unwrap();
    }

    /// `firmware run --config ... more`.
    pub fn run(&self, more: &[&str]) -> Command {
        let mut command = Command::new(firmware());
        command.arg("run").arg("--config").arg(self.path("monitor.toml")).args(more);
        if self.state_option.is_some() {
            command.arg("--state-dir").arg(self.state());
        }
        command
    }

    pub fn run_on_stdin(&self) -> Program {
        let mut program = Program::start(self.run(&["--stdin", "--realtime"]));
        program.feed(self.wav());
        program
    }
}

/// The content of the status file; `None` if it does not exist or is not valid JSON.
pub fn status_of(path: &Path) -> Option<Value> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}
