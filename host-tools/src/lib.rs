//! The workstation side of the acoustic machine monitor: data sets, training, evaluation, plots and model export.
//!
//! Every window that is trained or evaluated on passes the signal chain of the device, [`monitor_core`].
//!
//! Layers, each importing only those before it: `console`; `plots`; `data`; `base`; `features`, `projection`; `anomaly`,
//! `evaluate`; `train`, `report`; `fleet`, `web`; `dashboard`, `event_log`,
//! `label`, `pages`; `commands`. Commands parse arguments and print.
#![forbid(unsafe_code)]
#![warn(unreachable_pub)]

mod anomaly;
mod base;
mod cli;
mod commands;
mod console;
mod dashboard;
mod data;
mod evaluate;
mod event_log;
mod features;
mod fleet;
mod label;
mod pages;
mod plots;
mod projection;
mod report;
pub mod sign;
mod train;
mod web;

use std::io::Write;
use std::process::ExitCode;

pub use console::{JsonOut, Ui};
pub use dashboard::{Board, Counts, Link, Moment};
pub use data::dataset::{ClassSummary, Dataset, Recording, Skipped, labelled_parts, manifest_rows};
pub use evaluate::model::named_contents;
pub use evaluate::predict::{AnomalyAlarms, Concluded, RecordingPrediction, Window, predict_recording};

/// The program: parses the command line, runs the command, reports its error.
#[must_use]
pub fn main() -> ExitCode {
    monitor_recording::report_by_file();
    // On a usage error clap ends the program with the exit code 2.
    let outcome = cli::Cli::from_command_line().run().and_then(|()| match console::stdout_failure() {
        Some(error) => Err(anyhow::anyhow!("cannot write to standard output: {error}")),
        None => Ok(()),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The exit code remains where standard error is closed or its disk is full.
            let _ = writeln!(std::io::stderr(), "{} {error:#}", console::label("error:", console::Hue::Red));
            ExitCode::FAILURE
        }
    }
}
