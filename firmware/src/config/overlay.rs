//! Settings that were changed on the page: `page.toml` in the state directory, merged over `monitor.toml`.
//!
//! Only the keys of [`KEYS`] may be there: whoever may operate the page cannot reach any other by it. The file is written whole or
//! not at all, and is gone when nothing is overridden.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::{Config, Error, former};

/// The file's name.
const FILE: &str = "page.toml";

/// The keys that may be overridden, by section.
pub(crate) const KEYS: [(&str, &str); 15] = [
    ("alarm", "states"),
    ("alarm", "alarm"),
    ("alarm", "warn"),
    ("alarm", "persistence_s"),
    ("alarm", "no_sound_s"),
    ("alarm", "latch"),
    ("notify", "causes"),
    ("notify", "warnings"),
    ("notify", "ended"),
    ("notify", "cooldown_s"),
    ("notify", "quiet"),
    ("notify", "urgent"),
    ("notify", "time_zone"),
    ("capture", "channel"),
    MODEL,
];

/// The model: set by an upload, and only to a file in the state directory.
pub(crate) const MODEL: (&str, &str) = ("listen", "model");

/// What is overridden.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Overlay(Table);

impl Overlay {
    /// Where it lies.
    pub(crate) fn path(state_dir: &Path) -> PathBuf {
        state_dir.join(FILE)
    }

    /// Reads the file in `state_dir`; nothing is overridden where it is absent or there is no such folder.
    ///
    /// # Errors
    /// When it cannot be read, is no TOML, or has a key that may not be there.
    pub fn read(state_dir: &Path) -> Result<Self, Error> {
        if state_dir.as_os_str().is_empty() {
            return Ok(Self::default());
        }
        let text = match std::fs::read_to_string(Self::path(state_dir)) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(Error::Read(error.to_string())),
        };
        let mut table: Table = text.parse().map_err(|error: toml::de::Error| Error::Parse(error.to_string()))?;
        former::renew_model(&mut table, state_dir);
        for (section, keys) in &table {
            let none = Table::new();
            let keys = keys.as_table().unwrap_or(&none);
            if keys.is_empty() {
                return Err(Error::NotForPage(section.clone()));
            }
            if let Some(key) = keys.keys().find(|key| !KEYS.contains(&(section, key))) {
                return Err(Error::NotForPage(format!("{section}.{key}")));
            }
        }
        let overlay = Self(table);
        match overlay.get(MODEL).map(|model| model.as_str().map(Path::new)) {
            Some(model) if !model.is_some_and(|model| is_within(model, state_dir)) => {
                Err(Error::NotForPage("listen.model".into()))
            }
            _ => Ok(overlay),
        }
    }

    /// Writes it, whole or not at all; removes the file when nothing is overridden.
    ///
    /// # Errors
    /// Errors of the file system.
    #[cfg(any(feature = "page", test))]
    pub fn write(&self, state_dir: &Path) -> std::io::Result<()> {
        let path = Self::path(state_dir);
        if self.is_empty() {
            return match std::fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
                Err(_) => Ok(()),
                // So that a power cut does not bring it back.
                Ok(()) => std::fs::File::open(state_dir)?.sync_all(),
            };
        }
        let text = format!(
            "# Written by the page. What is here overrides monitor.toml; delete the file to go back to that.\n{}",
            self.0
        );
        monitor_model::atomic_file::write(&path, text.as_bytes())
    }

    /// Whether nothing is overridden.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a key, where it is overridden.
    pub fn get(&self, (section, key): (&str, &str)) -> Option<&Value> {
        self.0.get(section)?.get(key)
    }

    /// Overrides a key; `None` takes that back.
    #[cfg(any(feature = "page", test))]
    pub fn set(&mut self, (section, key): (&str, &str), value: Option<Value>) {
        let Some(value) = value else {
            let Some(keys) = self.0.get_mut(section).and_then(Value::as_table_mut) else { return };
            keys.remove(key);
            if keys.is_empty() {
                self.0.remove(section);
            }
            return;
        };
        let keys = self.0.entry(section).or_insert_with(|| Value::Table(Table::new()));
        keys.as_table_mut().into_iter().for_each(|keys| drop(keys.insert(key.into(), value.clone())));
    }

    /// The configuration of the table of a file with what is overridden in place of its values.
    ///
    /// # Errors
    /// When a value is of the wrong type or out of range.
    pub(crate) fn config(&self, file: &Table) -> Result<Config, Error> {
        Config::from_table(self.over(file.clone()))
    }

    fn over(&self, mut file: Table) -> Table {
        for (section, keys) in &self.0 {
            let own = file.entry(section).or_insert_with(|| Value::Table(Table::new()));
            if let (Some(own), Some(keys)) = (own.as_table_mut(), keys.as_table()) {
                own.extend(keys.clone());
            }
        }
        file
    }
}

/// Whether a path lies in a folder, without a way out of it.
fn is_within(path: &Path, folder: &Path) -> bool {
    let is_plain = |part| matches!(part, std::path::Component::Normal(_));
    path.strip_prefix(folder).is_ok_and(|rest| rest.components().all(is_plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_override_is_kept_merged_and_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        assert!(Overlay::read(&state).unwrap().is_empty());
        let mut overlay = Overlay::default();
        overlay.set(("alarm", "alarm"), Some(Value::Float(2.5)));
        overlay.set(("notify", "quiet"), Some(Value::String("22:00-06:00".into())));
        overlay.write(&state).unwrap();
        assert_eq!(Overlay::read(&state).unwrap(), overlay);
        let file: Table = "[alarm]\nalarm = 1.0\nlatch = true\n[serial]\nbaud = 9600".parse().unwrap();
        let merged = overlay.over(file);
        assert_eq!((merged["alarm"]["alarm"].as_float(), merged["alarm"]["latch"].as_bool()), (Some(2.5), Some(true)));
        assert_eq!(merged["notify"]["quiet"].as_str(), Some("22:00-06:00"));
        for key in [("alarm", "alarm"), ("notify", "quiet"), ("capture", "channel")] {
            overlay.set(key, None);
        }
        overlay.write(&state).unwrap();
        assert!(!Overlay::path(&state).exists());
    }

    #[test]
    fn keys_that_are_not_for_the_page_and_damaged_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path();
        let refused = |text: &str| {
            std::fs::write(Overlay::path(state), text).unwrap();
            Overlay::read(state).unwrap_err().to_string()
        };
        for (text, key) in [
            ("[listen]\npublic_key = \"/x\"", "listen.public_key"),
            ("[page]\npassword_hash = \"\"", "page.password_hash"),
            ("[notify.webhook]\nurl = \"http://evil/\"", "notify.webhook"),
            ("alarm = 3", "alarm"),
            ("[listen]\nmodel = \"/etc/passwd\"", "listen.model"),
            ("[listen]\nmodel = 3", "listen.model"),
        ] {
            assert!(refused(text).contains(key), "{text}");
        }
        let outside = format!("[listen]\nmodel = {:?}", state.join("monitor/../../x"));
        assert!(refused(&outside).contains("listen.model"));
        assert!(refused("[alarm\n").contains("TOML parse error"));
        std::fs::write(Overlay::path(state), format!("[listen]\nmodel = {:?}", state.join("monitor/a/m"))).unwrap();
        assert!(Overlay::read(state).is_ok());
    }
}
