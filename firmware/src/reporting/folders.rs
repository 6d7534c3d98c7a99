//! The folders of the configuration that sinks share.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// The folders; empty for none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FolderPaths {
    /// What the device stores: `listen.state_dir`.
    pub state: PathBuf,
    /// The event log: `events.folder`.
    pub events: PathBuf,
    /// The clips: `clips.folder`.
    pub clips: PathBuf,
    /// Most MiB of all clips: `clips.max_mib`.
    pub clips_max_mib: u32,
    /// Seconds after an alarm that its clip has: `clips.after_s`.
    pub clips_after_s: f32,
    /// What a refit needs: the model, and where to store.
    pub refit: crate::refit::Settings,
    /// The clips for people to label: `teach.folder`.
    pub teach: PathBuf,
}

/// The folders of the present configuration. Its clones see a reload.
#[derive(Debug, Clone, Default)]
pub struct Folders(Arc<Mutex<FolderPaths>>);

impl Folders {
    /// The folders now.
    pub fn get(&self) -> FolderPaths {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the folders.
    pub fn set(&self, paths: FolderPaths) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = paths;
    }
}
