//! The thread of one server: delivers what waits, the oldest first, and tries again with growing pauses.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use super::queue::{Next, Queue};
use super::request::{Outcome, Sender};
use crate::reporting::NotifyDesk;
use crate::system::clock;
use crate::system::messages::warn;
use crate::system::pause::jittered;

/// Stack of the thread: a TLS handshake takes more than writing a line.
const STACK: usize = 1024 * 1024;

/// First and longest pause between two attempts.
pub(super) const PAUSES: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(300));

/// Starts the thread. It ends when the queue is closed, after the attempt that it makes then.
///
/// # Errors
/// When there is no thread.
pub(super) fn start(
    sender: Sender,
    queue: Arc<Queue>,
    desk: Arc<NotifyDesk>,
    pauses: (Duration, Duration),
) -> Result<(), String> {
    let thread = std::thread::Builder::new().name(format!("notify-{}", sender.name())).stack_size(STACK);
    let spawned = thread.spawn(move || drive(&sender, &queue, &desk, pauses));
    spawned.map(drop).map_err(|error| format!("no thread for it: {error}"))
}

fn drive(sender: &Sender, queue: &Queue, desk: &NotifyDesk, pauses: (Duration, Duration)) {
    let (name, host) = (sender.name(), sender.host());
    let (mut pause, mut wait, mut warned) = (pauses.0, Duration::ZERO, false);
    while let Some(next) = queue.next(wait) {
        let notice = match next {
            Next::Message(notice) => notice,
            Next::Expired(count) => {
                desk.dropped.fetch_add(count, Relaxed);
                desk.change(name, |report| report.waiting = queue.len());
                warn(format!("notify {name} {host}: {count} messages are given up, they waited for 24 hours"));
                continue;
            }
        };
        let outcome = sender.deliver(&notice);
        let mut failure = String::new();
        (pause, wait) = match outcome {
            Outcome::Delivered => {
                queue.remove(&notice.id);
                desk.sent.fetch_add(1, Relaxed);
                if std::mem::replace(&mut warned, false) {
                    warn(format!("notify {name} {host}: there again"));
                }
                (pauses.0, Duration::ZERO)
            }
            Outcome::Refused(why) => {
                queue.remove(&notice.id);
                desk.dropped.fetch_add(1, Relaxed);
                warn(format!("notify {name} {host}: a message was refused and is given up: {why}"));
                failure = why;
                (pauses.0, Duration::ZERO)
            }
            Outcome::Failed(why, asked) => {
                desk.failed.fetch_add(1, Relaxed);
                if !std::mem::replace(&mut warned, true) {
                    warn(format!(
                        "notify {name} {host}: {why}; trying again until it is there. Are {} right?",
                        sender.keys()
                    ));
                }
                failure = why;
                ((pause * 2).min(pauses.1), jittered(pause).max(asked.unwrap_or_default()))
            }
        };
        desk.change(name, |report| {
            (report.waiting, report.unix_ms, report.failure) = (queue.len(), clock::unix_ms(), failure);
        });
    }
}
