//! The command line: one variant per command, its options beside its code.

use clap::{Parser, Subcommand};

use crate::commands;

/// Trains, evaluates and exports sound classifiers for the acoustic machine monitor.
#[derive(Debug, Parser)]
#[command(name = "host-tools", version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Find or download the YAMNet base model
    Fetch(commands::fetch::Args),
    /// Make a data set of a believable four-state machine
    Synth(commands::synth::Args),
    /// Train a classifier on a folder of recordings
    Train(commands::train::Args),
    /// Measure a model on labelled recordings
    Evaluate(commands::evaluate::Args),
    /// Write all about a model on one page that opens anywhere: figures, pictures, data, model card, limits
    Report(commands::report::Args),
    /// Write the features of every window into a Parquet table
    Embed(commands::embed::Args),
    /// Measure how well the anomaly score tells normal sound from all other
    Anomaly(commands::anomaly::Args),
    /// Draw the data: PCA, t-SNE, mean spectra
    Visualize(commands::visualize::Args),
    /// Say what a model hears in recordings, window by window
    Predict(commands::predict::Args),
    /// Show what is in a model file
    Inspect(commands::inspect::Args),
    /// Vouch for a model file, for devices that take no other
    Sign(commands::sign::Args),
    /// Show live what a device says over its serial line
    Monitor(commands::monitor::Args),
    /// Train, then verify the newest model
    Pipeline(commands::pipeline::Args),
    /// Compare the int8 network with the TFLite C++ interpreter
    Verify(commands::verify::Args),
    /// Measure what a window costs: front end, network, each layer, each instruction set, all cores
    Bench(commands::bench::Args),
}

impl Cli {
    /// Runs the chosen command.
    ///
    /// # Errors
    /// Whatever the command could not do, with the file, the value and the remedy.
    pub fn run(&self) -> anyhow::Result<()> {
        match &self.command {
            Command::Fetch(args) => commands::fetch::run(args),
            Command::Synth(args) => commands::synth::run(args),
            Command::Train(args) => commands::train::run(args),
            Command::Evaluate(args) => commands::evaluate::run(args),
            Command::Report(args) => commands::report::run(args),
            Command::Embed(args) => commands::embed::run(args),
            Command::Anomaly(args) => commands::anomaly::run(args),
            Command::Visualize(args) => commands::visualize::run(args),
            Command::Predict(args) => commands::predict::run(args),
            Command::Inspect(args) => commands::inspect::run(args),
            Command::Sign(args) => commands::sign::run(args),
            Command::Monitor(args) => commands::monitor::run(args),
            Command::Pipeline(args) => commands::pipeline::run(args),
            Command::Verify(args) => commands::verify::run(args),
            Command::Bench(args) => commands::bench::run(args),
        }
    }
}
