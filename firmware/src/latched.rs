//! The alarms that are yet to be acknowledged, kept over a restart and a power cut: a file in the state directory with the name
//! of a cause on each line.
//!
//! The main thread hands the causes on when they have changed; a thread of its own writes, since a card may be busy for seconds.
//! There is at most one write a second however alarms and acknowledgements alternate, and none while nothing changes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use monitor_model::atomic_file;
use monitor_model::line::Causes;

use crate::config::Config;
use crate::outputs::warn;

/// Name of the file in the state directory.
pub const NAME: &str = "alarms.latched";

/// Least time between two writes.
const PAUSE: Duration = Duration::from_secs(1);

/// Time between two attempts to write to a disk that refuses.
const RETRY: Duration = Duration::from_secs(2);

/// Stack of the thread that writes.
const STACK: usize = 128 * 1024;

/// Where they are kept; `None` where alarms are not latched, or nothing is to be kept.
fn path(config: &Config) -> Option<PathBuf> {
    config.alarm.latch.then(|| file(config)).flatten()
}

/// The file, if there is a state directory.
fn file(config: &Config) -> Option<PathBuf> {
    let folder = &config.listen.state_dir;
    (!folder.as_os_str().is_empty()).then(|| folder.join(NAME))
}

/// The causes that the program before left unacknowledged. Where alarms are not latched there are none, and what was kept is
/// removed: latching that is switched on again begins anew.
pub fn left(config: &Config) -> u32 {
    let Some(path) = path(config) else {
        if let Some(path) = file(config) {
            // Mostly there is none.
            let _ = std::fs::remove_file(path);
        }
        return 0;
    };
    atomic_file::tidy(&path);
    match read(&path) {
        Ok(causes) => causes,
        Err(error) => {
            warn(format!(
                "{}: {error}; which alarms were yet to be acknowledged is not known, see the event log",
                path.display()
            ));
            0
        }
    }
}

fn read(path: &Path) -> std::io::Result<u32> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text.lines().filter_map(Causes::named).fold(0, |bits, cause| bits | cause.bits)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

/// Hands the causes on to the thread that writes.
#[derive(Debug)]
pub struct Keeper {
    path: PathBuf,
    /// What is to be on disk.
    causes: Arc<AtomicU32>,
    /// Says that it has changed.
    changed: SyncSender<()>,
    thread: JoinHandle<()>,
    /// What was handed on, and when; at first what is on disk.
    told: u32,
    last: Option<Instant>,
}

impl Keeper {
    /// One that keeps what differs from `left`, which is on disk; `None` where nothing is to be kept.
    pub fn start(config: &Config, left: u32) -> Option<Self> {
        let path = path(config)?;
        let causes = Arc::new(AtomicU32::new(left));
        let (changed, changes) = sync_channel(1);
        let thread = std::thread::Builder::new().name("latched".into()).stack_size(STACK);
        let body = {
            let (path, causes) = (path.clone(), Arc::clone(&causes));
            move || write_all(&path, &causes, &changes)
        };
        match thread.spawn(body) {
            Ok(thread) => Some(Self { path, causes, changed, thread, told: left, last: None }),
            Err(error) => {
                warn(format!("latched alarms are not kept over a restart, there is no thread for it: {error}"));
                None
            }
        }
    }

    /// Whether it keeps them where `config` says.
    pub fn fits(&self, config: &Config) -> bool {
        path(config).as_ref() == Some(&self.path)
    }

    /// Hands on what is unacknowledged now, if that has changed, and not sooner than a second after the last time.
    pub fn keep(&mut self, causes: u32) {
        if self.last.is_none_or(|last| last.elapsed() >= PAUSE) {
            self.hand_on(causes);
        }
    }

    fn hand_on(&mut self, causes: u32) {
        if causes != self.told {
            (self.told, self.last) = (causes, Some(Instant::now()));
            self.causes.store(causes, Relaxed);
            // No room: the thread is yet to look, and will see this.
            let _ = self.changed.try_send(());
        }
    }

    /// Keeps this last. The thread that is returned ends when it is written, or the disk refuses.
    pub fn close(mut self, causes: u32) -> JoinHandle<()> {
        self.hand_on(causes);
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
                    "{}: {error}; a restart would forget which alarms are yet to be acknowledged; trying again until it can be \
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

    fn config(folder: &Path, latch: bool) -> Config {
        let mut config = Config::default();
        config.listen.state_dir = folder.into();
        config.alarm.latch = latch;
        config
    }

    fn keep_last(config: &Config, left: u32, causes: u32) {
        Keeper::start(config, left).unwrap().close(causes).join().unwrap();
    }

    #[test]
    fn what_is_kept_is_what_is_left_and_no_more_is_written_than_once_a_second() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path(), true);
        assert_eq!(left(&config), 0);
        let mut keeper = Keeper::start(&config, 0).unwrap();
        // Nothing has changed: nothing is written.
        keeper.keep(0);
        assert!(keeper.last.is_none());
        keeper.keep(0b101);
        let first = keeper.last;
        for causes in 0..1000 {
            keeper.keep(causes);
        }
        assert_eq!((keeper.told, keeper.last), (0b101, first));
        keeper.close(0b1001).join().unwrap();
        assert_eq!(std::fs::read_to_string(folder.path().join(NAME)).unwrap(), "state\nmicrophone\n");
        assert_eq!(left(&config), 0b1001);
        keep_last(&config, 0b1001, 0);
        assert_eq!(left(&config), 0);
    }

    #[test]
    fn latching_that_is_switched_off_forgets_and_an_empty_state_directory_keeps_nothing() {
        let folder = tempfile::tempdir().unwrap();
        keep_last(&config(folder.path(), true), 0, 1);
        let off = config(folder.path(), false);
        assert!(left(&off) == 0 && Keeper::start(&off, 0).is_none());
        assert_eq!(left(&config(folder.path(), true)), 0);
        assert!(Keeper::start(&config(Path::new(""), true), 0).is_none());
    }

    #[test]
    fn a_folder_that_can_be_written_later_gets_what_is_so_then() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("state");
        std::fs::write(&place, "in the way").unwrap();
        let config = config(&place, true);
        let mut keeper = Keeper::start(&config, 0).unwrap();
        keeper.keep(1);
        std::thread::sleep(Duration::from_millis(100));
        std::fs::remove_file(&place).unwrap();
        while left(&config) != 1 {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
