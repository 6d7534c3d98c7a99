//! From a file to a checked configuration.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::Config;
use super::former::{self, FORMER_PATH, Root};
use super::overlay::Overlay;
use crate::setting::InvalidSetting;
use crate::system::messages::{detail, warn};

/// The system's configuration, read where nothing else names one; it may be absent.
pub const DEFAULT_PATH: &str = "/etc/acoustic-monitor/monitor.toml";

/// Environment variable with the path of the configuration.
pub const VARIABLE: &str = "ACOUSTIC_MONITOR_CONFIG";

/// The user's configuration, in the folder of the XDG Base Directory Specification.
const IN_CONFIG_FOLDER: &str = "acoustic-monitor/monitor.toml";

/// The value of an environment variable.
type Variable<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The file that is read: `option` (of the command line), else the one that [`VARIABLE`] names, else the user's
/// (`$XDG_CONFIG_HOME` or `~/.config`) or the system's ([`DEFAULT_PATH`], or that of earlier versions) where it exists; `None` for
/// the defaults.
pub fn found(option: Option<&Path>) -> Option<PathBuf> {
    // What this user may not look at counts as there for the system's file, whose error then names the cause.
    let is_systems = |path: &Path| [DEFAULT_PATH, FORMER_PATH].map(Path::new).contains(&path);
    let is_there = |path: &Path| path.exists() || is_systems(path) && path.try_exists().is_err();
    found_in(option, &|name| std::env::var_os(name), &is_there)
}

fn found_in(option: Option<&Path>, variable: Variable, exists: &dyn Fn(&Path) -> bool) -> Option<PathBuf> {
    let named = || variable(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
    let absolute = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = || absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")));
    let own = || folder().map(|folder| folder.join(IN_CONFIG_FOLDER));
    let present = || own().into_iter().chain([DEFAULT_PATH, FORMER_PATH].map(PathBuf::from)).find(|path| exists(path));
    option.map(PathBuf::from).or_else(named).or_else(present)
}

/// The file, and what the page has changed over it.
#[derive(Debug, Clone)]
pub(crate) struct Layers {
    /// What the file alone makes.
    pub(crate) file: Config,
    /// The file as it is written, with the present names of former folders.
    #[cfg_attr(not(feature = "page"), allow(dead_code))] // Read where it is changed.
    pub(crate) written: toml::Table,
    /// The folder of what the page has changed and of the models that came by it: the state directory, but see [`folder_of_page`].
    pub(crate) page_folder: PathBuf,
    /// What the page has changed.
    pub(crate) overlay: Overlay,
    /// Both together.
    pub(crate) config: Config,
    /// Why the page's changes are left out, where they are: a damaged file of theirs never keeps the device from its work.
    pub(crate) ignored: Option<Error>,
}

impl Layers {
    /// Reads the file `path`, or without one that which is [`found`], or the defaults; and the page's changes. `state_dir`, of the
    /// command line, comes in place of the configuration's, for the page's changes too.
    ///
    /// # Errors
    /// When a named file cannot be read, or is no configuration.
    pub(crate) fn load(path: Option<&Path>, state_dir: Option<&Path>) -> Result<Self, Error> {
        let Some(path) = found(path) else {
            detail(|| "configuration: the defaults, there is no file".into());
            let mut written = toml::Table::new();
            let (_, hints) = Root::default().resolve(&mut written, "");
            former::report(hints);
            return Ok(Self::over(Config::from_table(written.clone())?, written, state_dir));
        };
        detail(|| format!("configuration: {}", path.display()));
        let in_file = |error| Error::File { path: path.clone(), error: Box::new(error) };
        let text = std::fs::read_to_string(&path).map_err(|error| in_file(Error::Read(error.to_string())))?;
        let mut file = Config::parse(&text).map_err(in_file)?;
        // Parsed already: it cannot fail.
        let mut written = text.parse().unwrap_or_default();
        let (changed, mut hints) = Root::default().resolve(&mut written, &path.display().to_string());
        if changed {
            file = Config::from_table(written.clone()).map_err(in_file)?;
        }
        hints.extend(Root::default().hint(&path));
        former::report(hints);
        Ok(Self::over(file, written, state_dir))
    }

    fn over(mut file: Config, written: toml::Table, state_dir: Option<&Path>) -> Self {
        let page_folder = match state_dir {
            Some(given) => {
                let configured = std::mem::replace(&mut file.listen.state_dir, given.into());
                folder_of_page(given, configured)
            }
            None => file.listen.state_dir.clone(),
        };
        let merged =
            Overlay::read(&page_folder).and_then(|overlay| overlay.config(&written).map(|config| (overlay, config)));
        match merged {
            Ok((overlay, mut config)) => {
                config.listen.state_dir.clone_from(&file.listen.state_dir);
                Self { file, written, page_folder, overlay, config, ignored: None }
            }
            Err(error) => {
                let error = Error::File { path: Overlay::path(&page_folder), error: Box::new(error) };
                let (overlay, config) = (Overlay::default(), file.clone());
                Self { file, written, page_folder, overlay, config, ignored: Some(error) }
            }
        }
    }
}

/// The folder of the page's changes where the command line names the state directory, `given`: that one. Until version 0.2 it was the
/// configuration's, `configured`, all the same; where they lie there and not in `given`, they are used there, with a hint.
fn folder_of_page(given: &Path, configured: PathBuf) -> PathBuf {
    let is_there = |folder: &Path| Overlay::path(folder).exists();
    if given.as_os_str().is_empty() || configured == given || is_there(given) || !is_there(&configured) {
        return given.into();
    }
    let hint = format!(
        "{}: the page's changes are used from here, although --state-dir names {}; in a later version they are not: make them \
         again there, after deleting this file",
        Overlay::path(&configured).display(),
        given.display()
    );
    former::report(vec![hint]);
    configured
}

impl Config {
    /// Reads the file `path`, or without one that which is [`found`], or the defaults. What the page has changed comes in
    /// place of the file's values; where that cannot be used, it is reported and left out.
    ///
    /// # Errors
    /// When a file cannot be read, or is no configuration.
    pub fn load(path: Option<&Path>) -> Result<Self, Error> {
        Self::load_in(path, None)
    }

    /// The same with the state directory of the command line in place of the configuration's.
    pub(crate) fn load_in(path: Option<&Path>, state_dir: Option<&Path>) -> Result<Self, Error> {
        let Layers { config, ignored, .. } = Layers::load(path, state_dir)?;
        ignored.into_iter().for_each(|error| warn(format!("{error}; the changes of the page are left out")));
        Ok(config)
    }

    /// Reads and checks the text of a configuration.
    ///
    /// # Errors
    /// When it is no TOML, has unknown keys or values of the wrong type or out of range.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let config: Self = toml::from_str(text).map_err(|error| Error::Parse(error.to_string()))?;
        config.validate()?;
        Ok(config)
    }

    /// The same of a table.
    pub(crate) fn from_table(table: toml::Table) -> Result<Self, Error> {
        let config: Self = table.try_into().map_err(|error: toml::de::Error| Error::Parse(error.to_string()))?;
        config.validate()?;
        Ok(config)
    }
}

/// Why there is no configuration. All of it is for a person to correct.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// The cause, with the file it is in.
    #[error("{}: {error}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: Box<Error>,
    },
    /// The file cannot be read.
    #[error("the configuration cannot be read: {0}")]
    Read(String),
    /// No TOML, an unknown key, or a value of the wrong type; the text has line and column.
    #[error("{}", .0.trim_end())]
    Parse(String),
    /// A setting that cannot be used.
    #[error("{0}")]
    Setting(#[from] InvalidSetting),
    /// A value of `[decision]` outside its range.
    #[error("{0}")]
    Decision(#[from] monitor_core::decision::Error),
    /// Signatures are required, but no key is configured.
    #[error("listen.require_signature needs listen.public_key: name the .pub file")]
    NoPublicKey,
    /// A key in the file of the page's changes that the page may not change.
    #[error("{0} is not for the page to change: set it in monitor.toml, and delete this file or that line")]
    NotForPage(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_file_that_is_absent_is_an_error_that_names_it() {
        let message = Config::load(Some(Path::new("/nowhere/monitor.toml"))).unwrap_err().to_string();
        assert!(message.starts_with("/nowhere/monitor.toml: "), "{message}");
    }

    #[test]
    fn what_the_page_has_changed_comes_in_place_of_the_file_and_is_left_out_where_it_does_not_fit_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("monitor.toml");
        let write = |alarm: &str| {
            std::fs::write(&path, format!("[listen]\nstate_dir = {:?}\n[alarm]\n{alarm}", folder.path())).unwrap();
        };
        write("warn = 0.6");
        std::fs::write(folder.path().join("page.toml"), "[alarm]\nalarm = 0.8\nlatch = true").unwrap();
        let layers = Layers::load(Some(&path), None).unwrap();
        let alarm = |config: &Config| (config.alarm.warn, config.alarm.alarm, config.alarm.latch);
        assert_eq!(
            (alarm(&layers.file), alarm(&layers.config)),
            ((Some(0.6), None, false), (Some(0.6), Some(0.8), true))
        );
        // A warning level above the alarm level of the page.
        write("warn = 0.9");
        let layers = Layers::load(Some(&path), None).unwrap();
        let message = layers.ignored.unwrap().to_string();
        assert!(
            message.contains("page.toml: ") && message.contains("alarm.warn = 0.9 is above alarm.alarm = 0.8"),
            "{message}"
        );
        assert_eq!(alarm(&layers.config), (Some(0.9), None, false));
    }

    #[test]
    fn the_page_s_changes_lie_in_the_state_directory_of_the_command_line_but_are_found_in_that_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let [path, configured, given] = ["monitor.toml", "configured", "given"].map(|name| folder.path().join(name));
        std::fs::write(&path, format!("[listen]\nstate_dir = {configured:?}")).unwrap();
        for state in [&configured, &given] {
            std::fs::create_dir(state).unwrap();
        }
        let load = |state_dir: &Path| {
            let layers = Layers::load(Some(&path), Some(state_dir)).unwrap();
            assert_eq!([&layers.file, &layers.config].map(|config| &*config.listen.state_dir), [state_dir; 2]);
            (layers.page_folder, layers.config.alarm.alarm)
        };
        assert_eq!(load(&given), (given.clone(), None));
        std::fs::write(Overlay::path(&configured), "[alarm]\nalarm = 0.7").unwrap();
        assert_eq!(load(&given), (configured.clone(), Some(0.7)));
        assert_eq!(load(Path::new("")), (PathBuf::new(), None));
        std::fs::write(Overlay::path(&given), "[alarm]\nalarm = 0.8").unwrap();
        assert_eq!(load(&given), (given.clone(), Some(0.8)));
        assert_eq!(Layers::load(Some(&path), None).unwrap().page_folder, configured);
    }

    #[test]
    fn the_option_goes_before_the_variable_and_both_before_the_files_that_exist() {
        let system = Path::new(DEFAULT_PATH);
        let own = Path::new("/home/me/.config/acoustic-monitor/monitor.toml");
        let found = |option: Option<&str>, variables: &[(&str, &str)], existing: &[&Path]| {
            let variable = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, v)| v.into());
            found_in(option.map(Path::new), &variable, &|path| existing.contains(&path))
        };
        let named = [(VARIABLE, "b"), ("HOME", "/home/me")];
        assert_eq!(found(Some("a"), &named, &[own, system]), Some("a".into()));
        assert_eq!(found(None, &named, &[own, system]), Some("b".into()));
        assert_eq!(found(None, &[(VARIABLE, ""), ("HOME", "/home/me")], &[own, system]), Some(own.into()));
        let former = Path::new(FORMER_PATH);
        assert_eq!(found(None, &named[1..], &[system, former]), Some(system.into()));
        assert_eq!(found(None, &named[1..], &[former]), Some(former.into()));
        assert_eq!(found(None, &[("XDG_CONFIG_HOME", "/home/me/.config"), ("HOME", "/x")], &[own]), Some(own.into()));
        assert_eq!(found(None, &[("XDG_CONFIG_HOME", "relative")], &[own]), None);
        assert_eq!(found(None, &[], &[own]), None);
    }

    #[test]
    fn a_typing_error_is_shown_with_its_line() {
        let message = Config::parse("[listen]\nhop_s = \"fast\"").unwrap_err().to_string();
        assert!(message.contains("line 2"), "{message}");
    }
}
