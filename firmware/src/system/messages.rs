//! Messages for people on standard error, written by a thread of their own: the caller of [`warn`] never waits for a reader,
//! not even when standard error is a full pipe. A message that finds the queue full is dropped.

use std::io::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::{Duration, Instant};

use monitor_model::names::one_line;

/// Lines that may wait.
const QUEUE: usize = 64;

/// Lines that are queued and not yet written.
static WAITING: AtomicUsize = AtomicUsize::new(0);

/// How much goes to standard error beside errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing.
    Quiet,
    /// Notes and warnings.
    Normal,
    /// Details too.
    Verbose,
}

/// The [`Level`], as a number.
static LEVEL: AtomicU8 = AtomicU8::new(Level::Normal as u8);

/// Whether labels are coloured.
static COLORED: AtomicBool = AtomicBool::new(false);

/// The colours of labels, as ECMA-48 numbers them: errors, and warnings.
pub(crate) const RED: u8 = 31;
const YELLOW: u8 = 33;

/// Sets what is shown from now on, and whether with colours.
pub(crate) fn show(level: Level, colored: bool) {
    LEVEL.store(level as u8, Relaxed);
    COLORED.store(colored, Relaxed);
}

/// Whether notes and warnings are shown.
pub(crate) fn are_shown() -> bool {
    LEVEL.load(Relaxed) >= Level::Normal as u8
}

/// A label in bold and in a colour, where labels are coloured.
pub(crate) fn label(text: &str, color: u8) -> String {
    if COLORED.load(Relaxed) { format!("\x1b[1;{color}m{text}\x1b[0m") } else { text.to_owned() }
}

/// Queues one line of detail for standard error, with `--verbose`. What it states is computed only then.
pub(crate) fn detail(line: impl FnOnce() -> String) {
    if LEVEL.load(Relaxed) >= Level::Verbose as u8 {
        queue(format!("detail: {}\n", line()));
    }
}

/// Queues one line for standard error, unless notes and warnings are hidden. A control character, as a file's name may have, is
/// escaped.
pub(crate) fn warn(line: impl AsRef<str>) {
    if are_shown() {
        queue(format!("{} {}\n", label("firmware:", YELLOW), one_line(line.as_ref())));
    }
}

/// Hands a line to the thread that writes.
fn queue(line: String) {
    static WRITER: OnceLock<Option<SyncSender<String>>> = OnceLock::new();
    let Some(writer) = WRITER.get_or_init(start) else {
        let _ = std::io::stderr().write_all(line.as_bytes());
        return;
    };
    WAITING.fetch_add(1, Relaxed);
    if writer.try_send(line).is_err() {
        WAITING.fetch_sub(1, Relaxed);
    }
}

/// Waits until every queued line is written, at most `timeout`.
pub fn flush(timeout: Duration) {
    let begun = Instant::now();
    while WAITING.load(Relaxed) > 0 && begun.elapsed() < timeout {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Starts the writing thread; without one, [`warn`] writes by itself.
fn start() -> Option<SyncSender<String>> {
    let (sender, lines) = sync_channel::<String>(QUEUE);
    let write = move || {
        while let Ok(line) = lines.recv() {
            let _ = std::io::stderr().write_all(line.as_bytes());
            WAITING.fetch_sub(1, Relaxed);
        }
    };
    std::thread::Builder::new().name("messages".into()).stack_size(64 * 1024).spawn(write).ok()?;
    Some(sender)
}
