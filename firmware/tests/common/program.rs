//! The real program as a child process: feeds its input, sends it signals and reads its output.
#![allow(dead_code, clippy::unwrap_used)] // Each test program uses its part; a panic is how a test fails.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// Longest time that a test waits for a condition.
const WAIT_TIMEOUT: Duration = Duration::from_secs(30);

/// The program's path.
pub fn firmware() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_firmware"))
}

/// A running `firmware`; threads collect its output.
pub struct Program {
    pub child: Child,
    lines: Arc<Mutex<Vec<Value>>>,
    stderr: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

impl Program {
    /// Starts `command` with everything piped.
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let stderr = Arc::new(Mutex::new(String::new()));
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let readers = vec![
            {
                let lines = Arc::clone(&lines);
                std::thread::spawn(move || {
                    for line in BufReader::new(out).lines().map_while(Result::ok) {
                        lines.lock().unwrap().push(serde_json::from_str(&line).expect(&line));
                    }
                })
            },
            {
                let stderr = Arc::clone(&stderr);
                std::thread::spawn(move || {
                    for line in BufReader::new(err).lines().map_while(Result::ok) {
                        *stderr.lock().unwrap() += &(line + "\n");
                    }
                })
            },
        ];
        Self { child, lines, stderr, readers }
    }

    /// Feeds a file to standard input from a thread, then closes the input.
    pub fn feed(&mut self, path: PathBuf) {
        let mut input = self.child.stdin.take().unwrap();
        std::thread::spawn(move || {
            let _ = input.write_all(&std::fs::read(path).unwrap());
        });
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id() as i32), signal).unwrap();
    }

    /// Standard error so far.
    pub fn stderr(&self) -> String {
        self.stderr.lock().unwrap().clone()
    }

    /// All reports of a kind so far.
    pub fn reports(&self, kind: &str) -> Vec<Value> {
        self.lines.lock().unwrap().iter().filter(|line| line["kind"] == kind).cloned().collect()
    }

    /// Waits until `until` holds.
    pub fn wait(&self, what: &str, until: impl Fn(&Self) -> bool) {
        wait(|| until(self), || format!("{what}\n{}\n{:?}", self.stderr(), self.lines.lock().unwrap().last()));
    }

    /// Waits for the end; returns the exit status, the time waited, all lines and standard error.
    pub fn end(mut self) -> (ExitStatus, Duration, Vec<Value>, String) {
        let start = Instant::now();
        wait(|| self.child.try_wait().unwrap().is_some(), || "the end".into());
        let took = start.elapsed();
        let status = self.child.wait().unwrap();
        for reader in std::mem::take(&mut self.readers) {
            reader.join().unwrap();
        }
        let lines = self.lines.lock().unwrap().clone();
        let stderr = self.stderr();
        (status, took, lines, stderr)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until `until` holds; panics with `what` after a timeout.
pub fn wait(mut until: impl FnMut() -> bool, what: impl Fn() -> String) {
    let start = Instant::now();
    while !until() {
        assert!(start.elapsed() < WAIT_TIMEOUT, "timed out waiting for {}", what());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Runs a command to its end; returns exit code, standard output and standard error. The caller sets standard input.
pub fn output(command: &mut Command) -> (Option<i32>, String, String) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut err = child.stderr.take().unwrap();
    let stderr = std::thread::spawn(move || {
        let mut text = String::new();
        err.read_to_string(&mut text).unwrap();
        text
    });
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    (child.wait().unwrap().code(), text, stderr.join().unwrap())
}

/// A verdict before and after the decision, without the times that differ between runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    pub index: u64,
    pub start_s: f64,
    pub state: String,
    pub confidence: f64,
    pub level_dbfs: f64,
    pub anomaly: Option<f64>,
    /// Whether there is an alarm by the anomaly score after this window.
    pub alarm: bool,
    pub probabilities: Vec<f64>,
}

/// The verdicts among the lines of a report.
pub fn verdicts(lines: &[Value]) -> Vec<Verdict> {
    let lines_of = |kind| lines.iter().filter(move |line| line["kind"] == kind);
    let alarm_after = |index: u64| {
        let mut changes = lines_of("alarm").filter(|line| line["cause"] == "anomaly");
        let last = changes.rfind(|line| line["index"].as_u64().unwrap() <= index);
        last.is_some_and(|line| line["active"] == true)
    };
    lines_of("verdict")
        .map(|line| Verdict {
            index: line["index"].as_u64().unwrap(),
            start_s: line["start_s"].as_f64().unwrap(),
            state: line["state"].as_str().unwrap().into(),
            confidence: line["confidence"].as_f64().unwrap(),
            level_dbfs: line["level_dbfs"].as_f64().unwrap(),
            anomaly: line["anomaly"].as_f64(),
            alarm: alarm_after(line["index"].as_u64().unwrap()),
            probabilities: line["probabilities"].as_array().unwrap().iter().map(|p| p.as_f64().unwrap()).collect(),
        })
        .collect()
}

/// Parses lines of JSON.
pub fn parse(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}
