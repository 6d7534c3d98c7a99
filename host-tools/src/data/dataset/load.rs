//! From a folder or a manifest to a data set.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use rayon::prelude::*;

use super::kinds::{Role, role};
use super::probe::{Probe, probe};
use super::spans::Part;
use super::{Dataset, FoundSound, Skipped, Use, alike, folders, manifest, remarks};
use crate::console::{Ui, shown};

/// The name of a manifest within the folder of a data set.
const MANIFEST: &str = "manifest.csv";

/// A file that the folders or the manifest name.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub path: PathBuf,
    /// Path from the data set's folder, with `/`: the order of recordings and their default names.
    pub name: String,
    /// The label of the whole file; of no meaning where there are spans.
    pub label: String,
    /// The manifest's group and recording; `None` where names decide.
    pub group: Option<String>,
    pub recording: Option<String>,
    /// The group that the folders or the name give by the layout, if not the file's name alone.
    pub derived: Option<String>,
    /// Parts with labels of their own; empty where the whole file has `label`.
    pub spans: Vec<Part>,
}

impl Found {
    /// Whether it, or a part of it, has the label.
    pub(super) fn has_label(&self, label: &str) -> bool {
        if self.spans.is_empty() { self.label == label } else { self.spans.iter().any(|part| part.label == label) }
    }

    /// Length of what has the label in a file of `seconds`.
    pub(super) fn seconds_of(&self, label: &str, seconds: f64) -> f64 {
        let parts = self.spans.iter().filter(|part| part.label == label);
        let length = |part: &Part| (part.seconds.end.min(seconds) - part.seconds.start).max(0.0);
        if self.spans.is_empty() { seconds } else { parts.map(length).sum() }
    }

    /// Its labels and, where they differ within the file, their parts: what contradicts another copy of the file.
    fn labels(&self) -> String {
        match &self.spans[..] {
            [] => self.label.clone(),
            parts => {
                parts.iter().map(|part| format!("{} {:?}", part.label, part.seconds)).collect::<Vec<_>>().join(", ")
            }
        }
    }
}

/// Files named by folders or a manifest, before any is opened.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub found: Vec<Found>,
    pub skipped: Vec<Skipped>,
    pub remarks: Vec<String>,
    /// Hidden files with names of recordings, which are not read.
    pub hidden: Vec<PathBuf>,
}

/// A file that can be used.
#[derive(Debug, Clone)]
pub(super) struct Usable {
    pub found: Found,
    pub probe: Probe,
}

impl Dataset {
    /// Reads the data set in the folder `data`, or that of the manifest `data` if it is a file, to train on it.
    ///
    /// A file that cannot be used is listed in [`skipped`](Self::skipped), not an error.
    ///
    /// # Errors
    /// If the folder or the manifest cannot be read, nothing in it can be used, or a file has two labels.
    pub fn load(data: &Path, ui: &Ui) -> anyhow::Result<Self> {
        Self::load_for(Use::Train, data, ui)
    }

    /// As [`load`](Self::load), to train or to evaluate: only to train are long files cut into blocks.
    pub(crate) fn load_for(used: Use, data: &Path, ui: &Ui) -> anyhow::Result<Self> {
        let (folder, manifest_path) = if data.is_file() {
            (data.parent().unwrap_or(Path::new("")), Some(data.to_path_buf()))
        } else {
            (data, Some(data.join(MANIFEST)).filter(|path| path.is_file()))
        };
        if !data.exists() {
            bail!("{} does not exist; give the folder that holds one folder of WAV files per class", shown(data));
        }
        if data.is_file() && role(data) == Role::Recording {
            bail!(
                "{} is one recording; give the folder that holds one folder of WAV files per class, or a manifest.csv",
                shown(data)
            );
        }
        let listing = match &manifest_path {
            Some(path) => manifest::read(path)?,
            None => folders::list(folder)?,
        };
        let timelines =
            folders::with_timelines(folder).with_context(|| format!("cannot read the folder {}", folder.display()))?;
        let mut dataset = Self { skipped: listing.skipped, remarks: listing.remarks, timelines, ..Self::default() };
        let labels = |found: &[&Found]| -> BTreeSet<String> {
            found.iter().filter(|found| found.spans.is_empty()).map(|found| found.label.clone()).collect()
        };
        let named = labels(&listing.found.iter().collect::<Vec<_>>());
        let usable = dataset.probe_all(listing.found, ui);
        let usable = dataset.without_copies(usable)?;
        let left = labels(&usable.iter().map(|usable| &usable.found).collect::<Vec<_>>());
        for label in named.difference(&left) {
            dataset.remarks.push(format!("no file of {label} can be used, so it is no class"));
            dataset.lost.push(label.clone());
        }
        dataset.arrange(&usable, used);
        dataset.remarks.extend(alike::remarks(&dataset.classes));
        dataset.sound = FoundSound::new(&dataset.classes, &usable);
        if dataset.recordings.is_empty() {
            bail!(
                "{} holds no usable recording{}; it needs WAV files of at least {} s in one folder per class",
                data.display(),
                dataset
                    .skipped
                    .first()
                    .map(|first| format!(
                        " ({} skipped, the first: {}: {})",
                        dataset.skipped.len(),
                        shown(&first.path),
                        first.reason
                    ))
                    .unwrap_or_default(),
                monitor_core::window::SECONDS
            );
        }
        Ok(dataset)
    }

    /// Rejects a data set that no model can be trained on.
    ///
    /// # Errors
    /// If there is no class, or one alone because no file of the others can be used; if a class has a name that no label can
    /// have, or all recordings hold zeros alone.
    pub fn require_class(&self) -> anyhow::Result<()> {
        ensure!(!self.classes.is_empty(), "the data has no class; add one folder of WAV files per class");
        // A model of one class is another kind of model than the classes of the data ask for.
        ensure!(
            self.classes.len() > 1 || self.lost.is_empty(),
            "only {} is left: no file of {} can be used; repair the files, or remove the folder to train on one class",
            self.classes.join(", "),
            self.lost.join(", ")
        );
        for class in &self.classes {
            ensure!(class.trim() == class, "the class {class:?} begins or ends with a space; rename its folder");
            ensure!(
                class != "unknown",
                "the class unknown has the name of what the device reports where it recognises no state; give this sound \
                 another label, or leave it out"
            );
        }
        // Tables have no such figures.
        let levels = &self.sound.classes;
        ensure!(
            levels.is_empty() || levels.iter().any(|class| class.level_dbfs.is_some()),
            "every sample of every recording is 0: check the microphone, then record again"
        );
        Ok(())
    }

    /// Opens and hashes all files in parallel; lists those that cannot be used as skipped.
    fn probe_all(&mut self, found: Vec<Found>, ui: &Ui) -> Vec<Usable> {
        let bar = ui.progress("reading", found.len() as u64);
        let probed: Vec<_> = found
            .into_par_iter()
            .map(|found| {
                let probed = probe(&found.path);
                bar.inc(1);
                (found, probed)
            })
            .collect();
        bar.finish_and_clear();
        self.remarks.extend(remarks::grouped(&probed));
        let mut usable = Vec::new();
        for (found, probed) in probed {
            match probed {
                Ok(probe) => usable.push(Usable { found, probe }),
                Err(reason) => self.skipped.push(Skipped { path: found.path, reason }),
            }
        }
        usable
    }

    /// Skips files with the same bytes as another: a copy on the other side of a split would inflate the figures.
    ///
    /// # Errors
    /// If copies have different labels: one of them is wrong.
    fn without_copies(&mut self, usable: Vec<Usable>) -> anyhow::Result<Vec<Usable>> {
        /// Pairs that are named.
        const MOST: usize = 5;
        let mut seen: HashMap<[u8; 32], (String, String)> = HashMap::new();
        let (mut kept, mut contradictions) = (Vec::new(), Vec::new());
        for usable in usable {
            let (name, labels) = (&usable.found.name, usable.found.labels());
            match seen.get(&usable.probe.hash) {
                Some((first, other)) if *other != labels => {
                    contradictions.push(format!("{first} ({other}) and {name} ({labels})"));
                }
                Some((first, _)) => {
                    let reason = format!("the same bytes as another file ({first})");
                    self.skipped.push(Skipped { path: usable.found.path, reason });
                }
                None => {
                    seen.insert(usable.probe.hash, (name.clone(), labels));
                    kept.push(usable);
                }
            }
        }
        let count = contradictions.len();
        ensure!(
            count == 0,
            "{} the same bytes and different labels: {}{}; delete the copy whose label is wrong",
            if count == 1 { "two files have".to_owned() } else { format!("{count} pairs of files have") },
            contradictions[..count.min(MOST)].join("; "),
            if count > MOST { "; ..." } else { "" }
        );
        Ok(kept)
    }
}
