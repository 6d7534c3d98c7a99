//! The main thread: starts the others, waits for signals, counts, and ends what it began in good order.

mod end;
mod options;
mod reload;
mod source;
mod watch;

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context;
use monitor_wire::AcknowledgedBy;

pub use options::{Input, Options};
use source::Source;
pub(crate) use source::open;

use super::notify::Notify;
use super::signals::{Signals, Told};
use super::{Listening, Progress, Setup, listen};
use crate::alarms::ALL;
use crate::capture::{DeviceState, ring};
use crate::config::Config;
use crate::latched::{self, Keeper};
use crate::outbox::Outboxes;
use crate::outputs::{Outputs, Signs, crash, flush_words, safe};
use crate::update::refused_in;

/// Stack of the inference thread: front end and back end live on it, 60 kB, and what the network needs.
const STACK: usize = 512 * 1024;

/// How long sound may wait for whoever keeps clips: a card may be busy for so long.
const TAP: Duration = Duration::from_secs(10);

/// Time between two looks at everything.
const LOOK: Duration = Duration::from_millis(50);

/// Time between two health reports.
const HEALTH: Duration = Duration::from_secs(1);

/// What outputs get to write at the end after a signal; everything together stays below a second.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// How long after the signal the disk may still write which alarms are yet to be acknowledged.
const LAST_WRITE: Duration = Duration::from_millis(700);

/// What they get at the end of a recording, when nobody is in a hurry.
const PATIENCE: Duration = Duration::from_secs(60);

/// What words for people get at the very end.
const LAST_WARNINGS: Duration = Duration::from_millis(100);

/// Runs until the sound ends or a signal says to stop.
///
/// # Errors
/// When there is no configuration, model, recording or thread to begin with.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let result = run_all(options);
    flush_words(LAST_WARNINGS);
    result
}

fn run_all(options: &Options) -> anyhow::Result<()> {
    let start = Instant::now();
    let signals = Signals::new().context("signals cannot be waited for")?;
    safe::on_panic();
    crash::on_fatal_signal().context("fatal signals cannot be handled")?;
    let config = options.load()?;
    let setup = Setup::load(&config)?;
    let progress = Arc::new(Progress::default());
    progress.alarms.latch(config.alarm.latch);
    // A recording that is played as fast as possible is not the plant's machine.
    let lossless = options.is_lossless();
    let left = if lossless { 0 } else { latched::left(&config) };
    progress.alarms.restore(left);
    progress.not_used.of_update(refused_in(&options.update_note));
    let (source, sound) = open(options, &config, &progress)?;
    let signs = Signs { capture: Arc::clone(&source.status), alarms: Arc::clone(&progress.alarms), ..Signs::default() };
    let sound = if config.clips.is_on() && sound.is_live() {
        let (writer, reader) = ring::ring(config.capture.ring_kib as usize * 1024, TAP, Arc::default());
        signs.tap.put(reader);
        sound.with_tap(writer)
    } else {
        sound
    };
    let (outputs, outboxes) = Outputs::start(&config, &signs, lossless, start).context("no thread for an output")?;
    let (setups, next) = sync_channel(1);
    let listening = Listening { sound, first: (setup, outboxes.clone()), next, progress: Arc::clone(&progress) };
    let thread = std::thread::Builder::new().name("inference".into()).stack_size(STACK);
    let inference = match thread.spawn(move || listen(listening)) {
        Ok(inference) => inference,
        Err(error) => {
            // The pins may have been set already: not without their safe levels.
            drop(outboxes);
            signs.hurry.store(true, Relaxed);
            outputs.close().finish(LAST_WORDS);
            safe::apply();
            return Err(error).context("no thread for inference");
        }
    };
    let mut supervisor = Supervisor {
        options,
        keeper: (!lossless).then(|| Keeper::start(&config, left)).flatten(),
        config,
        source,
        progress,
        signs,
        outputs,
        outboxes,
        start,
        setups,
        sent: 0,
        loading: None,
        reload_again: false,
        inference,
        notify: Notify::new(),
        heard: (0, Instant::now()),
        silent: false,
        device: DeviceState::Opening,
    };
    let asked = supervisor.supervise(&signals);
    let progress = Arc::clone(&supervisor.progress);
    supervisor.end(&signals, asked);
    match progress.failure() {
        Some(why) => anyhow::bail!("{why}"),
        None => Ok(()),
    }
}

struct Supervisor<'a> {
    options: &'a Options,
    config: Config,
    source: Source,
    progress: Arc<Progress>,
    /// Keeps latched alarms over a restart.
    keeper: Option<Keeper>,
    signs: Signs,
    outputs: Outputs,
    outboxes: Outboxes,
    start: Instant,
    setups: SyncSender<(Setup, Outboxes)>,
    /// Setups handed to inference after the first.
    sent: u64,
    /// A model and a configuration that are being read, by a thread of their own.
    loading: Option<Receiver<anyhow::Result<(Config, Setup)>>>,
    /// They are to be read once more when that is done.
    reload_again: bool,
    inference: JoinHandle<()>,
    notify: Notify,
    /// The frames at the last change of their number, and when that was.
    heard: (u64, Instant),
    /// Whether the alarm for no sound is raised.
    silent: bool,
    /// What was last said of the device.
    device: DeviceState,
}

impl Supervisor<'_> {
    /// Until the sound ends (`false`) or a signal says to stop (`true`).
    fn supervise(&mut self, signals: &Signals) -> bool {
        let mut next_health = self.start + HEALTH;
        loop {
            match signals.wait(LOOK) {
                Some(Told::Stop) => return true,
                Some(Told::Reload) => self.reload(),
                Some(Told::Acknowledge) => self.progress.alarms.acknowledge(AcknowledgedBy::Signal, ALL),
                None => {}
            }
            self.reloaded();
            if self.inference.is_finished() {
                return false;
            }
            self.look();
            let now = Instant::now();
            if now >= next_health {
                // Skipped seconds are skipped: the counters tell all the same.
                next_health = (next_health + HEALTH).max(now);
                self.tell_health();
            }
        }
    }
}
