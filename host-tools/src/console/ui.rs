//! Lines for people, and progress bars that appear on a terminal only.

use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::JsonOut;

/// Why a line could not be written to standard output: the first error that is not a closed pipe.
static FAILED: OnceLock<io::Error> = OnceLock::new();

/// Why results are missing from standard output, as on a full disk; `None` if all were written or the reader closed the pipe.
pub(crate) fn stdout_failure() -> Option<&'static io::Error> {
    FAILED.get()
}

/// Where text for people goes: standard output, or standard error when standard output carries JSON.
#[derive(Debug, Clone, Copy)]
pub struct Ui {
    to_stderr: bool,
}

impl Ui {
    /// An output that leaves standard output alone when `json` writes to it.
    pub fn new(json: &JsonOut) -> Self {
        Self { to_stderr: json.takes_stdout() }
    }

    /// As [`new`](Self::new), for a command with another output that goes to standard output if `taken`.
    pub(crate) fn beside(json: &JsonOut, taken: bool) -> Self {
        Self { to_stderr: json.takes_stdout() || taken }
    }

    /// Prints one line. The command goes on after an error and reports it at its end ([`stdout_failure`]); a reader that
    /// closed the pipe early is none.
    pub fn print(&self, line: impl AsRef<str>) {
        match self.try_print(line) {
            Err(error) if !self.to_stderr && error.kind() != io::ErrorKind::BrokenPipe => {
                let _ = FAILED.set(error);
            }
            _ => {}
        }
    }

    /// Prints one line, for long outputs that should stop once nothing reads them.
    ///
    /// # Errors
    /// The system's error; [`io::ErrorKind::BrokenPipe`] when the reader closed the pipe.
    pub fn try_print(&self, line: impl AsRef<str>) -> io::Result<()> {
        let line = line.as_ref();
        if self.to_stderr { writeln!(io::stderr(), "{line}") } else { writeln!(io::stdout(), "{line}") }
    }

    /// A progress bar of `len` steps on standard error; hidden unless that is a terminal.
    pub fn progress(&self, label: &'static str, len: u64) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(Some(len), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{msg:>12} [{bar:32}] {pos}/{len}, {eta} left") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(label);
        bar.enable_steady_tick(Duration::from_millis(200));
        bar
    }

    /// As [`progress`](Self::progress), for a command whose lines come while it works: hidden where they show the progress themselves,
    /// on a terminal.
    pub(crate) fn progress_beside_lines(&self, label: &'static str, len: u64) -> ProgressBar {
        if self.to_stderr || io::stdout().is_terminal() { ProgressBar::hidden() } else { self.progress(label, len) }
    }

    /// A spinner with the elapsed time on standard error, for work of unknown length; hidden unless that is a terminal.
    pub fn spinner(&self, label: String) -> ProgressBar {
        let spinner = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            spinner.set_style(style.tick_chars("|/-\\ "));
        }
        spinner.set_message(label);
        spinner.enable_steady_tick(Duration::from_millis(200));
        spinner
    }
}
