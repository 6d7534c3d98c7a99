//! What a person sees: lines, and a progress bar on a terminal that is silent in a pipe.

use std::io::{self, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::json::JsonOut;

/// Where words for people go: stdout, or stderr when stdout carries JSON.
#[derive(Debug, Clone, Copy)]
pub struct Ui {
    to_stderr: bool,
}

impl Ui {
    /// A user interface that leaves stdout alone when `json` takes it.
    pub fn new(json: &JsonOut) -> Self {
        Self { to_stderr: json.takes_stdout() }
    }

    /// Prints one line for people. A reader that went away (a closed pipe) is no error.
    pub fn say(&self, line: impl AsRef<str>) {
        let _ = self.try_say(line);
    }

    /// As [`say`](Self::say), for long outputs that are to end when nobody reads them any more.
    ///
    /// # Errors
    /// What the system says; [`io::ErrorKind::BrokenPipe`] when the reader went away.
    pub fn try_say(&self, line: impl AsRef<str>) -> io::Result<()> {
        let line = line.as_ref();
        if self.to_stderr { writeln!(io::stderr(), "{line}") } else { writeln!(io::stdout(), "{line}") }
    }

    /// A progress bar of `len` steps on stderr; hidden when stderr is no terminal.
    pub fn progress(&self, label: &'static str, len: u64) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(Some(len), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{msg:>12} [{bar:32}] {pos}/{len} {eta}") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(label);
        bar.enable_steady_tick(Duration::from_millis(200));
        bar
    }

    /// A sign of life on stderr with the time so far, for work that cannot say how far it is; hidden when stderr is no
    /// terminal.
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
