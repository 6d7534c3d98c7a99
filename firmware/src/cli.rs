//! The command line: one variant per command, its options beside its code.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::commands;

/// Monitor a machine by its sound.
#[derive(Debug, Parser)]
#[command(name = "firmware", version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the capture devices with their formats, rates and channels
    Devices(commands::devices::Args),
    /// Record labelled training data
    Record(commands::record::Args),
    /// Check this device, and print a remedy for each fault
    Doctor(commands::doctor::Args),
    /// Listen to the machine, and report its state
    Run(commands::run::Args),
    /// Test the model on a recording, window by window
    Check(commands::check::Args),
    /// Record the baseline: refit the anomaly score to this machine's normal sound
    #[command(visible_alias = "learn")]
    Baseline(commands::baseline::Args),
    /// Refit the head to labelled clips, or go back to an earlier version
    Refit(commands::refit::Args),
    /// Check the running instance
    Health(commands::health::Args),
    /// Print the event log, or write it as CSV
    Events(commands::events::Args),
    /// Print the hash of a password for the page, from standard input
    #[cfg(feature = "page")]
    HashPassword(commands::hash_password::Args),
    /// Test the notifications
    #[cfg(feature = "notify")]
    Notify(commands::notify::Args),
    /// Check a configuration file
    ValidateConfig(commands::validate_config::Args),
    /// Install an update from the SD card after a self-test
    Update(commands::update::Args),
}

impl Cli {
    /// Runs the chosen command; exit code 0 is good, 1 is not.
    ///
    /// # Errors
    /// What the command could not do, with the device or file, the value and the remedy.
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        match &self.command {
            Command::Devices(args) => commands::devices::run(args),
            Command::Record(args) => commands::record::run(args),
            Command::Doctor(args) => commands::doctor::run(args),
            Command::Run(args) => commands::run::run(args),
            Command::Check(args) => commands::check::run(args),
            Command::Baseline(args) => commands::baseline::run(args),
            Command::Refit(args) => commands::refit::run(args),
            Command::Health(args) => commands::health::run(args),
            Command::Events(args) => commands::events::run(args),
            #[cfg(feature = "page")]
            Command::HashPassword(args) => commands::hash_password::run(args),
            #[cfg(feature = "notify")]
            Command::Notify(args) => commands::notify::run(args),
            Command::ValidateConfig(args) => commands::validate_config::run(args),
            Command::Update(args) => commands::update::run(args),
        }
    }
}
