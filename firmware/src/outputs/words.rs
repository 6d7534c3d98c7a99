//! Words for people on standard error, written by a thread of their own: whoever has something to say never waits for
//! somebody to read it, not even when standard error is a full pipe. What finds no room there is left out.

use std::io::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// Lines that may wait.
const QUEUE: usize = 64;

/// Lines that are said but not yet written.
static WAITING: AtomicUsize = AtomicUsize::new(0);

/// One line on standard error for people; whether anybody reads it is not our concern.
pub fn warn(line: impl AsRef<str>) {
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

/// Waits until all that was said is written, at most `patience`.
pub fn flush(patience: Duration) {
    let begun = Instant::now();
    while WAITING.load(Relaxed) > 0 && begun.elapsed() < patience {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The writing thread; without it the words are written by whoever says them.
fn start() -> Option<SyncSender<String>> {
    let (sender, lines) = sync_channel::<String>(QUEUE);
    let write = move || {
        while let Ok(line) = lines.recv() {
            let _ = std::io::stderr().write_all(line.as_bytes());
            WAITING.fetch_sub(1, Relaxed);
        }
    };
    std::thread::Builder::new().name("words".into()).stack_size(64 * 1024).spawn(write).ok()?;
    Some(sender)
}
