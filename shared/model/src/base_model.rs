//! Location and identity of the YAMNet base model.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Length of the official file in bytes.
pub const SIZE: u64 = 4_126_810;

/// SHA-256 of the official file, `lite-model_yamnet_classification_tflite_1.tflite`.
pub const SHA256: [u8; 32] = [
    0x10, 0xc9, 0x5e, 0xa3, 0xeb, 0x9a, 0x7b, 0xb4, 0xcb, 0x8b, 0xdd, 0xf6, 0xfe, 0xb0, 0x23, 0x25, 0x03, 0x81, 0x00,
    0x81, 0x77, 0xac, 0x16, 0x2c, 0xe1, 0x69, 0x69, 0x4d, 0x05, 0xc3, 0x17, 0xde,
];

/// Environment variable with the path of the base model.
pub const VARIABLE: &str = "YAMNET_TFLITE";

/// Path in the working folder at which the base model may be, and at which `host-tools fetch` stores it where the user has no
/// cache folder. Until version 0.1 it was always stored there.
pub const IN_PROJECT: &str = "artifacts/base/yamnet.tflite";

/// The base model's place in the user's cache and data folders.
const IN_USER_FOLDER: &str = "acoustic-monitor/yamnet.tflite";

/// The file that the environment variable [`VARIABLE`] names; `None` if it is unset or empty.
pub fn named() -> Option<PathBuf> {
    named_in(&|name| std::env::var_os(name))
}

/// Places where the base model may be, best first: `explicit` (an option of the command line) alone if given; else
/// [`VARIABLE`] alone if set; else [`IN_PROJECT`], then `acoustic-monitor/yamnet.tflite` in the user's cache folder
/// (`$XDG_CACHE_HOME` or `~/.cache`) and data folder (`$XDG_DATA_HOME` or `~/.local/share`); on Windows both are
/// `%LOCALAPPDATA%`.
pub fn places(explicit: Option<&Path>) -> Vec<PathBuf> {
    places_in(explicit, &|name| std::env::var_os(name))
}

/// Where `host-tools fetch` stores the base model: in the user's cache folder, so that every project finds it; without one at
/// [`IN_PROJECT`].
pub fn stored() -> PathBuf {
    stored_in(&|name| std::env::var_os(name))
}

/// The first of [`places`] that is a file, or `None`.
pub fn find(explicit: Option<&Path>) -> Option<PathBuf> {
    places(explicit).into_iter().find(|path| path.is_file())
}

/// The value of an environment variable.
type Variable<'a> = &'a dyn Fn(&str) -> Option<OsString>;

fn named_in(variable: Variable) -> Option<PathBuf> {
    variable(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn places_in(explicit: Option<&Path>, variable: Variable) -> Vec<PathBuf> {
    match explicit.map(PathBuf::from).or_else(|| named_in(variable)) {
        Some(path) => vec![path],
        None => {
            let folders = [cache_folder(variable), data_folder(variable)];
            let mut in_folders: Vec<_> =
                folders.into_iter().flatten().map(|folder| folder.join(IN_USER_FOLDER)).collect();
            in_folders.dedup();
            [PathBuf::from(IN_PROJECT)].into_iter().chain(in_folders).collect()
        }
    }
}

fn stored_in(variable: Variable) -> PathBuf {
    cache_folder(variable).map_or_else(|| IN_PROJECT.into(), |folder| folder.join(IN_USER_FOLDER))
}

/// The folder of what the user's programs can fetch again.
fn cache_folder(variable: Variable) -> Option<PathBuf> {
    user_folder(variable, "XDG_CACHE_HOME", ".cache")
}

/// The folder of the user's application data.
fn data_folder(variable: Variable) -> Option<PathBuf> {
    user_folder(variable, "XDG_DATA_HOME", ".local/share")
}

/// A folder of the user, named by `name` or in the home folder. A relative path in the environment is ignored, as the XDG Base
/// Directory Specification demands.
fn user_folder(variable: Variable, name: &str, in_home: &str) -> Option<PathBuf> {
    let absolute = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    if cfg!(windows) {
        absolute("LOCALAPPDATA")
    } else {
        absolute(name).or_else(|| absolute("HOME").map(|home| home.join(in_home)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The places in an environment of these variables.
    fn places_with(explicit: Option<&str>, variables: &[(&str, &str)]) -> Vec<PathBuf> {
        let variable =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value));
        places_in(explicit.map(Path::new), &variable)
    }

    #[test]
    fn an_option_or_the_variable_names_the_only_place() {
        assert_eq!(places_with(Some("a"), &[(VARIABLE, "b")]), [Path::new("a")]);
        assert_eq!(places_with(None, &[(VARIABLE, "b"), ("HOME", "/home/me")]), [Path::new("b")]);
    }

    #[cfg(unix)]
    #[test]
    fn otherwise_the_projects_file_comes_first_and_then_the_users_folders() {
        let further = |variables: &[(&str, &str)]| {
            let places = places_with(None, variables);
            assert_eq!(places[0], Path::new(IN_PROJECT));
            places[1..].to_vec()
        };
        let (cache, data) = ("/home/me/.cache", "/home/me/.local/share");
        let of =
            |folders: [&str; 2]| folders.map(|folder| PathBuf::from(folder).join("acoustic-monitor/yamnet.tflite"));
        assert_eq!(further(&[(VARIABLE, ""), ("HOME", "/home/me")]), of([cache, data]));
        assert_eq!(further(&[("XDG_DATA_HOME", "relative"), ("HOME", "/home/me")]), of([cache, data]));
        assert_eq!(further(&[("XDG_DATA_HOME", "/data"), ("XDG_CACHE_HOME", "/cache")]), of(["/cache", "/data"]));
        assert_eq!(further(&[]), [""; 0].map(PathBuf::from));
    }

    #[cfg(unix)]
    #[test]
    fn a_fetched_file_is_stored_where_it_is_found_again() {
        for variables in [&[("HOME", "/home/me")][..], &[("XDG_CACHE_HOME", "/cache")], &[]] {
            let variable =
                |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, v)| OsString::from(v));
            assert!(places_in(None, &variable).contains(&stored_in(&variable)), "{variables:?}");
        }
    }
}
