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

/// Path at which `host-tools fetch` stores the base model.
pub const STORED: &str = "artifacts/base/yamnet.tflite";

/// The base model's place in the user's data folder.
const IN_DATA_FOLDER: &str = "acoustic-monitor/yamnet.tflite";

/// The file that the environment variable [`VARIABLE`] names; `None` if it is unset or empty.
pub fn named() -> Option<PathBuf> {
    named_in(&|name| std::env::var_os(name))
}

/// Places where the base model may be, best first: `explicit` (an option of the command line) alone if given; else
/// [`VARIABLE`] alone if set; else [`STORED`], then `acoustic-monitor/yamnet.tflite` in the user's data folder
/// (`$XDG_DATA_HOME` or `~/.local/share`; `%LOCALAPPDATA%` on Windows).
pub fn places(explicit: Option<&Path>) -> Vec<PathBuf> {
    places_in(explicit, &|name| std::env::var_os(name))
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
            let in_data_folder = data_folder(variable).map(|folder| folder.join(IN_DATA_FOLDER));
            [PathBuf::from(STORED)].into_iter().chain(in_data_folder).collect()
        }
    }
}

/// The folder of the user's application data. A relative path in the environment is ignored, as the XDG Base Directory
/// Specification demands.
fn data_folder(variable: Variable) -> Option<PathBuf> {
    let absolute = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    if cfg!(windows) {
        absolute("LOCALAPPDATA")
    } else {
        absolute("XDG_DATA_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
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
    fn otherwise_the_fetched_file_comes_first_and_then_the_users_data_folder() {
        let second = |variables: &[(&str, &str)]| {
            let places = places_with(None, variables);
            assert_eq!(places[0], Path::new(STORED));
            places.get(1).cloned()
        };
        let home = PathBuf::from("/home/me/.local/share/acoustic-monitor/yamnet.tflite");
        assert_eq!(second(&[(VARIABLE, ""), ("HOME", "/home/me")]), Some(home.clone()));
        assert_eq!(second(&[("XDG_DATA_HOME", "relative"), ("HOME", "/home/me")]), Some(home));
        let data = PathBuf::from("/data/acoustic-monitor/yamnet.tflite");
        assert_eq!(second(&[("XDG_DATA_HOME", "/data"), ("HOME", "/home/me")]), Some(data));
        assert_eq!(second(&[]), None);
    }
}
