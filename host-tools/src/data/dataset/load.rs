//! From a folder or a manifest to a data set.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use rayon::prelude::*;

use super::probe::{Probe, probe};
use super::{Dataset, Recording, Skipped, blocks, folders, grouping, manifest};
use crate::console::Ui;

/// The name of a manifest within the folder of a data set.
const MANIFEST: &str = "manifest.csv";

/// A file that the folders or the manifest name.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub path: PathBuf,
    /// Path from the data set's folder, with `/`: the order of recordings and their default names.
    pub name: String,
    pub label: String,
    /// The manifest's group and recording; `None` where names decide.
    pub group: Option<String>,
    pub recording: Option<String>,
}

/// Files named by folders or a manifest, before any is opened.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub found: Vec<Found>,
    pub skipped: Vec<Skipped>,
    pub remarks: Vec<String>,
}

/// A file that can be used.
#[derive(Debug, Clone)]
pub(super) struct Usable {
    pub found: Found,
    pub probe: Probe,
}

impl Dataset {
    /// Reads the data set in the folder `data`, or that of the manifest `data` if it is a file.
    ///
    /// A file that cannot be used is listed in [`skipped`](Self::skipped), not an error.
    ///
    /// # Errors
    /// If the folder or the manifest cannot be read, or nothing in it can be used.
    pub fn load(data: &Path, ui: &Ui) -> anyhow::Result<Self> {
        let (folder, manifest_path) = if data.is_file() {
            (data.parent().unwrap_or(Path::new("")), Some(data.to_path_buf()))
        } else {
            (data, Some(data.join(MANIFEST)).filter(|path| path.is_file()))
        };
        if !data.exists() {
            bail!("{} does not exist; give the folder that holds one folder of WAV files per class", data.display());
        }
        let listing = match &manifest_path {
            Some(path) => manifest::read(path)?,
            None => folders::list(folder)?,
        };
        let timelines =
            folders::with_timelines(folder).with_context(|| format!("cannot read the folder {}", folder.display()))?;
        let mut dataset = Self { skipped: listing.skipped, remarks: listing.remarks, timelines, ..Self::default() };
        let usable = dataset.probe_all(listing.found, ui);
        let usable = dataset.without_copies(usable);
        dataset.arrange(usable);
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
                        first.path.display(),
                        first.reason
                    ))
                    .unwrap_or_default(),
                super::probe::SHORTEST_S
            );
        }
        Ok(dataset)
    }

    /// Rejects a data set without a class.
    ///
    /// # Errors
    /// If there is no class.
    pub fn require_class(&self) -> anyhow::Result<()> {
        ensure!(!self.classes.is_empty(), "the data has no class; add one folder of WAV files per class");
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
    fn without_copies(&mut self, usable: Vec<Usable>) -> Vec<Usable> {
        let mut seen: HashMap<[u8; 32], String> = HashMap::new();
        let mut kept = Vec::new();
        for usable in usable {
            match seen.get(&usable.probe.hash) {
                Some(first) => {
                    let reason = format!("the same bytes as {first}");
                    self.skipped.push(Skipped { path: usable.found.path, reason });
                }
                None => {
                    seen.insert(usable.probe.hash, usable.found.name.clone());
                    kept.push(usable);
                }
            }
        }
        kept
    }

    /// Numbers classes and groups and cuts blocks.
    fn arrange(&mut self, usable: Vec<Usable>) {
        let mut by_class: BTreeMap<String, Vec<Usable>> = BTreeMap::new();
        for usable in usable {
            by_class.entry(usable.found.label.clone()).or_default().push(usable);
        }
        let mut grouped: Vec<(Recording, String)> = Vec::new();
        for (label, (class, mut files)) in by_class.into_iter().enumerate() {
            files.sort_by(|a, b| a.found.name.cmp(&b.found.name));
            let grouping = grouping::of_class(&class, &files);
            self.remarks.extend(grouping.remark);
            self.within_recording |= grouping.within_recording;
            let cuts = if grouping.blocks { Some(blocks::per_file(&files)) } else { None };
            for (index, (file, group)) in files.into_iter().zip(grouping.groups).enumerate() {
                let whole = Recording {
                    recording: file.found.recording.unwrap_or_else(|| without_extension(&file.found.name)),
                    path: file.found.path,
                    label,
                    group: 0,
                    hash: file.probe.hash,
                    rate_hz: file.probe.rate_hz,
                    seconds: file.probe.seconds,
                    block: None,
                };
                match &cuts {
                    None => grouped.push((whole, group)),
                    Some(cuts) => grouped.extend(cuts[index].iter().enumerate().map(|(number, block)| {
                        let part =
                            Recording { seconds: block.end - block.start, block: Some(block.clone()), ..whole.clone() };
                        (part, format!("{group} block {}", number + 1))
                    })),
                }
            }
            self.classes.push(class);
        }
        let names: BTreeSet<&String> = grouped.iter().map(|(_, group)| group).collect();
        self.groups = names.into_iter().cloned().collect();
        for (mut recording, group) in grouped {
            // Every name is found: the list was made of them.
            recording.group = self.groups.binary_search(&group).unwrap_or_default();
            self.recordings.push(recording);
        }
    }
}

fn without_extension(name: &str) -> String {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned()
}
