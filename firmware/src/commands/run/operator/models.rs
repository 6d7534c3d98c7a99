//! Models: uploads in two slots of the state directory, self-tested before they are used, and the way back.
//!
//! The slots are those of the card's update ([`crate::update::slot`]): complete or ignored, whatever moment the power goes. The one
//! in use is never written to. The page's overlay names the model in use; without it that is the file's.

use std::path::{Path, PathBuf};

use monitor_model::atomic_file;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::PageOperator;
use crate::config::overlay::{MODEL as KEY, Overlay};
use crate::config::{Layers, ListenConfig};
use crate::inference::signature;
use crate::reporting::{Operator, OperatorError, UploadedModel};
use crate::sinks::page::Uploads;
use crate::system::hex::hex;
use crate::system::messages::warn;
use crate::update::slot::{self, Slot, Which};
use crate::update::trial::Trial;
use crate::update::{Files, MODEL, Options, SIGNATURE};

/// Folder of the self-test, below the state directory; removed afterwards.
const TRIAL: &str = "trial";

/// File with the model that was used before, below the slots' folder.
const PREVIOUS: &str = "previous";

/// The model of the configuration's file.
const OF_FILE: &str = "file";

const SLOTS: [(&str, Which); 2] = [("a", Which::A), ("b", Which::B)];

fn refused(why: impl Into<String>) -> OperatorError {
    OperatorError::Refused(why.into())
}

fn failed(path: &Path, error: &std::io::Error) -> OperatorError {
    OperatorError::Failed(format!("{}: {error}; is there space, and may this user write there?", path.display()))
}

/// The place of a slot's model.
fn place(state_dir: &Path, which: Which) -> PathBuf {
    which.folder(state_dir).join(MODEL)
}

/// Which model a configuration uses: a slot's name, or [`OF_FILE`].
fn active(layers: &Layers) -> &'static str {
    let (state_dir, model) = (&layers.page_folder, &layers.config.listen.model);
    SLOTS.iter().find(|(_, which)| place(state_dir, *which) == *model).map_or(OF_FILE, |(name, _)| *name)
}

fn previous_file(state_dir: &Path) -> PathBuf {
    state_dir.join("monitor").join(PREVIOUS)
}

fn previous(state_dir: &Path) -> Option<String> {
    std::fs::read_to_string(previous_file(state_dir)).ok().map(|text| text.trim().to_owned())
}

impl PageOperator {
    /// The models that there are.
    pub(super) fn list_models(&self) -> Result<Value, OperatorError> {
        let layers = self.layers()?;
        let state_dir = &layers.page_folder;
        let active = active(&layers);
        let describe = |name: &str, bytes: &[u8], is_signed: bool, generation: Option<u64>| {
            json!({
                "id": name, "sha256": hex(&Sha256::digest(bytes)), "bytes": bytes.len(), "signed": is_signed,
                "active": name == active, "generation": generation,
            })
        };
        let mut models = Vec::new();
        let path = &layers.file.listen.model;
        if let Ok(bytes) = std::fs::read(path) {
            models.push(describe(OF_FILE, &bytes, signature::beside(path).exists(), None));
        }
        let mut damaged = Vec::new();
        for (name, which) in SLOTS {
            match slot::read(state_dir, which) {
                Ok(Some(Slot { generation, files })) => {
                    let model = files.get(MODEL).map(Vec::as_slice).unwrap_or_default();
                    models.push(describe(name, model, files.contains_key(SIGNATURE), Some(generation)));
                }
                Ok(None) => {}
                Err(why) => damaged.push(why),
            }
        }
        Ok(json!({
            "models": models,
            "previous": previous(state_dir).filter(|name| name != active),
            "damaged": damaged,
            "uploads": layers.config.page.uploads,
            "has_key": !layers.config.listen.public_key.as_os_str().is_empty(),
            "is_fixed": self.options.model.is_some(),
            "can_keep": !state_dir.as_os_str().is_empty(),
            "reload": self.reloads(),
        }))
    }

    /// The layers, if models can be changed here.
    fn changeable(&self) -> Result<Layers, OperatorError> {
        let layers = self.layers()?;
        if self.options.model.is_some() {
            return Err(refused("the command line names the model: start without --model to change it here"));
        }
        if layers.page_folder.as_os_str().is_empty() {
            return Err(refused("listen.state_dir is empty: there is no folder to keep models in; set it"));
        }
        Ok(layers)
    }

    /// Uses another model, which is there already.
    pub(super) fn use_a_model(&self, id: &str, by: &str) -> Result<Value, OperatorError> {
        let layers = self.changeable()?;
        let state_dir = &layers.page_folder;
        let which = SLOTS.iter().find(|(name, _)| *name == id).map(|(_, which)| *which);
        match which.map(|which| slot::read(state_dir, which)) {
            Some(Ok(Some(_))) => {}
            Some(Err(why)) => return Err(refused(why)),
            None if id == OF_FILE => {}
            _ => return Err(refused("there is no such model")),
        }
        self.activate(&layers, which, by)
    }

    /// Takes a model over for the next reload, if it fits the configuration.
    fn activate(&self, layers: &Layers, which: Option<Which>, by: &str) -> Result<Value, OperatorError> {
        let state_dir = &layers.page_folder;
        let mut overlay = layers.overlay.clone();
        let path = which.map(|which| place(state_dir, which));
        overlay.set(KEY, path.map(|path| toml::Value::String(path.to_string_lossy().into_owned())));
        let config = overlay.config(&layers.written).map_err(|error| refused(error.to_string()))?;
        let model = config.listen.model.clone();
        self.check(config)?;
        let before = previous_file(state_dir);
        atomic_file::write(&before, active(layers).as_bytes()).map_err(|error| failed(&before, &error))?;
        overlay.write(state_dir).map_err(|error| failed(&Overlay::path(state_dir), &error))?;
        warn(format!("page: {by} changed the model to {}", model.display()));
        self.reload();
        Ok(json!({ "path": model }))
    }

    /// Tests an uploaded model, keeps it and uses it.
    pub(super) fn install_a_model(&self, uploaded: UploadedModel, by: &str) -> Result<Value, OperatorError> {
        let digest = hex(&Sha256::digest(&uploaded.model));
        let installed = self.try_install(uploaded, by);
        if let Err(error) = &installed {
            warn(format!("page: {by} uploaded the model {digest}, which is not used: {error}"));
        }
        installed
    }

    fn try_install(&self, uploaded: UploadedModel, by: &str) -> Result<Value, OperatorError> {
        let layers = self.changeable()?;
        let config = &layers.config;
        let needs_signature = match config.page.uploads {
            Uploads::Off => return Err(refused("page.uploads is \"off\": copy the model to the device")),
            Uploads::Signed => true,
            Uploads::Any => config.listen.require_signature,
        };
        let mut files = Files::from([(MODEL, uploaded.model)]);
        files.extend(uploaded.signature.map(|text| (SIGNATURE, text.into_bytes())));
        if needs_signature && config.listen.public_key.as_os_str().is_empty() {
            return Err(refused(
                "no key is there to check signatures by: set listen.public_key, or page.uploads = \"any\" for unsigned models",
            ));
        }
        if needs_signature && !files.contains_key(SIGNATURE) {
            return Err(refused("the model is not signed: sign it with `host-tools sign` and choose both files"));
        }
        let state_dir = &layers.page_folder;
        let work = state_dir.join(TRIAL);
        let tested = self.test_in(&work, &files, &config.listen, needs_signature);
        let _ = std::fs::remove_dir_all(&work);
        tested?;
        let (which, generation) = free_slot(state_dir, active(&layers));
        let folder = which.folder(state_dir);
        slot::write(state_dir, which, &Slot { generation, files }, |_| Ok(()))
            .map_err(|error| failed(&folder, &error))?;
        self.activate(&layers, Some(which), by)
    }

    /// Checks the signature, before anything reads the model, and then has another process try it.
    fn test_in(
        &self,
        work: &Path,
        files: &Files,
        listen: &ListenConfig,
        needs_signature: bool,
    ) -> Result<(), OperatorError> {
        let options = Options {
            card: work.into(),
            work: work.into(),
            config: self.options.config.clone(),
            own: std::env::current_exe().map_err(|error| failed(Path::new("/proc/self/exe"), &error))?,
        };
        let trial = Trial::new(&options).map_err(|error| failed(work, &error))?;
        if needs_signature {
            let model = work.join(MODEL);
            let signed = ListenConfig { require_signature: true, model: model.clone(), ..listen.clone() };
            let path = signature::beside(&model);
            let text = files.get(SIGNATURE).map(Vec::as_slice).unwrap_or_default();
            std::fs::write(&path, text).map_err(|error| failed(&path, &error))?;
            let bytes = files.get(MODEL).map(Vec::as_slice).unwrap_or_default();
            signature::check(&signed, bytes).map_err(|error| refused(error.to_string()))?;
        }
        trial.run(files, files).map_err(OperatorError::Refused)
    }
}

/// The slot to write, which is not in use, and its generation: the older one.
fn free_slot(state_dir: &Path, active: &str) -> (Which, u64) {
    let generation = |which| slot::read(state_dir, which).ok().flatten().map_or(0, |slot| slot.generation);
    let [a, b] = [Which::A, Which::B].map(generation);
    let which = match active {
        "a" => Which::B,
        "b" => Which::A,
        _ if a <= b => Which::A,
        _ => Which::B,
    };
    (which, a.max(b) + 1)
}
