//! What the page may change: settings and models. Requests come from the page's threads; the main thread reads model and
//! configuration again when [`PageOperator::take_reload`] says so, and reports what has become of it.

mod models;
mod settings;

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};

use crate::alarms::Alarms;
use crate::commands::options::Options;
use crate::config::{Config, Layers};
use crate::inference::Setup;
use crate::reporting::{Operator, OperatorError, UploadedModel};

/// Stack of the thread that makes a change: it loads a model to check settings against it.
const STACK: usize = super::supervisor::STACK;

/// The page's changes, and the reloads that they need.
#[derive(Debug)]
pub(super) struct PageOperator {
    options: Options,
    alarms: Arc<Alarms>,
    /// One change at a time.
    changing: Mutex<()>,
    reload: AtomicBool,
    /// Reloads that have ended, and why the last one failed.
    ended: Mutex<(u64, Option<String>)>,
}

impl PageOperator {
    pub(super) fn new(options: &Options, alarms: Arc<Alarms>) -> Self {
        let (changing, reload) = (Mutex::default(), AtomicBool::new(false));
        Self { options: options.clone(), alarms, changing, reload, ended: Mutex::default() }
    }

    /// Whether model and configuration are to be read again.
    pub(super) fn take_reload(&self) -> bool {
        self.reload.swap(false, Relaxed)
    }

    /// Takes note of a reload that has ended, and why it failed.
    pub(super) fn reloaded(&self, failure: Option<String>) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        *ended = (ended.0 + 1, failure);
    }

    fn changing(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn layers(&self) -> Result<Layers, OperatorError> {
        let Options { config, state_dir, .. } = &self.options;
        let layers = Layers::load(config.as_deref(), state_dir.as_deref());
        layers.map_err(|error| OperatorError::Failed(error.to_string()))
    }

    /// Checks a configuration as a reload would, with its model.
    fn check(&self, config: Config) -> Result<(), OperatorError> {
        let checked = self.options.over(config).and_then(|config| Ok(Setup::load(&config)?));
        checked.map(drop).map_err(|error| OperatorError::Refused(format!("{error:#}")))
    }

    /// Performs work on a thread with as much stack as the one of a reload has: the page's own have little.
    fn perform<T: Send>(&self, work: impl FnOnce() -> Result<T, OperatorError> + Send) -> Result<T, OperatorError> {
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().name("page-change".into()).stack_size(STACK);
            let thread = thread.spawn_scoped(scope, work);
            let thread =
                thread.map_err(|error| OperatorError::Failed(format!("there is no thread for it: {error}")))?;
            thread.join().unwrap_or_else(|_| Err(OperatorError::Failed("it ended without a result".into())))
        })
    }

    /// The reloads so far.
    fn reloads(&self) -> Value {
        let (count, failure) = self.ended.lock().unwrap_or_else(PoisonError::into_inner).clone();
        json!({ "count": count, "failure": failure })
    }
}

impl Operator for PageOperator {
    fn reload(&self) {
        self.reload.store(true, Relaxed);
    }

    fn settings(&self) -> Result<Value, OperatorError> {
        self.perform(|| self.list_settings())
    }

    fn proposal(&self, changes: &Map<String, Value>) -> Result<Value, OperatorError> {
        let _one = self.changing();
        self.perform(|| self.propose(changes).map(|proposal| proposal.json()))
    }

    fn change(&self, changes: &Map<String, Value>, by: &str) -> Result<Value, OperatorError> {
        let _one = self.changing();
        self.perform(|| self.change_settings(changes, by))
    }

    fn models(&self) -> Result<Value, OperatorError> {
        self.perform(|| self.list_models())
    }

    fn use_model(&self, id: &str, by: &str) -> Result<Value, OperatorError> {
        let _one = self.changing();
        self.perform(|| self.use_a_model(id, by))
    }

    fn install_model(&self, uploaded: UploadedModel, by: &str) -> Result<Value, OperatorError> {
        let _one = self.changing();
        self.perform(|| self.install_a_model(uploaded, by))
    }
}
