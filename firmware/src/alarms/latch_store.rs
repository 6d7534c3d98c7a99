//! Unacknowledged alarms, stored over a restart and a power cut: a file in the state directory with the name of a cause on
//! each line.
//!
//! The main thread passes the causes on when they have changed; a thread of its own writes, since a card may be busy for
//! seconds. There is at most one write a second, however often alarms and acknowledgements alternate, and none while nothing
//! changes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use monitor_model::atomic_file;
use monitor_model::line::Causes;

use crate::system::messages::warn;

/// Name of the file in the state directory.
pub const NAME: &str = "alarms.latched";

/// Least time between two writes.
const PAUSE: Duration = Duration::from_secs(1);

/// Time between two attempts to write to a disk that refuses.
const RETRY: Duration = Duration::from_secs(2);

/// Stack of the thread that writes.
const STACK: usize = 128 * 1024;

/// The settings of the store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LatchSettings<'a> {
    /// Whether alarms are latched.
    pub(crate) latch: bool,
    /// The state directory; empty to store nothing.
    pub(crate) state_dir: &'a Path,
}

impl LatchSettings<'_> {
    /// The file, if there is a state directory.
    fn file(self) -> Option<PathBuf> {
        (!self.state_dir.as_os_str().is_empty()).then(|| self.state_dir.join(NAME))
    }

    /// The file to write; `None` where alarms are not latched, or nothing is stored.
    fn path(self) -> Option<PathBuf> {
        self.file().filter(|_| self.latch)
    }

    /// The causes that were unacknowledged when the program ended last. Where alarms are not latched there are none, and the
    /// file is removed: latching that is switched on again starts without any.
    pub(crate) fn stored(self) -> u32 {
        let Some(path) = self.path() else {
            if let Some(path) = self.file() {
                // Usually there is none.
                let _ = std::fs::remove_file(path);
            }
            return 0;
        };
        atomic_file::tidy(&path);
        read(&path).unwrap_or_else(|error| {
            warn(format!(
                "{}: {error}; which alarms are not yet acknowledged is not known, see the event log",
                path.display()
            ));
            0
        })
    }
}

fn read(path: &Path) -> std::io::Result<u32> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text.lines().filter_map(Causes::named).fold(0, |bits, cause| bits | cause.bits)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

/// Passes the causes on to the thread that writes.
#[derive(Debug)]
pub(crate) struct LatchStore {
    path: PathBuf,
    /// The causes to write.
    causes: Arc<AtomicU32>,
    /// Signals that they have changed.
    changed: SyncSender<()>,
    thread: JoinHandle<()>,
    /// The causes passed on last, and when; at first those on disk.
    passed: u32,
    last: Option<Instant>,
}

impl LatchStore {
    /// A store with `stored` on disk; `None` where nothing is to be stored.
    pub(crate) fn start(settings: LatchSettings<'_>, stored: u32) -> Option<Self> {
        let path = settings.path()?;
        let causes = Arc::new(AtomicU32::new(stored));
        let (changed, changes) = sync_channel(1);
        let thread = std::thread::Builder::new().name("latched".into()).stack_size(STACK);
        let body = {
            let (path, causes) = (path.clone(), Arc::clone(&causes));
            move || write_all(&path, &causes, &changes)
        };
        match thread.spawn(body) {
            Ok(thread) => Some(Self { path, causes, changed, thread, passed: stored, last: None }),
            Err(error) => {
                warn(format!("latched alarms are not stored over a restart, there is no thread for it: {error}"));
                None
            }
        }
    }

    /// Whether it writes where `settings` want it.
    pub(crate) fn fits(&self, settings: LatchSettings<'_>) -> bool {
        settings.path().as_ref() == Some(&self.path)
    }

    /// Stores the causes, if they have changed and the last write is at least a second ago.
    pub(crate) fn store(&mut self, causes: u32) {
        if self.last.is_none_or(|last| last.elapsed() >= PAUSE) {
            self.pass_on(causes);
        }
    }

    fn pass_on(&mut self, causes: u32) {
        if causes != self.passed {
            (self.passed, self.last) = (causes, Some(Instant::now()));
            self.causes.store(causes, Relaxed);
            // A full channel: the thread has not read the causes yet.
            let _ = self.changed.try_send(());
        }
    }

    /// Stores the causes last. The returned thread ends when they are written, or the disk refuses.
    pub(crate) fn close(mut self, causes: u32) -> JoinHandle<()> {
        self.pass_on(causes);
        self.thread
    }
}

/// Writes the causes each time that they have changed, and tries again while the disk refuses.
fn write_all(path: &Path, causes: &AtomicU32, changes: &Receiver<()>) {
    while changes.recv().is_ok() {
        let mut refused = false;
        while let Err(error) = write(path, causes.load(Relaxed)) {
            if !std::mem::replace(&mut refused, true) {
                warn(format!(
                    "{}: {error}; a restart would forget which alarms are not yet acknowledged; trying again until it can be \
                     written. Is there space, may this user write there? Else set listen.state_dir",
                    path.display()
                ));
            }
            if changes.recv_timeout(RETRY) == Err(RecvTimeoutError::Disconnected) {
                return;
            }
        }
        if refused {
            warn(format!("{}: there again", path.display()));
        }
    }
}

fn write(path: &Path, causes: u32) -> std::io::Result<()> {
    let lines: String = Causes { bits: causes }.names().flat_map(|name| [name, "\n"]).collect();
    atomic_file::write(path, lines.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latched_in(state_dir: &Path, latch: bool) -> LatchSettings<'_> {
        LatchSettings { latch, state_dir }
    }

    fn store_last(settings: LatchSettings<'_>, stored: u32, causes: u32) {
        LatchStore::start(settings, stored).unwrap().close(causes).join().unwrap();
    }

    #[test]
    fn what_is_stored_is_read_after_a_restart_and_there_is_one_write_a_second_at_most() {
        let folder = tempfile::tempdir().unwrap();
        let settings = latched_in(folder.path(), true);
        assert_eq!(settings.stored(), 0);
        let mut store = LatchStore::start(settings, 0).unwrap();
        // Nothing has changed: nothing is written.
        store.store(0);
        assert!(store.last.is_none());
        store.store(0b101);
        let first = store.last;
        for causes in 0..1000 {
            store.store(causes);
        }
        assert_eq!((store.passed, store.last), (0b101, first));
        store.close(0b1001).join().unwrap();
        assert_eq!(std::fs::read_to_string(folder.path().join(NAME)).unwrap(), "state\nmicrophone\n");
        assert_eq!(settings.stored(), 0b1001);
        store_last(settings, 0b1001, 0);
        assert_eq!(settings.stored(), 0);
    }

    #[test]
    fn latching_that_is_switched_off_forgets_and_an_empty_state_directory_stores_nothing() {
        let folder = tempfile::tempdir().unwrap();
        store_last(latched_in(folder.path(), true), 0, 1);
        let off = latched_in(folder.path(), false);
        assert!(off.stored() == 0 && LatchStore::start(off, 0).is_none());
        assert_eq!(latched_in(folder.path(), true).stored(), 0);
        assert!(LatchStore::start(latched_in(Path::new(""), true), 0).is_none());
    }

    #[test]
    fn a_folder_that_can_be_written_later_gets_the_causes_of_that_moment() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("state");
        std::fs::write(&place, "in the way").unwrap();
        let settings = latched_in(&place, true);
        let mut store = LatchStore::start(settings, 0).unwrap();
        store.store(1);
        std::thread::sleep(Duration::from_millis(100));
        std::fs::remove_file(&place).unwrap();
        while settings.stored() != 1 {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
