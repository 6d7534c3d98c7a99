//! Where features come from: a folder of recordings, or tables that `embed` made.

use std::path::{Path, PathBuf};

use anyhow::{bail, ensure};
use monitor_core::log_mel;
use monitor_core::window::DEFAULT_HOP;
use monitor_model::owned::OwnedModel;

use super::FeatureSet;
use crate::base::FeatureOptions;
use crate::dataset::Dataset;
use crate::table::{self, Meta};
use crate::ui::Ui;

/// The options `--data`, `--features`, `--base` and `--hop`: flattened into the arguments of the commands that learn from
/// features.
#[derive(Debug, Clone, clap::Args)]
pub struct InputOptions {
    /// Folder with one folder of WAV files per class, or with a manifest.csv; or tables that `embed` made, any number
    #[arg(long, value_name = "DIR|PARQUET", required = true, num_args = 1..)]
    pub data: Vec<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub features: FeatureOptions,
    /// From one window to the next, in seconds (0.01 to 10) [default: 0.48, or that of the tables]
    #[arg(long, value_name = "S", value_parser = hop)]
    pub hop: Option<f64>,
}

/// Features, and what is known of the base model they were taken with.
#[derive(Debug)]
pub struct Input {
    /// The features.
    pub set: FeatureSet,
    /// The base model where the recordings were heard with it.
    base: Option<OwnedModel>,
    /// Of tables.
    meta: Option<Meta>,
}

impl InputOptions {
    /// Hears the recordings or reads the tables; `check` sees what data there is before anything long is done.
    ///
    /// # Errors
    /// When the data cannot be read, `check` refuses it, the base model is missing though needed, or the tables were not
    /// made as the options ask.
    pub fn load(&self, check: impl Fn(&Dataset) -> anyhow::Result<()>, ui: &Ui) -> anyhow::Result<Input> {
        let checked = |dataset: &Dataset| check(dataset).inspect_err(|_| dataset.say_skipped(ui));
        match &self.data[..] {
            tables if tables.iter().all(|path| table::is_table(path)) => {
                let (set, meta) = table::load(tables)?;
                self.agrees(&meta)?;
                checked(&set.dataset)?;
                Ok(Input { set, base: None, meta: Some(meta) })
            }
            [folder] => {
                let (kind, base) = self.features.find(ui)?;
                let dataset = Dataset::load(folder, ui)?;
                checked(&dataset)?;
                let set = FeatureSet::extract(dataset, kind, base.as_ref(), self.hop.map_or(DEFAULT_HOP, columns), ui)?;
                Ok(Input { set, base, meta: None })
            }
            _ => bail!(
                "--data takes one folder of recordings or any number of .parquet files; make tables of several folders \
                 with `host-tools embed` and name those"
            ),
        }
    }

    /// The folder that paths are given relative to: that of the recordings; of tables none, as they hold such paths.
    pub fn folder(&self) -> &Path {
        match &self.data[..] {
            [folder] if !table::is_table(folder) => folder,
            _ => Path::new(""),
        }
    }

    /// Whether the data are tables.
    pub fn is_tables(&self) -> bool {
        self.data.iter().any(|path| table::is_table(path))
    }

    fn agrees(&self, meta: &Meta) -> anyhow::Result<()> {
        const REMEDY: &str = "leave the option out, or make the table again with `host-tools embed`";
        if let Some(asked) = self.features.features {
            let found = &meta.features;
            ensure!(asked.name() == found, "--features {asked}: the table's features are {found}; {REMEDY}");
        }
        if let Some(asked) = self.hop {
            let found = meta.hop_s();
            ensure!(columns(asked) == meta.hop_columns, "--hop {asked}: the table's hop is {found} s; {REMEDY}");
        }
        Ok(())
    }
}

impl Input {
    /// The features, and the base model that they were taken with if they need one: found now for tables.
    ///
    /// # Errors
    /// When it is not to be had, or is another one than the tables were made with.
    pub fn with_base(self, options: &FeatureOptions, ui: &Ui) -> anyhow::Result<(FeatureSet, Option<OwnedModel>)> {
        let Some(meta) = self.meta else { return Ok((self.set, self.base)) };
        let options = FeatureOptions { features: Some(self.set.kind), ..options.clone() };
        let (_, base) = options.find(ui)?;
        base.as_ref().map_or(Ok(()), |base| meta.require_base(base))?;
        Ok((self.set, base))
    }
}

/// A hop on the command line.
pub(crate) fn hop(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.01..=10.0).contains(&seconds) => Ok(seconds),
        _ => Err("a number of seconds from 0.01 to 10 is needed".into()),
    }
}

/// Seconds as columns of the front end.
pub(crate) fn columns(seconds: f64) -> u32 {
    (seconds * f64::from(log_mel::RATE_HZ) / log_mel::HOP as f64).round() as u32
}
