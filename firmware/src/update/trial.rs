//! The self-test of an update, in a separate process, which may crash or hang: the new program loads the new model with the
//! current configuration and checks a recording.
//!
//! With `golden.txt` on the card (the output of `host-tools predict` for `golden.wav`) the results must be equal to the
//! digit. Without, the recording is generated, and a new program must give the results of the old one.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{FIRMWARE, Files, MODEL, NAMES, Options, SIGNATURE, write_program};

/// Longest that a self-test may take; a minute of sound takes a Pi 3 a few seconds.
const TIMEOUT: Duration = Duration::from_secs(120);
/// Rate of the generated sound in Hz.
const RATE: u32 = 16_000;

/// Runs the self-test.
pub struct Trial<'a> {
    options: &'a Options,
    sound: PathBuf,
    golden: Option<Vec<String>>,
}

impl<'a> Trial<'a> {
    /// Prepares the recording.
    ///
    /// # Errors
    /// When the folder for trials cannot be written.
    pub fn new(options: &'a Options) -> io::Result<Self> {
        fs::create_dir_all(&options.work)?;
        let golden = fs::read_to_string(options.card.join("golden.txt")).ok().map(|text| lines(&text));
        let sound = match golden {
            Some(_) => options.card.join("golden.wav"),
            None => options.work.join("generated.wav"),
        };
        if golden.is_none() {
            monitor_model::wav::write(&sound, RATE, 1, |writer| writer.push_i16(&generated()))
                .map_err(io::Error::other)?;
        }
        Ok(Self { options, sound, golden })
    }

    /// Whether `new` works in the place of `old`.
    ///
    /// # Errors
    /// Why not.
    pub fn run(&self, old: &Files, new: &Files) -> Result<(), String> {
        if !new.contains_key(MODEL) {
            return Err("there is no model to test it with; put one on the card".into());
        }
        let results = self.check(new)?;
        if let Some(golden) = &self.golden {
            return match results.iter().zip(golden).find(|(result, golden)| result != golden) {
                Some((result, golden)) => {
                    Err(format!("golden.wav gives \"{result}\" where golden.txt has \"{golden}\""))
                }
                None if results.len() != golden.len() => {
                    Err(format!("golden.wav gives {} windows, golden.txt has {}", results.len(), golden.len()))
                }
                None => Ok(()),
            };
        }
        if new.get(FIRMWARE) == old.get(FIRMWARE) {
            return Ok(());
        }
        let mut reference = new.clone();
        match old.get(FIRMWARE) {
            Some(program) => drop(reference.insert(FIRMWARE, program.clone())),
            None => drop(reference.remove(FIRMWARE)),
        }
        match self.check(&reference) {
            Ok(before) if before != results => {
                Err("its results differ from those of the program before it; put golden.wav and golden.txt on the card"
                    .into())
            }
            // If only the new program can run the model, there are no results to compare with.
            _ => Ok(()),
        }
    }

    /// The results of these files for the recording.
    fn check(&self, files: &Files) -> Result<Vec<String>, String> {
        let place = |name: &str| self.options.work.join(name);
        let failed = |error: io::Error| format!("the self-test cannot be made: {error}");
        for name in NAMES {
            let _ = fs::remove_file(place(name));
        }
        for name in [MODEL, SIGNATURE, FIRMWARE] {
            if let Some(bytes) = files.get(name) {
                write_program(&place(name), bytes).map_err(failed)?;
            }
        }
        let own = &self.options.own;
        let program = if files.contains_key(FIRMWARE) { place(FIRMWARE) } else { own.clone() };
        let (out, err) = (place("results"), place("errors"));
        let mut command = Command::new(&program);
        command.arg("check").arg("--model").arg(place(MODEL)).arg(&self.sound);
        if let Some(config) = &self.options.config {
            command.arg("--config").arg(config);
        }
        command
            .stdin(Stdio::null())
            .stdout(File::create(&out).map_err(failed)?)
            .stderr(File::create(&err).map_err(failed)?);
        let ended = wait(&mut command)?;
        let text = |path: &Path| String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned();
        if !ended.success() {
            let why = text(&err);
            let why = why.trim().lines().next_back().unwrap_or_default().trim_start_matches("error: ");
            let why = why.replace(&format!("{}/", self.options.work.display()), "");
            return Err(format!("the self-test fails ({ended}): {why}"));
        }
        Ok(lines(&text(&out)))
    }
}

/// Runs a command to its end, or kills it after a timeout.
fn wait(command: &mut Command) -> Result<std::process::ExitStatus, String> {
    let mut child = command.spawn().map_err(|error| format!("does not start: {error}"))?;
    let begun = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if begun.elapsed() < TIMEOUT => std::thread::sleep(Duration::from_millis(20)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("the self-test does not end within {} s", TIMEOUT.as_secs()));
            }
        }
    }
}

/// One line for each window, without the inference time.
fn lines(text: &str) -> Vec<String> {
    let windows = text.lines().filter(|line| line.starts_with("Time "));
    windows.map(|line| line.split(" | ").next().unwrap_or_default().to_owned()).collect()
}

/// Three seconds of noise, each louder than the one before.
fn generated() -> Vec<i16> {
    let mut state = 7u32;
    let amplitude = |at: u32| [30, 1_000, 12_000][(at / RATE) as usize];
    (0..3 * RATE)
        .map(|at| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 16) as i32 * amplitude(at) / 32_768 - amplitude(at)) as i16
        })
        .collect()
}
