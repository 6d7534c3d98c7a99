//! Settings: listed by their layers, changed in the page's file after the checks that the configuration's file passes.

use serde_json::{Map, Value, json};

use super::PageOperator;
use crate::alarms::sensitivity::Setting;
use crate::config::overlay::{KEYS, MODEL, Overlay};
use crate::config::{Config, DEFAULT_PATH, Layers, found};
use crate::reporting::{Operator, OperatorError};
use crate::system::messages::warn;

/// A section and a key.
type Key = (&'static str, &'static str);

/// One difference between the file and what will hold.
struct Difference {
    key: Key,
    /// The file's value, its default included; none where the model decides.
    file: Option<toml::Value>,
    /// What holds now, and what will.
    from: Option<toml::Value>,
    to: Option<toml::Value>,
}

/// Changes that have passed every check.
pub(super) struct Proposal {
    overlay: Overlay,
    state_dir: std::path::PathBuf,
    differences: Vec<Difference>,
    /// What this changes, of those.
    changed: Vec<Key>,
}

/// A value of the file as it is written, or its default; none where the model decides.
fn of_file(layers: &Layers, defaults: &toml::Table, (section, key): Key) -> Option<toml::Value> {
    let get = |table: &toml::Table| table.get(section)?.get(key).cloned();
    get(&layers.written).or_else(|| get(defaults))
}

fn name((section, key): Key) -> String {
    format!("{section}.{key}")
}

fn json_of(value: Option<&toml::Value>) -> Value {
    value.and_then(|value| serde_json::to_value(value).ok()).unwrap_or(Value::Null)
}

fn text_of(value: Option<&toml::Value>) -> String {
    value.map_or_else(|| "the model's value".into(), toml::Value::to_string)
}

/// A value of the page as the configuration's file has it. JSON does not tell 2 from 2.0, but the keys do.
fn toml_of(key: Key, value: &Value) -> Option<toml::Value> {
    let is_real = key.0 == "alarm" && ["alarm", "warn", "persistence_s", "no_sound_s"].contains(&key.1);
    match value {
        Value::Number(number) if is_real => number.as_f64().map(toml::Value::Float),
        value => toml::Value::try_from(value).ok(),
    }
}

/// The defaults of every key that has one.
fn defaults() -> toml::Table {
    toml::Table::try_from(Config::default()).unwrap_or_default()
}

impl Proposal {
    /// The answer to the page.
    pub(super) fn json(&self) -> Value {
        let difference = |one: &Difference| {
            json!({
                "key": name(one.key),
                "file": json_of(one.file.as_ref()),
                "from": json_of(one.from.as_ref()),
                "to": json_of(one.to.as_ref()),
                "changed": self.changed.contains(&one.key),
                "restart": one.key.0 == "capture",
            })
        };
        let differences: Vec<Value> = self.differences.iter().map(difference).collect();
        json!({ "differences": differences, "changes": self.changed.len() })
    }
}

impl PageOperator {
    /// Every setting of the page, with its layers.
    pub(super) fn list_settings(&self) -> Result<Value, OperatorError> {
        let layers = self.layers()?;
        let defaults = defaults();
        let sensitivity = &self.alarms.sensitivity;
        let entry = |key: Key| {
            let setting = Setting::ALL.into_iter().find(|setting| setting.key() == name(key));
            json!({
                "key": name(key),
                "file": json_of(of_file(&layers, &defaults, key).as_ref()),
                "override": json_of(layers.overlay.get(key)),
                "overridden": layers.overlay.get(key).is_some(),
                "range": setting.map(Setting::range),
                "model": setting.and_then(|setting| sensitivity.of_configuration(setting)),
                "run_time": setting.and_then(|setting| sensitivity.at_run_time(setting)),
                "restart": key.0 == "capture",
            })
        };
        let keys = KEYS.into_iter().filter(|key| *key != MODEL);
        Ok(json!({
            "entries": keys.map(entry).collect::<Vec<_>>(),
            "file": found(self.options.config.as_deref()).unwrap_or_else(|| DEFAULT_PATH.into()),
            "page_file": Overlay::path(&layers.page_folder),
            "can_keep": !layers.page_folder.as_os_str().is_empty(),
            "ignored": layers.ignored.map(|error| error.to_string()),
            "reload": self.reloads(),
        }))
    }

    /// What these changes make, if it passes the checks.
    pub(super) fn propose(&self, changes: &Map<String, Value>) -> Result<Proposal, OperatorError> {
        let refused = |why: String| OperatorError::Refused(why);
        let layers = self.layers()?;
        let state_dir = layers.page_folder.clone();
        if state_dir.as_os_str().is_empty() {
            return Err(refused("listen.state_dir is empty: there is no folder to keep changes in; set it".into()));
        }
        let defaults = defaults();
        let mut overlay = layers.overlay.clone();
        for (changed, value) in changes {
            let key = KEYS.into_iter().find(|key| *key != MODEL && name(*key) == *changed);
            let key = key.ok_or_else(|| refused(format!("{changed} is not for the page to change")))?;
            let value = match value {
                Value::Null => None,
                given => {
                    Some(toml_of(key, given).ok_or_else(|| refused(format!("{changed} has no such value: {given}")))?)
                }
            };
            // The file's own value is no override.
            let value = value.filter(|value| Some(value) != of_file(&layers, &defaults, key).as_ref());
            overlay.set(key, value);
        }
        let config = overlay.config(&layers.written).map_err(|error| refused(error.to_string()))?;
        self.check(config)?;
        let (mut differences, mut changed) = (Vec::new(), Vec::new());
        for key in KEYS.into_iter().filter(|key| *key != MODEL) {
            let file = of_file(&layers, &defaults, key);
            let [from, to] =
                [&layers.overlay, &overlay].map(|overlay| overlay.get(key).cloned().or_else(|| file.clone()));
            if from != to {
                changed.push(key);
            }
            if from != to || overlay.get(key).is_some() {
                differences.push(Difference { key, file, from, to });
            }
        }
        Ok(Proposal { overlay, state_dir, differences, changed })
    }

    /// Performs changes.
    pub(super) fn change_settings(&self, changes: &Map<String, Value>, by: &str) -> Result<Value, OperatorError> {
        let proposal = self.propose(changes)?;
        proposal.overlay.write(&proposal.state_dir).map_err(|error| {
            let path = Overlay::path(&proposal.state_dir);
            OperatorError::Failed(format!("{} cannot be written: {error}", path.display()))
        })?;
        for one in proposal.differences.iter().filter(|one| proposal.changed.contains(&one.key)) {
            let [from, to] = [&one.from, &one.to].map(|value| text_of(value.as_ref()));
            warn(format!("page: {by} changed {} from {from} to {to}", name(one.key)));
            // The last word counts: a value that was set by message no longer hides it.
            for setting in Setting::ALL.into_iter().filter(|setting| setting.key() == name(one.key)) {
                self.alarms.sensitivity.take_back(setting);
            }
        }
        self.reload();
        Ok(proposal.json())
    }
}
