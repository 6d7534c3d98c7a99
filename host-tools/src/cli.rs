//! The command line: one variant per command; the options are beside each command's code.

use clap::{Parser, Subcommand};

use crate::{commands, console};

/// Train, evaluate and export sound classifiers for the acoustic machine monitor
#[derive(Debug, Parser)]
#[command(name = "host-tools", version)]
pub(crate) struct Cli {
    /// Show details on standard error (RUST_LOG selects them by module)
    #[arg(short, long, global = true, conflicts_with = "quiet", display_order = 997)]
    verbose: bool,
    /// Hide notes and warnings on standard error
    #[arg(short, long, global = true, display_order = 998)]
    quiet: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Find or download the YAMNet base model
    Fetch(commands::fetch::Args),
    /// Synthesise recordings of a machine with four states
    Synth(commands::synth::Args),
    /// Label recordings on a page in the browser, for `train`
    Label(commands::label::Args),
    /// Train a classifier on a folder of recordings
    Train(commands::train::Args),
    /// Measure a model on labelled recordings
    Evaluate(commands::evaluate::Args),
    /// Write an HTML report about a model: accuracy, pictures, data, model card, limits
    Report(commands::report::Args),
    /// Write the features of every window to a Parquet table
    #[command(alias = "embed")]
    Features(commands::features::Args),
    /// Measure how well the anomaly score separates normal sound from all other
    Anomaly(commands::anomaly::Args),
    /// Draw the data: PCA, t-SNE, mean spectra
    Visualize(commands::visualize::Args),
    /// Predict the state in recordings, window by window
    Predict(commands::predict::Args),
    /// Show the contents of a model file
    Inspect(commands::inspect::Args),
    /// Sign a model file
    Sign(commands::sign::Args),
    /// Show a device's reports on its serial line, or those of all devices at an MQTT broker
    Monitor(commands::monitor::Args),
    /// Show all devices at an MQTT broker, or what a model finds in recordings, on a page in the browser
    Page(commands::page::Args),
    /// Draw the event log of a device: states, alarms and gaps over time, hours per state
    History(commands::history::Args),
    /// Train, then verify the newest model
    Pipeline(commands::pipeline::Args),
    /// Compare the int8 network with the TFLite C++ interpreter
    Verify(commands::verify::Args),
    /// Measure computing time: front end, network, each layer, each instruction set, all cores
    Bench(commands::bench::Args),
}

impl Cli {
    /// Runs the selected command.
    ///
    /// # Errors
    /// The command's error, with the file, the value and the remedy.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        console::show_notes(self.verbose, self.quiet);
        console::clean_up_when_interrupted();
        match &self.command {
            Command::Fetch(args) => commands::fetch::run(args),
            Command::Synth(args) => commands::synth::run(args),
            Command::Label(args) => commands::label::run(args),
            Command::Train(args) => commands::train::run(args),
            Command::Evaluate(args) => commands::evaluate::run(args),
            Command::Report(args) => commands::report::run(args),
            Command::Features(args) => commands::features::run(args),
            Command::Anomaly(args) => commands::anomaly::run(args),
            Command::Visualize(args) => commands::visualize::run(args),
            Command::Predict(args) => commands::predict::run(args),
            Command::Inspect(args) => commands::inspect::run(args),
            Command::Sign(args) => commands::sign::run(args),
            Command::Monitor(args) => commands::monitor::run(args),
            Command::Page(args) => commands::page::run(args),
            Command::History(args) => commands::history::run(args),
            Command::Pipeline(args) => commands::pipeline::run(args),
            Command::Verify(args) => commands::verify::run(args),
            Command::Bench(args) => commands::bench::run(args),
        }
    }
}
