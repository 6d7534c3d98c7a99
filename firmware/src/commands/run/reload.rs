//! Model and configuration are read again, and taken over as a whole or not at all.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{TryRecvError, sync_channel};

use anyhow::Context;

use super::supervisor::{STACK, Supervisor, folders, latch_settings, trend_place};
use crate::alarms::latch_store::LatchStore;
use crate::config::Config;
use crate::inference::Setup;
use crate::reporting::Event;
use crate::system::messages::warn;
use crate::trend::TrendFollower;

impl Supervisor<'_> {
    /// Starts to read model and configuration again, in a thread of its own.
    pub(super) fn reload(&mut self) {
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
            // When the program ends the receiver is gone.
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

    /// Applies what was read, once it is. If it cannot be used, nothing changes.
    pub(super) fn reloaded(&mut self) {
        let Some(loading) = &self.loading else { return };
        // Inference takes the one before first: it does between two windows.
        if self.progress.counters.setups.load(Relaxed) < self.sent && !self.inference.is_finished() {
            return;
        }
        let loaded = match loading.try_recv() {
            Ok(loaded) => loaded,
            Err(TryRecvError::Empty) => return,
            Err(TryRecvError::Disconnected) => Err(anyhow::anyhow!("reading it ended without a result")),
        };
        self.loading = None;
        let taken = loaded.and_then(|(config, setup)| self.take_over(config, setup));
        #[cfg(feature = "page")]
        self.operator.reloaded(taken.as_ref().err().map(|error| format!("{error:#}")));
        match taken {
            Ok(()) => warn("model and configuration were read again"),
            Err(error) => {
                warn(format!("nothing is changed, the old model and configuration stay: {error:#}"));
                if let Some(device) = self.progress.rejected_updates.set_reload(Some(format!("{error:#}"))) {
                    self.outboxes.send(&Event::Hello(device));
                }
            }
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
        // Reported with the next device info, which inference sends with the new setup.
        self.progress.rejected_updates.set_reload(None);
        self.context.folders.set(folders(&config));
        self.context.privacy.set(&config.privacy);
        self.outboxes = self.sinks.change(&self.config.sinks(), &config.sinks(), &self.context, &self.outboxes);
        let place = trend_place(&config, &setup);
        // There is room: the one before was taken. Replaced sinks end when inference takes this one.
        self.setups.try_send((setup, self.outboxes.clone())).context("listening has ended")?;
        self.sent += 1;
        self.progress.alarms.latch(config.alarm.latch);
        let settings = latch_settings(&config);
        if !self.options.is_lossless() && !self.latch_store.as_ref().is_some_and(|store| store.fits(settings)) {
            if let Some(store) = self.latch_store.take() {
                // They are stored elsewhere from now on, or nowhere.
                drop(store.close(0));
            }
            self.latch_store = LatchStore::start(settings, settings.stored());
        }
        let hop_s = f64::from(config.listen.hop_exact_s());
        if let Some(trend) = &mut self.trend {
            trend.change(place, hop_s, &self.progress.trend);
        }
        self.config = Config { capture: self.config.capture.clone(), ..config };
        // New sinks get the alarms at once, and the state with the next window.
        self.send_health();
        if let Some(report) = self.trend.as_ref().and_then(TrendFollower::reported) {
            self.outboxes.send(&Event::Trend(report));
        }
        Ok(())
    }
}
