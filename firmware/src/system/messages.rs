//! Messages for people on standard error, written by a thread of their own: the caller of [`warn`] never waits for a reader,
//! not even when standard error is a full pipe. A message that finds the queue full is dropped.

use std::io::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// Lines that may wait.
const QUEUE: usize = 64;

/// Lines that are queued and not yet written.
static WAITING: AtomicUsize = AtomicUsize::new(0);

/// Queues one line for standard error.
pub(crate) fn warn(line: impl AsRef<str>) {
    static WRITER: OnceLock<Option<SyncSender<String>>> = OnceLock::new();
    let line = format!("firmware: {}\n", line.as_ref());
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
