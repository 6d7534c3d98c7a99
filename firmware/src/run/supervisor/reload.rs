//! Model and configuration are read again, and taken over as a whole or not at all.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{TryRecvError, sync_channel};

use anyhow::Context;

use super::{STACK, Supervisor};
use crate::config::Config;
use crate::latched::{self, Keeper};
use crate::outputs::warn;
use crate::report::Report;
use crate::run::Setup;

impl Supervisor<'_> {
    /// Has model and configuration read again, beside everything else that goes on.
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
    pub(super) fn reloaded(&mut self) {
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
            Err(error) => {
                warn(format!("nothing is changed, the old model and configuration stay: {error:#}"));
                if let Some(who) = self.progress.not_used.of_reload(Some(format!("{error:#}"))) {
                    self.outboxes.send(&Report::Hello(who));
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
        // Told with who speaks, once inference has taken it.
        self.progress.not_used.of_reload(None);
        self.outboxes = self.outputs.change(&self.config, &config, &self.signs, &self.outboxes);
        // There is room: the one before was taken. Outputs that were replaced end when inference takes this one.
        self.setups.try_send((setup, self.outboxes.clone())).context("listening has ended")?;
        self.sent += 1;
        self.progress.alarms.latch(config.alarm.latch);
        if !self.options.is_lossless() && !self.keeper.as_ref().is_some_and(|keeper| keeper.fits(&config)) {
            if let Some(keeper) = self.keeper.take() {
                // They are kept elsewhere from now on, or nowhere.
                drop(keeper.close(0));
            }
            self.keeper = Keeper::start(&config, latched::left(&config));
        }
        self.config = Config { capture: self.config.capture.clone(), ..config };
        // New outputs hear of raised alarms at once, and of the state with the next window.
        self.tell_health();
        Ok(())
    }
}
