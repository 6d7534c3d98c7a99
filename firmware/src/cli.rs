//! The command line: one variant per command, its options beside its code.

#[cfg(test)]
mod documents;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::{ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand};
use monitor_model::{color, usage};

use crate::commands;
use crate::system::messages::{self, Level};

/// What `--version` prints; `-V` prints the number alone.
const VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\ncommit: ",
    env!("MONITOR_COMMIT"),
    "\nfeatures: ",
    env!("MONITOR_FEATURES"),
    "\ntarget: ",
    env!("MONITOR_TARGET")
);

/// Monitor a machine by its sound.
#[derive(Debug, Parser)]
#[command(name = "firmware", version, long_version = VERSION, about)]
#[command(after_help = "Examples:
  firmware doctor
  firmware run --model sound_classifier.tflite --device hw:CARD=Device,DEV=0
`firmware COMMAND --help` has more for each command.")]
pub struct Cli {
    /// Show details on standard error: which files, which model, which instructions
    #[arg(short, long, global = true, conflicts_with = "quiet", display_order = 997)]
    verbose: bool,
    /// Hide notes and warnings on standard error
    #[arg(short, long, global = true, display_order = 998)]
    quiet: bool,
    /// Colours: on a terminal unless NO_COLOR is set, always, or never
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", display_order = 999)]
    color: ColorChoice,
    /// What to do.
    #[command(subcommand)]
    command: Command,
}

/// The program: parses the command line, runs the command, reports its error.
#[must_use]
pub fn main() -> ExitCode {
    // Help texts and usage errors are printed before the options are known.
    let choice = color::asked(std::env::args_os())
        .map_or(ColorChoice::Auto, |on| if on { ColorChoice::Always } else { ColorChoice::Never });
    let matches = Cli::command().color(choice).try_get_matches().unwrap_or_else(|error| exit(&error));
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| exit(&error));
    let level = match (cli.verbose, cli.quiet) {
        (true, _) => Level::Verbose,
        (_, true) => Level::Quiet,
        _ => Level::Normal,
    };
    let asked = match cli.color {
        ColorChoice::Auto => None,
        ColorChoice::Always => Some(true),
        ColorChoice::Never => Some(false),
    };
    messages::show(level, color::enabled(asked, io::stderr().is_terminal()));
    let result = cli.run().and_then(|code| match crate::print::stdout_failure() {
        Some(error) => Err(anyhow::anyhow!("cannot write to standard output: {error}")),
        None => Ok(code),
    });
    // Warnings are written by a thread of their own: they come before the error, and are not lost with the process.
    messages::flush(Duration::from_secs(1));
    match result {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{} {error:#}", messages::label("error:", messages::RED));
            ExitCode::FAILURE
        }
    }
}

/// Prints a usage error or a text that was asked for, and ends the program: 2 on an error, 0 after a text, or 1 if it cannot be
/// written. clap's own `exit` takes no notice of a full disk.
fn exit(error: &clap::Error) -> ! {
    let label = messages::label("error:", messages::RED);
    std::process::exit(usage::exit_code(error.print(), error.exit_code(), &label))
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
    /// Check the network configuration of the SD card
    Network(commands::network::Args),
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
            Command::Network(args) => commands::network::run(args),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of a help text, each as the arguments of this program.
    fn examples(command: &clap::Command) -> Vec<Vec<String>> {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        // After three spaces an explanation may follow.
        let command = |part: &str| part.trim().split("   ").next().unwrap_or_default().to_string();
        let program = |part: &str| Some(command(part)).filter(|part| part.starts_with("firmware "));
        let lines = help.lines().filter(|line| line.starts_with("  "));
        // Of a pipeline the part that is this program, without what the shell redirects.
        let own = lines.map(|line| line.split(" | ").find_map(program).unwrap_or_else(|| panic!("{line}")));
        let words =
            |line: String| line.split(['<', '>']).next().unwrap().split_whitespace().map(String::from).collect();
        own.map(words).collect()
    }

    #[test]
    fn every_command_has_examples_that_this_program_accepts() {
        let program = Cli::command();
        let all = [&program].into_iter().chain(program.get_subcommands());
        for command in all.filter(|command| !command.is_hide_set()) {
            let examples = examples(command);
            let own = |example: &Vec<String>| command.get_name() == "firmware" || example[1] == command.get_name();
            assert!(examples.iter().any(own), "{} has no examples", command.get_name());
            for example in examples {
                Cli::try_parse_from(&example).unwrap_or_else(|error| panic!("{example:?}: {error}"));
            }
        }
    }
}
