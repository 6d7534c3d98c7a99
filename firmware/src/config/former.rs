//! The folders of versions up to 0.1, which are read for one version more: `/etc/monitor`, `/var/lib/monitor`, `/run/monitor`.
//!
//! Two cases. Files that were not moved yet are found in the former folder where the new one has none. A configuration that names
//! a former folder that is gone means the new one: packages move the files, and may not change a configuration that somebody has
//! edited. Each is reported with what to do.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use toml::{Table, Value};

use super::ListenConfig;
use super::load::DEFAULT_PATH;
use crate::system::messages::warn;

/// The former folders, each with the one that it is now.
const FOLDERS: [(&str, &str); 3] = [
    ("/etc/monitor", "/etc/acoustic-monitor"),
    ("/var/lib/monitor", "/var/lib/acoustic-monitor"),
    ("/run/monitor", "/run/acoustic-monitor"),
];

/// The system's configuration of versions up to 0.1.
pub(super) const FORMER_PATH: &str = "/etc/monitor/monitor.toml";

/// Where the result of `firmware update` was: a card whose system is of an earlier version writes it there.
pub(crate) const FORMER_NOTE: &str = "/run/monitor/update.txt";

/// Where the file system begins: `/`, but for tests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Root<'a>(pub(super) &'a Path);

impl Default for Root<'_> {
    fn default() -> Self {
        Self(Path::new("/"))
    }
}

impl Root<'_> {
    fn at(self, path: &str) -> PathBuf {
        self.0.join(path.trim_start_matches('/'))
    }

    /// What this user may not look at counts as there, so that its error is reported later.
    fn exists(self, path: &str) -> bool {
        self.at(path).try_exists().unwrap_or(true)
    }

    /// Whether there is a folder with something in it.
    fn has_files(self, path: &str) -> bool {
        self.at(path).read_dir().is_ok_and(|mut entries| entries.next().is_some())
    }

    /// Whether both are one file, by whatever links.
    fn are_one(self, a: &str, b: &str) -> bool {
        let [a, b] = [a, b].map(|path| self.at(path).canonicalize().ok());
        a.is_some() && a == b
    }

    /// The path in the present folder, if `path` is in a former one that is no longer there.
    fn moved(self, path: &str) -> Option<String> {
        let (former, now, rest) = FOLDERS.into_iter().find_map(|(former, now)| {
            let rest = path.strip_prefix(former)?;
            (rest.is_empty() || rest.starts_with('/')).then_some((former, now, rest))
        })?;
        let moved = format!("{now}{rest}");
        let is_moved = self.exists(&moved) || !self.exists(former) && self.exists(now);
        (!self.exists(path) && is_moved).then_some(moved)
    }

    /// Replaces paths in former folders that are gone, and names former folders that are still in use in place of defaults.
    /// Returns whether something was changed, and the hints to report. `named` is the file of the table.
    pub(super) fn resolve(self, table: &mut Table, named: &str) -> (bool, Vec<String>) {
        let mut hints = Vec::new();
        for (section, keys) in table.iter_mut() {
            let Some(keys) = keys.as_table_mut() else { continue };
            for (key, value) in keys.iter_mut() {
                let Value::String(path) = value else { continue };
                let Some(moved) = self.moved(path) else { continue };
                hints.push(format!(
                    "{named}: {section}.{key} = {path:?}: that folder is {moved:?} now, which is used; change the line. Versions \
                     after 0.2 do not look there"
                ));
                *path = moved;
            }
        }
        let changed = !hints.is_empty();
        let ListenConfig { model, state_dir, .. } = ListenConfig::default();
        let [model, state_dir] = [model, state_dir].map(|path| path.to_string_lossy().into_owned());
        let former_of = |path: &str| {
            let found = FOLDERS.into_iter().find_map(|(former, now)| Some((former, path.strip_prefix(now)?)));
            found.map(|(former, rest)| format!("{former}{rest}"))
        };
        let mut keep = |key: &str, path: &str, is_used: &dyn Fn(&str) -> bool| {
            let listen = table.entry("listen").or_insert_with(|| Value::Table(Table::new()));
            let Some(listen) = listen.as_table_mut() else { return };
            let Some(former) = former_of(path).filter(|former| is_used(former)) else { return };
            if listen.contains_key(key) {
                return;
            }
            hints.push(format!("{former} is used; move it to {path}: versions after 0.2 look only there"));
            listen.insert(key.into(), former.into());
        };
        keep("model", &model, &|former| !self.exists(&model) && self.exists(former));
        keep("state_dir", &state_dir, &|former| !self.has_files(&state_dir) && self.has_files(former));
        if table.get("listen").and_then(Value::as_table).is_some_and(Table::is_empty) {
            table.remove("listen");
        }
        if self.at("/var/lib/monitor").is_symlink() && !self.exists("/var/lib/monitor") {
            hints.push(
                "/var/lib/monitor links to what this service learned before version 0.2 and does not find any more: stop it, move \
                 /var/lib/private/monitor to /var/lib/private/acoustic-monitor, and delete the link"
                    .into(),
            );
        }
        (changed || !hints.is_empty(), hints)
    }

    /// The hint for the configuration file `path`, if it is the former one, or hides that.
    pub(super) fn hint(self, path: &Path) -> Option<String> {
        if path == Path::new(FORMER_PATH) {
            return Some(format!(
                "{FORMER_PATH} is read; move it to {DEFAULT_PATH}: versions after 0.2 look only there"
            ));
        }
        let hides = path == Path::new(DEFAULT_PATH)
            && self.at(FORMER_PATH).exists()
            && !self.are_one(FORMER_PATH, DEFAULT_PATH);
        hides.then(|| format!("{FORMER_PATH} is not read, because there is {DEFAULT_PATH}; delete one of them"))
    }
}

/// Renews the path of a model that was uploaded before the state folder was moved to where it is, `state_dir`: `table` is a file of
/// the page's changes, which lies in that folder and names the model by its whole path.
pub(super) fn renew_model(table: &mut Table, state_dir: &Path) {
    let Some(Value::String(model)) = table.get_mut("listen").and_then(|listen| listen.get_mut("model")) else { return };
    let (former, now) = FOLDERS[1];
    let is_own = [former, now].map(Path::new).contains(&state_dir);
    let rest = [former, now].into_iter().find_map(|folder| Path::new(&*model).strip_prefix(folder).ok());
    if let Some(renewed) = rest.filter(|_| is_own).and_then(|rest| state_dir.join(rest).to_str().map(String::from)) {
        *model = renewed;
    }
}

/// Reports each hint once: the configuration is read again by every request of the page.
pub(super) fn report(hints: Vec<String>) {
    static REPORTED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let mut reported = REPORTED.lock().unwrap_or_else(PoisonError::into_inner);
    for hint in hints {
        if reported.insert(hint.clone()) {
            warn(hint);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A file system with these files.
    fn system(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        folder
    }

    fn resolved(files: &[&str], text: &str) -> (Table, Vec<String>) {
        let folder = system(files);
        let mut table: Table = text.parse().unwrap();
        let before = table.clone();
        let (changed, hints) = Root(folder.path()).resolve(&mut table, "monitor.toml");
        assert!(changed || table == before);
        (table, hints)
    }

    const OLD: &str = "[listen]\nmodel = \"/etc/monitor/sound_classifier.tflite\"\nstate_dir = \"/var/lib/monitor\"\n[status]\n\
                       file = \"/run/monitor/status.json\"\n[events]\nfolder = \"/var/lib/monitor/events\"\nkeep_days = 3";

    #[test]
    fn paths_in_former_folders_that_were_moved_are_replaced_and_reported() {
        let (table, hints) = resolved(
            &["etc/acoustic-monitor/sound_classifier.tflite", "var/lib/acoustic-monitor/x", "run/acoustic-monitor/x"],
            OLD,
        );
        assert_eq!(table, OLD.replace("/monitor", "/acoustic-monitor").parse::<Table>().unwrap());
        assert_eq!(hints.len(), 4);
        assert!(hints[0].starts_with("monitor.toml: events.folder = \"/var/lib/monitor/events\": "), "{hints:?}");
        assert!(hints[0].contains("\"/var/lib/acoustic-monitor/events\" now"), "{hints:?}");
    }

    #[test]
    fn paths_that_are_there_or_nowhere_or_of_others_stay() {
        let there = ["etc/monitor/sound_classifier.tflite", "var/lib/monitor/trend.days", "run/monitor/x"];
        let new =
            ["etc/acoustic-monitor/sound_classifier.tflite", "var/lib/acoustic-monitor/x", "run/acoustic-monitor/x"];
        for files in [&there[..], &[], &[&there[..], &new[..]].concat()] {
            assert_eq!(resolved(files, OLD), (OLD.parse().unwrap(), vec![]), "{files:?}");
        }
        let other = "[listen]\nmodel = \"/etc/monitors/x\"\nstate_dir = \"/var/lib/other\"";
        assert_eq!(resolved(&new, other), (other.parse().unwrap(), vec![]));
    }

    #[test]
    fn without_a_setting_the_former_files_are_used_where_the_new_folder_has_none() {
        let old = ["etc/monitor/sound_classifier.tflite", "var/lib/monitor/anomaly.baseline"];
        let (table, hints) = resolved(&old, "");
        let listen = |key: &str| table["listen"][key].as_str().unwrap();
        assert_eq!(
            (listen("model"), listen("state_dir")),
            ("/etc/monitor/sound_classifier.tflite", "/var/lib/monitor")
        );
        assert_eq!(
            hints,
            [
                "/etc/monitor/sound_classifier.tflite is used; move it to /etc/acoustic-monitor/sound_classifier.tflite: versions \
                 after 0.2 look only there",
                "/var/lib/monitor is used; move it to /var/lib/acoustic-monitor: versions after 0.2 look only there"
            ]
        );
        let new = ["etc/acoustic-monitor/sound_classifier.tflite", "var/lib/acoustic-monitor/anomaly.baseline"];
        for files in [&new[..], &[], &[&old[..], &new[..]].concat()] {
            assert_eq!(resolved(files, ""), (Table::new(), vec![]), "{files:?}");
        }
        // An empty folder, as systemd makes it, is no reason to forget what was learned.
        let folder = system(&old);
        fs::create_dir_all(folder.path().join("var/lib/acoustic-monitor")).unwrap();
        let mut table = Table::new();
        Root(folder.path()).resolve(&mut table, "");
        assert_eq!(table["listen"]["state_dir"].as_str(), Some("/var/lib/monitor"));
    }

    #[test]
    fn an_uploaded_model_is_found_after_the_state_folder_was_moved() {
        let renewed = |model: &str, state_dir: &str| {
            let mut table: Table = format!("[listen]\nmodel = {model:?}").parse().unwrap();
            renew_model(&mut table, Path::new(state_dir));
            table["listen"]["model"].as_str().unwrap().to_owned()
        };
        let (old, new) = ("/var/lib/monitor/monitor/a/m", "/var/lib/acoustic-monitor/monitor/a/m");
        assert_eq!(renewed(old, "/var/lib/acoustic-monitor"), new);
        assert_eq!(renewed(new, "/var/lib/monitor"), old, "not moved yet, or moved back");
        assert_eq!(renewed(old, "/srv/monitor"), old);
        assert_eq!(renewed("/etc/passwd", "/var/lib/acoustic-monitor"), "/etc/passwd");
    }

    #[test]
    fn a_link_that_leads_nowhere_is_reported_with_what_to_move() {
        let folder = system(&["var/lib/acoustic-monitor/x"]);
        std::os::unix::fs::symlink("private/monitor", folder.path().join("var/lib/monitor")).unwrap();
        let (_, hints) = Root(folder.path()).resolve(&mut Table::new(), "");
        assert!(hints.len() == 1 && hints[0].contains("move /var/lib/private/monitor to"), "{hints:?}");
    }

    #[test]
    fn a_former_configuration_is_reported_read_or_not() {
        let folder = system(&["etc/monitor/monitor.toml", "etc/acoustic-monitor/monitor.toml"]);
        let hint = |path: &str| Root(folder.path()).hint(Path::new(path));
        assert!(hint(FORMER_PATH).unwrap().contains("is read; move it to /etc/acoustic-monitor/monitor.toml"));
        assert!(hint(DEFAULT_PATH).unwrap().contains("is not read"));
        assert_eq!(hint("/other.toml"), None);
        fs::remove_file(folder.path().join("etc/monitor/monitor.toml")).unwrap();
        fs::remove_dir(folder.path().join("etc/monitor")).unwrap();
        assert_eq!(hint(DEFAULT_PATH), None);
        std::os::unix::fs::symlink("acoustic-monitor", folder.path().join("etc/monitor")).unwrap();
        assert_eq!(hint(DEFAULT_PATH), None, "one file by two names, as in the container");
    }
}
