//! The command line: one variant per command, its options beside its code.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::commands;

/// Listens to a machine and tells the world what it hears.
#[derive(Debug, Parser)]
#[command(name = "firmware", version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the capture devices with their formats, rates and channels
    Devices(commands::devices::Args),
    /// Record labelled training data
    Record(commands::record::Args),
    /// Say what is wrong with this device and what to do about it
    Doctor(commands::doctor::Args),
    /// Listen: sound in, state out
    Run(commands::run::Args),
    /// Test the model on a recording, window by window
    Check(commands::check::Args),
    /// Listen to the machine running well and refit the anomaly score to it
    Learn(commands::learn::Args),
    /// Say whether the running instance is well
    Health(commands::health::Args),
    /// Print the event log, or write it as CSV
    Events(commands::events::Args),
    /// Check a configuration file
    ValidateConfig(commands::validate_config::Args),
    /// Use what was dropped on the card's partition, once it has proved itself
    Update(commands::update::Args),
}

impl Cli {
    /// Runs the chosen command; the exit code is the command's verdict (0 good, 1 not).
    ///
    /// # Errors
    /// Whatever the command could not do, with the device or file, the value and the remedy.
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        match &self.command {
            Command::Devices(args) => commands::devices::run(args),
            Command::Record(args) => commands::record::run(args),
            Command::Doctor(args) => commands::doctor::run(args),
            Command::Run(args) => commands::run::run(args),
            Command::Check(args) => commands::check::run(args),
            Command::Learn(args) => commands::learn::run(args),
            Command::Health(args) => commands::health::run(args),
            Command::Events(args) => commands::events::run(args),
            Command::ValidateConfig(args) => commands::validate_config::run(args),
            Command::Update(args) => commands::update::run(args),
        }
    }
}
