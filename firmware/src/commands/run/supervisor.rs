//! The main thread: starts the other threads, waits for signals, counts, and stops the other threads.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context;
use monitor_wire::AcknowledgedBy;

use super::first_model;
#[cfg(feature = "page")]
use super::operator::PageOperator;
use crate::alarms::ALL;
use crate::alarms::latch_store::{LatchSettings, LatchStore};
use crate::capture::DeviceState;
use crate::commands::options::Options;
use crate::config::Config;
use crate::inference::audio::{Producer, open};
use crate::inference::{Listening, Progress, Setup, listen};
use crate::reporting::audio_tee::tee;
use crate::reporting::column_tee::column_tee;
use crate::reporting::{FolderPaths, Outboxes, OutputContext};
use crate::sinks::Sinks;
use crate::system::notify::Notify;
use crate::system::signals::{Request, Signals};
use crate::system::{crash, messages, safe};
use crate::trend::{Place, TrendFollower};
use crate::update::refused_in;

/// Stack of the inference thread. The monitor is moved through it when a setup is applied: 520 kB in a build without
/// optimisation, much less in a release. Pages that are never touched take no memory.
pub(super) const STACK: usize = 1024 * 1024;

/// Time between two checks of sound, device and alarms.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Time between two health events.
pub(super) const HEALTH_INTERVAL: Duration = Duration::from_secs(1);

/// How long sinks may write at the end after a signal; everything together stays below a second.
pub(super) const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(300);

/// How long after the signal the unacknowledged alarms may still be written.
pub(super) const LATCH_TIMEOUT: Duration = Duration::from_millis(700);

/// How long sinks may write at the end of a recording.
pub(super) const RECORDING_END_TIMEOUT: Duration = Duration::from_secs(60);

/// How long messages on standard error may take at the very end.
const MESSAGES_TIMEOUT: Duration = Duration::from_millis(100);

/// Samples of live sound that may wait for the page: 2 s at 48 kHz.
const LIVE_SAMPLES: usize = 96_000;

/// Runs until the sound ends or a signal requests a stop.
///
/// # Errors
/// When there is no configuration, model, recording or thread to begin with.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let result = run_all(options);
    messages::flush(MESSAGES_TIMEOUT);
    result
}

fn run_all(options: &Options) -> anyhow::Result<()> {
    let start = Instant::now();
    let signals = Signals::new().context("signals cannot be waited for")?;
    safe::on_panic();
    crash::on_fatal_signal().context("fatal signals cannot be handled")?;
    let notify = Notify::new();
    let Some((config, setup)) = first_model::start(options, &signals, &notify)? else { return Ok(()) };
    let progress = Arc::new(Progress::default());
    progress.alarms.latch(config.alarm.latch);
    // A recording that is played as fast as possible is not the plant's machine.
    let lossless = options.is_lossless();
    let stored = if lossless { 0 } else { latch_settings(&config).stored() };
    progress.alarms.restore(stored);
    progress.rejected_updates.set_update(refused_in(&options.update_note));
    let (producer, sound) = open(&options.input, options.realtime, &config.capture, &progress)?;
    #[cfg(feature = "page")]
    let operator = Arc::new(PageOperator::new(options, Arc::clone(&progress.alarms)));
    let context = OutputContext {
        #[cfg(feature = "page")]
        operator: Some(operator.clone()),
        capture: Arc::clone(&producer.status),
        alarms: Arc::clone(&progress.alarms),
        inference_times: Arc::clone(&progress.inference_times),
        ..OutputContext::default()
    };
    let sound = if config.clips.is_on() && sound.is_live() {
        let (writer, reader) = tee(config.capture.ring_kib as usize * 1024 / size_of::<f32>());
        context.audio.put(reader);
        sound.with_tee(writer)
    } else {
        sound
    };
    let sound = if config.teach.is_on() && sound.is_live() {
        let (writer, reader) = tee(config.capture.ring_kib as usize * 1024 / size_of::<f32>());
        context.teach.sound.put(reader);
        sound.with_tee(writer)
    } else {
        sound
    };
    let sound = if config.page.has_live_sound() && sound.is_live() {
        let (writer, reader) = tee(LIVE_SAMPLES);
        context.live.put(reader);
        sound.with_tee(writer)
    } else {
        sound
    };
    let (columns, drawn) = column_tee();
    context.columns.put(drawn);
    context.folders.set(folders(&config));
    context.privacy.set(&config.privacy);
    let started = Sinks::start(&config.sinks(), &context, lossless, start);
    let (sinks, outboxes) = started.context("no thread for a sink")?;
    let (setups, next) = sync_channel(1);
    let followed = trend_place(&config, &setup);
    let listening = Listening {
        sound,
        first: (setup, outboxes.clone()),
        next,
        progress: Arc::clone(&progress),
        columns: Some(columns),
    };
    let thread = std::thread::Builder::new().name("inference".into()).stack_size(STACK);
    let inference = match thread.spawn(move || listen(listening)) {
        Ok(inference) => inference,
        Err(error) => {
            // The pins may have been set already: they end with their safe levels.
            drop(outboxes);
            context.hurry.store(true, Relaxed);
            sinks.close().finish(SHUTDOWN_TIMEOUT);
            safe::apply();
            return Err(error).context("no thread for inference");
        }
    };
    let mut supervisor = Supervisor {
        options,
        trend: (!lossless).then(|| TrendFollower::start(followed, config.listen.hop_exact_s().into())),
        latch_store: (!lossless).then(|| LatchStore::start(latch_settings(&config), stored)).flatten(),
        config,
        producer,
        progress,
        context,
        sinks,
        outboxes,
        start,
        setups,
        sent: 0,
        loading: None,
        reload_again: false,
        #[cfg(feature = "page")]
        operator,
        inference,
        notify,
        last_frames: (0, Instant::now()),
        silent: false,
        device: DeviceState::Opening,
    };
    let requested = supervisor.supervise(&signals);
    let progress = Arc::clone(&supervisor.progress);
    supervisor.end(&signals, requested);
    match progress.control.failure() {
        Some(why) => anyhow::bail!("{why}"),
        None => Ok(()),
    }
}

/// The settings of the store of latched alarms.
pub(super) fn latch_settings(config: &Config) -> LatchSettings<'_> {
    LatchSettings { latch: config.alarm.latch, state_dir: Path::new(&config.listen.state_dir) }
}

/// The folders that sinks share.
pub(super) fn folders(config: &Config) -> FolderPaths {
    FolderPaths {
        state: config.listen.state_dir.clone(),
        events: config.events.folder.clone(),
        clips: config.clips.folder.clone(),
        clips_max_mib: config.clips.max_mib,
        clips_after_s: config.clips.after_s,
        refit: config.refit(),
        teach: config.teach.folder.clone(),
    }
}

/// Where the days of this model are kept.
pub(super) fn trend_place(config: &Config, setup: &Setup) -> Place {
    Place { folder: config.listen.state_dir.clone(), model: setup.scored_by() }
}

pub(super) struct Supervisor<'a> {
    pub(super) options: &'a Options,
    pub(super) config: Config,
    pub(super) producer: Producer,
    pub(super) progress: Arc<Progress>,
    /// Stores latched alarms over a restart.
    pub(super) latch_store: Option<LatchStore>,
    /// Follows the days behind the score; `None` for a recording that is played as fast as possible.
    pub(super) trend: Option<TrendFollower>,
    pub(super) context: OutputContext,
    pub(super) sinks: Sinks,
    pub(super) outboxes: Outboxes,
    pub(super) start: Instant,
    pub(super) setups: SyncSender<(Setup, Outboxes)>,
    /// Setups handed to inference after the first.
    pub(super) sent: u64,
    /// A model and a configuration that are being read by a thread of their own.
    pub(super) loading: Option<Receiver<anyhow::Result<(Config, Setup)>>>,
    /// Another reload was requested meanwhile.
    pub(super) reload_again: bool,
    /// What the page changes.
    #[cfg(feature = "page")]
    pub(super) operator: Arc<PageOperator>,
    pub(super) inference: JoinHandle<()>,
    pub(super) notify: Notify,
    /// The frames at the last change of their number, and when that was.
    pub(super) last_frames: (u64, Instant),
    /// Whether the alarm for no sound is raised.
    pub(super) silent: bool,
    /// The state of the device that was reported last.
    pub(super) device: DeviceState,
}

impl Supervisor<'_> {
    /// Runs until the sound ends (`false`) or a signal requests a stop (`true`).
    fn supervise(&mut self, signals: &Signals) -> bool {
        let mut next_health = self.start + HEALTH_INTERVAL;
        loop {
            match signals.wait(POLL_INTERVAL) {
                Some(Request::Stop) => return true,
                Some(Request::Reload) => self.reload(),
                Some(Request::Acknowledge) => self.progress.alarms.acknowledge(AcknowledgedBy::Signal, ALL),
                None => {}
            }
            #[cfg(feature = "page")]
            if self.operator.take_reload() {
                self.reload();
            }
            self.reloaded();
            if self.inference.is_finished() {
                return false;
            }
            self.check();
            let now = Instant::now();
            if now >= next_health {
                // A second that was missed is not made up for: the next event has its counts.
                next_health = (next_health + HEALTH_INTERVAL).max(now);
                self.send_health();
            }
        }
    }
}
