//! The active version, as `run` and `check` use it.

use std::path::PathBuf;

use monitor_core::anomaly::AnomalyModel;
use monitor_core::head::Head;
use monitor_core::sealed::CRC;
use monitor_model::refit::overlay::OwnedOverlay;

use super::{Settings, versions};

/// A version that belongs to the loaded model.
#[derive(Debug)]
pub(crate) struct Active {
    overlay: OwnedOverlay,
    /// Whether its tables were widened from those that would be used without it.
    has_tables: bool,
}

impl Active {
    /// The head, its labels and the confidence of each class in hundredths; `None` where the model's head is used.
    pub(crate) fn head(&self) -> Option<(&Head<'_>, &[&str], &[u8])> {
        let contents = self.overlay.contents();
        Some((contents.head.as_ref()?, &contents.labels[..], contents.confidences))
    }

    /// The anomaly tables; `None` where the model's or the baseline's are used.
    pub(crate) fn tables(&self) -> Option<&AnomalyModel<'_>> {
        self.overlay.contents().tables.as_ref().filter(|_| self.has_tables)
    }

    /// The bytes of the file.
    pub(crate) fn file(&self) -> &[u8] {
        self.overlay.file()
    }
}

/// Loads the active version for the model of the bytes `model`, whose head takes `features` values. `baseline` are the bytes of the
/// baseline in use. `None` where no version is active.
///
/// # Errors
/// When a version is active and is not used, or its tables are not, and why; the model's own head is used then.
pub(crate) fn load(
    settings: &Settings,
    model: &[u8],
    features: usize,
    baseline: Option<&[u8]>,
) -> Result<Option<Active>, Ignored> {
    if settings.state_dir.as_os_str().is_empty() {
        return Ok(None);
    }
    let ignored = |path: PathBuf, cause: String| Ignored { path, cause };
    let number = match versions::active(settings) {
        Ok([0, _]) => return Ok(None),
        Ok([number, _]) => number,
        Err(error) => return Err(ignored(settings.state_dir.clone(), error.to_string())),
    };
    let path = versions::path(settings, number);
    if !settings.allowed {
        let cause = "listen.require_signature is set and it bears none; set listen.allow_baseline = true to use it, or go back \
                     with `firmware refit --activate 0`";
        return Err(ignored(path, cause.into()));
    }
    let file = std::fs::read(&path).map_err(|error| ignored(path.clone(), error.to_string()))?;
    let overlay = OwnedOverlay::open(model, features, file).map_err(|refused| ignored(path, refused.to_string()))?;
    let has_tables = overlay.contents().baseline == baseline.map_or(0, |bytes| CRC.checksum(bytes));
    Ok(Some(Active { overlay, has_tables }))
}

impl Active {
    /// A remark for people if tables of the version are not used.
    pub(crate) fn remark(&self) -> Option<&'static str> {
        let unused = self.overlay.contents().tables.is_some() && !self.has_tables;
        unused.then_some(
            "the baseline has changed since the refit: its anomaly tables are not used; run `firmware refit` again",
        )
    }
}

/// A version that is not used, and why: the model's own head is used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} is ignored: {cause}", .path.display())]
pub(crate) struct Ignored {
    path: PathBuf,
    cause: String,
}
