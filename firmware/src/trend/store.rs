//! Writes the files of a history in a thread of its own, since a card may be busy for seconds.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::file::{DAYS, Place};
use crate::system::messages::warn;

/// Stack of the thread.
const STACK: usize = 128 * 1024;

/// The contents of the files to write.
pub(super) struct Contents {
    /// Of the days that are over, if one has ended since the last time.
    pub(super) days: Option<Vec<u8>>,
    /// Of the present day.
    pub(super) today: Vec<u8>,
}

/// Passes contents on to the thread that writes.
#[derive(Debug)]
pub(super) struct Store {
    contents: SyncSender<Contents>,
    thread: JoinHandle<()>,
}

impl Store {
    /// A store at this place; `None` without a thread.
    pub(super) fn start(place: Place) -> Option<Self> {
        let (contents, received) = sync_channel(2);
        let thread = std::thread::Builder::new().name("trend".into()).stack_size(STACK);
        match thread.spawn(move || write_all(&place, &received)) {
            Ok(thread) => Some(Self { contents, thread }),
            Err(error) => {
                warn(format!("the trend is not kept over a restart, there is no thread for it: {error}"));
                None
            }
        }
    }

    /// Writes the contents soon; `false` while the disk is so slow that earlier ones still wait.
    pub(super) fn write(&self, contents: Contents) -> bool {
        self.contents.try_send(contents).is_ok()
    }

    /// The thread, which ends when everything is written.
    pub(super) fn close(self) -> JoinHandle<()> {
        self.thread
    }
}

fn write_all(place: &Place, contents: &Receiver<Contents>) {
    let mut refused = false;
    // Days that could not be written.
    let mut left = None;
    while let Ok(Contents { days, today }) = contents.recv() {
        left = days.or(left);
        let written = left.as_ref().map_or(Ok(()), |days| place.write_days(days));
        match written.and_then(|()| place.write_today(&today)) {
            Ok(()) => {
                left = None;
                if std::mem::take(&mut refused) {
                    warn(format!("{}: there again", place.folder.join(DAYS).display()));
                }
            }
            Err(error) if !std::mem::replace(&mut refused, true) => warn(format!(
                "{}: {error}; a restart would forget the trend; trying again every hour. Is there space, may this user write \
                 there? Else set listen.state_dir",
                place.folder.join(DAYS).display()
            )),
            Err(_) => {}
        }
    }
}
