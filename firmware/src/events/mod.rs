//! What happened, on the device's own disk: bounded, and safe from power cuts. Its form: `docs/guide/event-log.md`.

mod log;
mod record;
mod store;

use std::time::Duration;

use log::Log;
pub use record::{Event, Record, sealed};
pub use store::{read, records};

use crate::config::EventsConfig;
use crate::outbox::{Inbox, Received};
use crate::outputs::Signs;

/// Longest time without a look at what is to be made safe.
const GLANCE: Duration = Duration::from_millis(250);

/// Writes what happens until there will be no more reports.
pub fn run(inbox: &Inbox, config: &EventsConfig, signs: &Signs) {
    let mut log = Log::new(config);
    // What was kept before is not of now.
    while signs.kept.pop().is_some() {}
    loop {
        match inbox.next(GLANCE) {
            Received::Item(item) => log.take(&item),
            Received::Nothing => {}
            Received::End => break,
        }
        log.take_clips(&signs.kept);
        log.write();
    }
    // The clip that the program's end has cut short.
    while signs.kept.may_have_more() && !signs.hurry() {
        std::thread::sleep(Duration::from_millis(2));
    }
    log.take_clips(&signs.kept);
    log.end(!signs.is_replaced());
}
