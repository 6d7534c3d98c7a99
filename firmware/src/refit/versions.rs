//! The stored refits: `refit-N.overlay`, at most eight, and `refit.active` with the number of the one in use and of the one before.
//!
//! Each file is written whole or not at all. A version is written before its number, so that a power cut in between leaves the
//! version before it active.

use std::path::PathBuf;

use monitor_model::atomic_file;
use monitor_model::refit::overlay::{Overlay, OwnedOverlay, Refused};
use serde::Serialize;

use super::{Error, Settings};

/// Most versions that are kept.
const MOST: usize = 8;
/// Name of the file with the number of the active version and of the one that was active before; 0 for none.
const ACTIVE: &str = "refit.active";

/// One stored refit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Version {
    /// Its number; later ones have greater numbers.
    pub(crate) number: u32,
    /// Whether it is in use.
    pub(crate) active: bool,
    /// When it was made, in seconds since 1970; 0 if the clock was not set.
    pub(crate) created_unix: u64,
    /// Its classes; empty where the model's head is used.
    pub(crate) labels: Vec<String>,
    /// Whether it widens the anomaly tables.
    pub(crate) has_tables: bool,
    /// Whether it belongs to the present model.
    pub(crate) fits_model: bool,
    /// Whether it cannot be read.
    pub(crate) damaged: bool,
    /// The figures it was accepted by.
    pub(crate) report: Option<serde_json::Value>,
}

/// Where a version is stored.
pub(super) fn path(settings: &Settings, number: u32) -> PathBuf {
    settings.state_dir.join(format!("refit-{number}.overlay"))
}

fn failed(path: PathBuf) -> impl FnOnce(std::io::Error) -> Error {
    move |error| Error::File { path, cause: error.to_string() }
}

/// Numbers of the active version and of the one before it; 0 for none.
pub(super) fn active(settings: &Settings) -> Result<[u32; 2], Error> {
    let path = settings.state_dir.join(ACTIVE);
    let text = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok([0; 2]),
        read => read.map_err(failed(path.clone()))?,
    };
    let mut numbers = text.split_whitespace().map(str::parse::<u32>);
    match (numbers.next(), numbers.next(), numbers.next()) {
        (Some(Ok(active)), Some(Ok(before)), None) => Ok([active, before]),
        _ => {
            Err(Error::File { path, cause: "it is damaged; choose a version with `firmware refit --activate`".into() })
        }
    }
}

fn set_active(settings: &Settings, active: u32, before: u32) -> Result<(), Error> {
    let path = settings.state_dir.join(ACTIVE);
    atomic_file::write(&path, format!("{active} {before}\n").as_bytes()).map_err(failed(path.clone()))
}

/// The numbers of all stored versions, ascending.
fn numbers(settings: &Settings) -> Result<Vec<u32>, Error> {
    let entries = match std::fs::read_dir(&settings.state_dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.map_err(failed(settings.state_dir.clone()))?,
    };
    let number = |name: String| name.strip_prefix("refit-")?.strip_suffix(".overlay")?.parse::<u32>().ok();
    let mut numbers: Vec<u32> =
        entries.flatten().filter_map(|entry| number(entry.file_name().into_string().ok()?)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Stores a version, makes it the active one, and deletes the oldest ones beyond [`MOST`]. Returns its number.
pub(super) fn store(settings: &Settings, file: &[u8]) -> Result<u32, Error> {
    let [active, _] = active(settings).unwrap_or_default();
    let kept = numbers(settings)?;
    let number = kept.last().copied().unwrap_or(0).max(active).saturating_add(1);
    let path = path(settings, number);
    atomic_file::write(&path, file).map_err(failed(path.clone()))?;
    set_active(settings, number, active)?;
    let surplus = (kept.len() + 1).saturating_sub(MOST);
    // Undo must find the one before.
    for old in kept.into_iter().filter(|old| *old != active).take(surplus) {
        // One that cannot be deleted now is deleted next time.
        let _ = std::fs::remove_file(self::path(settings, old));
    }
    Ok(number)
}

/// Checks that a version can be stored, before the clips are read and fitted.
///
/// # Errors
/// When the state directory cannot be written to.
pub(super) fn check_writable(settings: &Settings) -> Result<(), Error> {
    let path = path(settings, 1);
    atomic_file::check(&path).map_err(failed(path.clone()))
}

/// The stored versions, oldest first.
///
/// # Errors
/// When the state directory cannot be read.
pub(crate) fn versions(settings: &Settings) -> Result<Vec<Version>, Error> {
    let [active, _] = active(settings).unwrap_or_default();
    let model = std::fs::read(&settings.model).ok().map(|bytes| monitor_core::sealed::CRC.checksum(&bytes));
    let version = |number: u32| {
        let file = std::fs::read(path(settings, number)).unwrap_or_default();
        let is_active = number == active;
        match Overlay::parse(&file) {
            Ok(overlay) => Version {
                number,
                active: is_active,
                created_unix: overlay.created_unix,
                labels: overlay.labels.iter().map(ToString::to_string).collect(),
                has_tables: overlay.tables.is_some(),
                fits_model: model == Some(overlay.model),
                damaged: false,
                report: serde_json::from_str(overlay.report).ok(),
            },
            Err(_) => Version {
                number,
                active: is_active,
                created_unix: 0,
                labels: Vec::new(),
                has_tables: false,
                fits_model: false,
                damaged: true,
                report: None,
            },
        }
    };
    Ok(numbers(settings)?.into_iter().map(version).collect())
}

/// Makes a stored version the active one; `None` for the model's own head and tables.
///
/// # Errors
/// When there is no such version, it is damaged or of another model, or a file cannot be written.
pub(crate) fn activate(settings: &Settings, number: Option<u32>) -> Result<(), Error> {
    settings.check()?;
    let [now, _] = active(settings).unwrap_or_default();
    let Some(number) = number else { return set_active(settings, 0, now) };
    let path = path(settings, number);
    let file = match std::fs::read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::NoVersion { number, folder: settings.state_dir.clone() });
        }
        read => read.map_err(failed(path))?,
    };
    let unusable = |cause| Error::Unusable { number, cause };
    let model = std::fs::read(&settings.model).map_err(failed(settings.model.clone()))?;
    let features = Overlay::parse(&file).map_err(unusable)?.head.map_or(0, |head| head.features());
    OwnedOverlay::open(&model, features, file).map_err(unusable)?;
    if number == now { Ok(()) } else { set_active(settings, number, now) }
}

/// Makes the version active that was before the present one. Returns its number; `None` for the model's own head and tables.
///
/// # Errors
/// When no version is or was active, or as [`activate`].
pub(crate) fn undo(settings: &Settings) -> Result<Option<u32>, Error> {
    let [now, before] = active(settings)?;
    if [now, before] == [0, 0] {
        return Err(Error::NothingToUndo);
    }
    let number = (before != 0).then_some(before);
    match activate(settings, number) {
        // It was deleted as one of the oldest, or is of an earlier model.
        Err(Error::NoVersion { .. } | Error::Unusable { cause: Refused::OtherModel, .. }) => {
            activate(settings, None)?;
            Ok(None)
        }
        done => done.map(|()| number),
    }
}

#[cfg(test)]
mod tests {
    use monitor_model::refit::overlay::{OF_MODEL, Parts, seal};

    use super::*;

    fn place() -> (tempfile::TempDir, Settings) {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("model");
        std::fs::write(&model, b"model").unwrap();
        let settings = Settings { model, state_dir: folder.path().join("state"), allowed: true, ..Settings::default() };
        (folder, settings)
    }

    fn overlay(model: &[u8]) -> Vec<u8> {
        seal(&Parts {
            model,
            baseline: None,
            created_unix: 5,
            labels: &["off".into(), "on".into()],
            confidences: &[OF_MODEL; 2],
            weights: &[1.0, 2.0],
            bias: &[0.0, 0.0],
            tables: &[],
            report: "{\"accepted\":true}",
        })
        .unwrap()
    }

    #[test]
    fn versions_are_kept_activated_and_undone() {
        let (_folder, settings) = place();
        assert!(versions(&settings).unwrap().is_empty());
        assert!(matches!(undo(&settings), Err(Error::NothingToUndo)));
        assert_eq!([1, 2, 3].map(|_| store(&settings, &overlay(b"model")).unwrap()), [1, 2, 3]);
        let now = |settings: &Settings| active(settings).unwrap()[0];
        assert_eq!(undo(&settings).unwrap(), Some(2));
        activate(&settings, Some(1)).unwrap();
        assert_eq!(undo(&settings).unwrap(), Some(2));
        activate(&settings, None).unwrap();
        assert_eq!(now(&settings), 0);
        assert_eq!(undo(&settings).unwrap(), Some(2));
        assert!(matches!(activate(&settings, Some(9)), Err(Error::NoVersion { number: 9, .. })));
        let list = versions(&settings).unwrap();
        assert_eq!(
            list.iter().map(|version| (version.number, version.active)).collect::<Vec<_>>(),
            [(1, false), (2, true), (3, false)]
        );
        assert!(list.iter().all(|version| version.fits_model && version.report.is_some() && !version.damaged));
    }

    #[test]
    fn the_oldest_versions_are_deleted_and_never_the_one_to_go_back_to() {
        let (_folder, settings) = place();
        store(&settings, &overlay(b"model")).unwrap();
        for _ in 0..9 {
            store(&settings, &overlay(b"model")).unwrap();
            activate(&settings, Some(1)).unwrap();
        }
        let left: Vec<u32> = versions(&settings).unwrap().iter().map(|version| version.number).collect();
        assert_eq!(left, [1, 4, 5, 6, 7, 8, 9, 10]);
    }

    #[test]
    fn damaged_and_foreign_versions_are_listed_and_not_activated() {
        let (_folder, settings) = place();
        store(&settings, &overlay(b"another")).unwrap();
        store(&settings, b"RFT1 and no more").unwrap();
        let list = versions(&settings).unwrap();
        assert_eq!(list.iter().map(|v| (v.fits_model, v.damaged)).collect::<Vec<_>>(), [(false, false), (false, true)]);
        for number in [1, 2] {
            assert!(matches!(activate(&settings, Some(number)), Err(Error::Unusable { .. })));
        }
        assert_eq!(undo(&settings).unwrap(), None, "version 1 is of another model");
        std::fs::write(settings.state_dir.join(ACTIVE), "one").unwrap();
        assert!(undo(&settings).unwrap_err().to_string().contains("it is damaged; choose a version"));
        activate(&settings, None).unwrap();
    }

    #[test]
    fn nothing_is_activated_where_it_may_not_be_used() {
        let (_folder, settings) = place();
        let settings = Settings { allowed: false, ..settings };
        assert!(matches!(activate(&settings, None), Err(Error::NotAllowed)));
        let settings = Settings { state_dir: PathBuf::new(), ..settings };
        assert!(matches!(activate(&settings, None), Err(Error::NoStateDir)));
    }
}
