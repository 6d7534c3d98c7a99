//! The main thread: starts the others, waits for signals, counts, and ends what it began in good order.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context;
use shared::wire::{Alarm, AlarmCause, Refused};

use super::file_sound::channel;
use super::health::health;
use super::notify::Notify;
use super::player::play;
use super::signals::{Signals, Told};
use super::{FileSound, Listening, Progress, Setup, Sound, listen};
use crate::capture::{self, Capture, CaptureStatus, DeviceState, ring};
use crate::config::{Config, StdoutFormat};
use crate::outbox::Outboxes;
use crate::outputs::{Outputs, Signs, crash, flush_words, safe, warn};
use crate::report::Report;

/// Stack of the inference thread: front end and back end live on it, 60 kB, and what the network needs.
const STACK: usize = 512 * 1024;

/// Time between two looks at everything.
const LOOK: Duration = Duration::from_millis(50);

/// Time between two health reports.
const HEALTH: Duration = Duration::from_secs(1);

/// What outputs get to write at the end after a signal; everything together stays below a second.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// What they get at the end of a recording, when nobody is in a hurry.
const PATIENCE: Duration = Duration::from_secs(60);

/// What words for people get at the very end.
const LAST_WARNINGS: Duration = Duration::from_millis(100);

/// Where the sound comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The sound device.
    Device,
    /// A WAV file.
    Wav(PathBuf),
    /// Standard input.
    Stdin,
}

/// What the command line says.
#[derive(Debug, Clone)]
pub struct Options {
    /// The configuration's file.
    pub config: Option<PathBuf>,
    /// Instead of the configuration's model.
    pub model: Option<PathBuf>,
    /// Instead of the configuration's device.
    pub device: Option<String>,
    /// Instead of the configuration's hop, in seconds.
    pub hop_s: Option<f32>,
    /// Instead of the configuration's format.
    pub stdout: Option<StdoutFormat>,
    /// Where the sound comes from.
    pub input: Input,
    /// Whether a recording is played at its own pace.
    pub realtime: bool,
}

impl Options {
    /// The configuration with what the command line says in its place.
    fn load(&self) -> anyhow::Result<Config> {
        let mut config = Config::load(self.config.as_deref())?;
        if let Some(model) = &self.model {
            config.listen.model.clone_from(model);
        }
        if let Some(device) = &self.device {
            config.capture.device.clone_from(device);
        }
        if let Some(hop_s) = self.hop_s {
            config.listen.hop_s = hop_s;
        }
        if let Some(stdout) = self.stdout {
            config.stdout.format = stdout;
        }
        config.validate()?;
        Ok(config)
    }
}

/// The sound's side: whoever puts sound into the chain.
struct Source {
    status: Arc<CaptureStatus>,
    /// No more sound will come.
    ended: Arc<AtomicBool>,
    capture: Option<Capture>,
}

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
    let (source, sound) = open(options, &config, &progress)?;
    let signs = Signs { capture: Arc::clone(&source.status), ..Signs::default() };
    // A recording that is played as fast as possible waits for its reader; the world does not.
    let lossless = options.input != Input::Device && !options.realtime;
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

/// Opens the sound.
fn open(options: &Options, config: &Config, progress: &Arc<Progress>) -> anyhow::Result<(Source, Sound)> {
    let ended = Arc::new(AtomicBool::new(false));
    let channel = channel(&config.capture);
    let file = match &options.input {
        Input::Device => {
            let (capture, reader) = capture::start(&config.capture)?;
            let status = capture.status();
            if let Some(warning) = status.real_time().and_then(crate::rt::RealTime::warning) {
                warn(warning);
            }
            let sound = Sound::ring(reader, Arc::clone(&status), Arc::clone(&ended), channel);
            return Ok((Source { status, ended, capture: Some(capture) }, sound));
        }
        Input::Wav(path) => FileSound::wav(path, &config.capture)?,
        Input::Stdin => FileSound::stdin(&config.capture, progress),
    };
    let status = Arc::new(CaptureStatus::default());
    let source = Source { status: Arc::clone(&status), ended: Arc::clone(&ended), capture: None };
    if !options.realtime {
        return Ok((source, Sound::file(file, status)));
    }
    let backlog = Duration::from_millis(config.capture.backlog_ms.into());
    let (writer, reader) = ring::ring(config.capture.ring_kib as usize * 1024, backlog, Arc::clone(&status));
    let sound = Sound::ring(reader, Arc::clone(&status), Arc::clone(&ended), channel);
    let progress = Arc::clone(progress);
    let thread = std::thread::Builder::new().name("player".into()).stack_size(STACK);
    thread.spawn(move || play(file, writer, &status, &ended, &progress)).context("no thread for the recording")?;
    Ok((source, sound))
}

struct Supervisor<'a> {
    options: &'a Options,
    config: Config,
    source: Source,
    progress: Arc<Progress>,
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

    /// Follows the progress of the sound.
    fn look(&mut self) {
        let frames = self.signs.frames();
        // Sound that is not asked for because nobody reads what was said of the last is not missing.
        if frames != self.heard.0 || self.progress.held.load(Relaxed) {
            self.heard = (frames, Instant::now());
        }
        // Captured *and* listened to: a pipeline that is stuck anywhere does not count as alive.
        self.notify.progress(self.progress.pieces.load(Relaxed));
        self.look_at_device();
        let patience = self.config.alarm.no_sound_s;
        let silent = patience > 0.0 && self.heard.1.elapsed().as_secs_f32() >= patience;
        if silent != self.silent && !self.source.ended.load(Relaxed) {
            self.silent = silent;
            let index = self.progress.next_index.load(Relaxed);
            let cause = AlarmCause::NoSound as u8;
            self.progress.alarm(cause, silent);
            self.outboxes.send(&Report::Alarm(Alarm { active: silent, cause, state: None, index }));
        }
    }

    /// Says, once each time, why the device is not there, and that it is there again.
    fn look_at_device(&mut self) {
        let device = self.source.status.device();
        if device == self.device {
            return;
        }
        let name = &self.config.capture.device;
        match (&self.device, &device) {
            (DeviceState::Absent { error: before, .. }, DeviceState::Absent { error, .. }) if before == error => {}
            (_, DeviceState::Absent { .. }) => warn(format!("{name}: {device}; trying again until it is there")),
            (DeviceState::Absent { .. }, DeviceState::Open(spec)) => warn(format!("{name}: there again, {spec}")),
            _ => {}
        }
        self.device = device;
    }

    fn health(&self) -> shared::wire::Health {
        let moving = self.heard.0 > 0 && self.heard.1.elapsed() < HEALTH;
        let over = self.inference.is_finished() || self.source.ended.load(Relaxed);
        health(&self.source.status, &self.progress, &self.outboxes, moving, over)
    }

    fn tell_health(&self) {
        let health = self.health();
        self.outboxes.send(&Report::Health(health));
        let mut line = format!(
            "capture {}, {} windows, {} gaps",
            shared::wire::capture_name(health.capture),
            health.windows,
            health.gaps
        );
        for privilege in (Refused { bits: health.refused }).names() {
            line += &format!(", without {privilege}");
        }
        self.notify.status(&line);
    }

    /// Has model and configuration read again, beside everything else that goes on.
    fn reload(&mut self) {
        if self.loading.is_some() {
            self.reload_again = true;
            return;
        }
        self.notify.reloading();
        let (done, loading) = sync_channel(1);
        let options = self.options.clone();
        let load = move || {
            let loaded = options.load().and_then(|config| {
                let setup = Setup::load(&config)?;
                Ok((config, setup))
            });
            // Nobody waits for it any more when the program ends.
            let _ = done.send(loaded);
        };
        match std::thread::Builder::new().name("reload".into()).stack_size(STACK).spawn(load) {
            Ok(_) => self.loading = Some(loading),
            Err(error) => {
                warn(format!("nothing is changed, there is no thread to read it: {error}"));
                self.notify.reloaded();
            }
        }
    }

    /// Takes over what was read, once it is. What was good before stays when the new is not.
    fn reloaded(&mut self) {
        let Some(loading) = &self.loading else { return };
        // Inference has taken the one before first: it does between two windows.
        if self.progress.setups.load(Relaxed) < self.sent && !self.inference.is_finished() {
            return;
        }
        let loaded = match loading.try_recv() {
            Ok(loaded) => loaded,
            Err(TryRecvError::Empty) => return,
            Err(TryRecvError::Disconnected) => Err(anyhow::anyhow!("reading it ended without a result")),
        };
        self.loading = None;
        match loaded.and_then(|(config, setup)| self.take_over(config, setup)) {
            Ok(()) => warn("model and configuration were read again"),
            Err(error) => warn(format!("nothing is changed, the old model and configuration stay: {error:#}")),
        }
        self.notify.reloaded();
        if std::mem::take(&mut self.reload_again) {
            self.reload();
        }
    }

    fn take_over(&mut self, config: Config, setup: Setup) -> anyhow::Result<()> {
        if config.capture != self.config.capture {
            warn("the [capture] part of the configuration has changed: it takes a restart");
        }
        anyhow::ensure!(!self.inference.is_finished(), "listening has ended");
        self.outboxes = self.outputs.change(&self.config, &config, &self.signs, &self.outboxes);
        // There is room: the one before was taken. Outputs that were replaced end when inference takes this one.
        self.setups.try_send((setup, self.outboxes.clone())).context("listening has ended")?;
        self.sent += 1;
        self.config = Config { capture: self.config.capture.clone(), ..config };
        // New outputs hear of raised alarms at once, and of the state with the next window.
        self.tell_health();
        Ok(())
    }

    /// Ends everything: capture, inference, a last count, then the outputs, pins first at their safe levels.
    fn end(self, signals: &Signals, asked: bool) {
        self.notify.stopping();
        let begun = Instant::now();
        self.progress.stop.store(true, Relaxed);
        if let Some(capture) = &self.source.capture {
            capture.request_stop();
        }
        while !self.inference.is_finished() && begun.elapsed() < LAST_WORDS {
            std::thread::sleep(Duration::from_millis(2));
        }
        let patience = if asked { LAST_WORDS } else { PATIENCE };
        let waiting = Instant::now();
        let mut stopped = false;
        let mut patient = || {
            stopped |= signals.wait(Duration::from_millis(5)) == Some(Told::Stop);
            !stopped && waiting.elapsed() < patience
        };
        let last = Report::Health(self.health());
        self.outboxes.send_or_wait(&last, &mut patient);
        let Self { outboxes, outputs, signs, source, .. } = self;
        drop(outboxes);
        let outputs = outputs.close();
        while !outputs.finished() && patient() {}
        signs.hurry.store(true, Relaxed);
        outputs.finish(Duration::from_millis(100));
        // Had the pins' own thread no time to do so.
        safe::apply();
        // A driver that hangs in a call keeps capture's thread, but not the program.
        std::mem::forget(source);
    }
}
