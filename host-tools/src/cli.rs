//! The command line: one variant per command; the options are beside each command's code.

#[cfg(test)]
mod documents;

use clap::{ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand};
use monitor_model::{color, usage};

use crate::{commands, console};

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

/// Train, evaluate and export sound classifiers for the acoustic machine monitor
#[derive(Debug, Parser)]
#[command(name = "host-tools", version, long_version = VERSION)]
#[command(after_help = "Examples:
  host-tools train --data recordings
  host-tools predict --model artifacts/sound_classifier.tflite shift.wav
`host-tools COMMAND --help` has more for each command.")]
pub(crate) struct Cli {
    /// Show details on standard error (RUST_LOG selects them by module)
    #[arg(short, long, global = true, conflicts_with = "quiet", display_order = 997)]
    verbose: bool,
    /// Hide notes and warnings on standard error
    #[arg(short, long, global = true, display_order = 998)]
    quiet: bool,
    /// Colours: on a terminal unless NO_COLOR is set, always, or never
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", display_order = 999)]
    color: ColorChoice,
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
    /// Measure computing time: front end, network, each layer, each instruction set, all cores
    Bench(commands::bench::Args),
    /// Print the script by which a shell completes commands and options
    Completions(commands::completions::Args),
    /// Write manual pages
    Man(commands::man::Args),
}

impl Cli {
    /// Parses the command line. Help texts follow `--color` too.
    ///
    /// The program ends on a usage error (2) and with a text such as that of `--help` (0, or 1 if it cannot be written).
    pub(crate) fn from_command_line() -> Self {
        let choice = color::asked(std::env::args_os())
            .map_or(ColorChoice::Auto, |on| if on { ColorChoice::Always } else { ColorChoice::Never });
        let matches = Self::command().color(choice).try_get_matches().unwrap_or_else(|error| exit(&error));
        Self::from_arg_matches(&matches).unwrap_or_else(|error| exit(&error))
    }

    /// Runs the selected command.
    ///
    /// # Errors
    /// The command's error, with the file, the value and the remedy.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        console::set_colors(match self.color {
            ColorChoice::Auto => None,
            ColorChoice::Always => Some(true),
            ColorChoice::Never => Some(false),
        });
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
            Command::Bench(args) => commands::bench::run(args),
            Command::Completions(args) => commands::completions::run(args, Self::command()),
            Command::Man(args) => commands::man::run(args, Self::command()),
        }
    }
}

/// Prints a usage error or a text that was asked for, and ends the program. clap's own `exit` takes no notice of a full disk.
fn exit(error: &clap::Error) -> ! {
    let label = console::label("error:", console::Hue::Red);
    std::process::exit(usage::exit_code(error.print(), error.exit_code(), &label))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of a help text, each as the arguments of this program.
    fn examples(command: &clap::Command) -> Vec<Vec<String>> {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        // After three spaces an explanation may follow.
        let command = |part: &str| part.trim().split("   ").next().unwrap_or_default().to_string();
        let program = |part: &str| Some(command(part)).filter(|part| part.starts_with("host-tools "));
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
            let own = |example: &Vec<String>| command.get_name() == "host-tools" || example[1] == command.get_name();
            assert!(examples.iter().any(own), "{} has no examples", command.get_name());
            for example in examples {
                Cli::try_parse_from(&example).unwrap_or_else(|error| panic!("{example:?}: {error}"));
            }
        }
    }
}
