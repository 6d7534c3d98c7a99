//! Where features come from: a folder of recordings, or tables that the `features` command wrote.

use std::path::{Path, PathBuf};

use anyhow::{bail, ensure};
use monitor_core::gain::Gain;
use monitor_core::log_mel;
use monitor_core::window::DEFAULT_HOP;
use monitor_model::owned::OwnedModel;

use super::FeatureOptions;
use crate::console::Ui;
use crate::data::dataset::Dataset;
use crate::data::feature_set::FeatureSet;
use crate::data::table::{self, Meta};

/// The options `--data`, `--features`, `--base` and `--hop`, flattened into the arguments of the commands that train on
/// features.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct InputOptions {
    /// Folder with one folder of WAV files per class or with a manifest.csv; or any number of tables by `features`
    #[arg(long, value_name = "DIR|PARQUET", required = true, num_args = 1..)]
    pub data: Vec<PathBuf>,
    #[command(flatten)]
    pub features: FeatureOptions,
    /// Step between windows, in seconds (0.01 to 10) [default: 0.48, or that of the tables]
    #[arg(long, value_name = "S", value_parser = hop)]
    pub hop: Option<f64>,
    /// Input gain of very quiet recordings, in dB (0 to 40) [default: found from their level, or that of the tables]
    #[arg(long, value_name = "DB", value_parser = gain)]
    pub gain: Option<Gain>,
}

/// Features, and the base model they were computed with.
#[derive(Debug)]
pub(crate) struct Input {
    /// The features.
    pub set: FeatureSet,
    /// The base model, if features were computed with it just now.
    base: Option<OwnedModel>,
    /// Metadata of the tables, if features were read from tables.
    meta: Option<Meta>,
}

impl InputOptions {
    /// Computes the features of the recordings or reads the tables; `check` inspects the data set before the long work.
    ///
    /// # Errors
    /// When the data cannot be read, `check` rejects it, a required base model is missing, or the tables were made with
    /// other options.
    pub(crate) fn load(&self, check: impl Fn(&Dataset) -> anyhow::Result<()>, ui: &Ui) -> anyhow::Result<Input> {
        match &self.data[..] {
            tables if tables.iter().all(|path| table::is_table(path)) => {
                let (set, meta) = table::load(tables)?;
                self.check_options(&meta)?;
                set.dataset.note_remarks();
                check(&set.dataset)?;
                Ok(Input { set, base: None, meta: Some(meta) })
            }
            [folder] => {
                let (kind, base) = self.features.find()?;
                let mut dataset = Dataset::load(folder, ui)?;
                dataset.print_found(ui);
                check(&dataset)?;
                let hop_columns = self.hop.map_or(DEFAULT_HOP, columns);
                let set = FeatureSet::extract(dataset, kind, base.as_ref(), hop_columns, self.gain, ui)?;
                Ok(Input { set, base, meta: None })
            }
            _ => bail!(
                "--data takes one folder of recordings or any number of .parquet files; make tables of several folders \
                 with `host-tools features` and name those"
            ),
        }
    }

    /// The folder that paths are given relative to: that of the recordings; empty for tables, whose paths are relative.
    pub(crate) fn folder(&self) -> &Path {
        match &self.data[..] {
            [folder] if !table::is_table(folder) => folder,
            _ => Path::new(""),
        }
    }

    /// Whether the data are tables.
    pub(crate) fn is_tables(&self) -> bool {
        self.data.iter().any(|path| table::is_table(path))
    }

    /// Rejects options that contradict the tables.
    fn check_options(&self, meta: &Meta) -> anyhow::Result<()> {
        const REMEDY: &str = "leave the option out, or make the table again with `host-tools features`";
        if let Some(asked) = self.features.features {
            let found = &meta.features;
            ensure!(asked.name() == found, "--features {asked}: the table's features are {found}; {REMEDY}");
        }
        if let Some(asked) = self.hop {
            let found = meta.hop_s();
            ensure!(columns(asked) == meta.hop_columns, "--hop {asked}: the table's hop is {found} s; {REMEDY}");
        }
        if let Some(asked) = self.gain.map(Gain::db) {
            let found = meta.gain_db;
            ensure!(asked == found, "--gain {asked}: the table's input gain is {found} dB; {REMEDY}");
        }
        Ok(())
    }
}

impl Input {
    /// The features and, if they need one, the base model they were computed with; for tables it is searched for now.
    ///
    /// # Errors
    /// When it is missing, or is not the one that the tables were made with.
    pub(crate) fn with_base(self, options: &FeatureOptions) -> anyhow::Result<(FeatureSet, Option<OwnedModel>)> {
        let Some(meta) = self.meta else { return Ok((self.set, self.base)) };
        let options = FeatureOptions { features: Some(self.set.kind), ..options.clone() };
        let (_, base) = options.find()?;
        base.as_ref().map_or(Ok(()), |base| meta.require_base(base))?;
        Ok((self.set, base))
    }
}

/// Parses `--gain`, in decibels.
fn gain(text: &str) -> Result<Gain, String> {
    text.parse().ok().and_then(Gain::from_db).ok_or_else(|| "give 0 to 40 whole dB".into())
}

/// Parses `--hop`, in seconds.
pub(crate) fn hop(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.01..=10.0).contains(&seconds) => Ok(seconds),
        _ => Err("give 0.01 to 10 seconds".into()),
    }
}

/// Seconds as columns of the front end.
pub(crate) fn columns(seconds: f64) -> u32 {
    (seconds * f64::from(log_mel::RATE_HZ) / log_mel::HOP as f64).round() as u32
}
