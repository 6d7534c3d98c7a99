//! `host-tools fetch`: finds the base model on this machine or downloads it.

use std::path::{Path, PathBuf};

use indicatif::ProgressStyle;
use monitor_model::base_model;
use serde::Serialize;

use crate::base::download::{self, Expected, Timeouts};
use crate::base::{self, ADDRESSES, EXPECTED};
use crate::console::{JsonOut, Ui, check_files, json};
use crate::data::hash::hex;

/// Options of `host-tools fetch`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  host-tools fetch
  host-tools fetch --to models/yamnet.tflite
  host-tools fetch --url http://mirror.example/yamnet.tflite")]
pub(crate) struct Args {
    /// Use this file as the base model instead of searching
    #[arg(long, value_name = "FILE")]
    pub base: Option<PathBuf>,
    /// File to store a downloaded base model in [default: acoustic-monitor/yamnet.tflite in the user's cache folder]
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    /// Address to download from instead of the official ones; the file must be identical (repeatable)
    #[arg(long, value_name = "URL")]
    pub url: Vec<String>,
    #[command(flatten)]
    pub json: JsonOut,
}

#[derive(Debug, Serialize)]
struct Outcome {
    #[serde(serialize_with = "json::path")]
    path: PathBuf,
    bytes: u64,
    sha256: String,
    downloaded_from: Option<String>,
}

/// Runs the command: prints where the base model is, and downloads it if it is not on this machine.
///
/// # Errors
/// When it is neither found nor downloaded, or a file named by the user is another file.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    check_files(&[args.json.output()])?;
    let ui = Ui::new(&args.json);
    let outcome = match found(args)? {
        Some(path) => Outcome { path, bytes: EXPECTED.size, sha256: hex(&EXPECTED.sha256), downloaded_from: None },
        None => {
            let official: Vec<String> = ADDRESSES.map(String::from).to_vec();
            let addresses = if args.url.is_empty() { &official } else { &args.url };
            let to = args.to.clone().unwrap_or_else(base_model::stored);
            let from = download_from(addresses, EXPECTED, &to, Timeouts::default(), &ui)?;
            Outcome { path: to, bytes: EXPECTED.size, sha256: hex(&EXPECTED.sha256), downloaded_from: Some(from) }
        }
    };
    let Outcome { path, bytes, sha256, .. } = &outcome;
    ui.print(format!("base model: {} ({bytes} bytes, SHA-256 {sha256}, as published)", path.display()));
    args.json.write("acoustic-monitor/fetch/1", &outcome)
}

/// The base model on this machine, checked. A wrong file named by the user is an error; a wrong file where this command
/// stores the model is replaced.
fn found(args: &Args) -> anyhow::Result<Option<PathBuf>> {
    if args.base.is_none() && !args.url.is_empty() {
        // The user requests a download.
        return Ok(None);
    }
    Ok(base::find(args.base.as_deref())?.map(|(path, _)| path))
}

/// Tries `addresses` in turn and returns the one that delivered the file.
fn download_from(
    addresses: &[String],
    expected: Expected,
    to: &Path,
    timeouts: Timeouts,
    ui: &Ui,
) -> anyhow::Result<String> {
    let mut failures = Vec::new();
    for address in addresses {
        ui.print(format!("downloading {address}"));
        let bar = ui.progress("base model", expected.size);
        if let Ok(style) = ProgressStyle::with_template("{msg:>12} [{bar:32}] {bytes}/{total_bytes} {eta}") {
            bar.set_style(style.progress_chars("=> "));
        }
        let result = download::download(address, expected, to, timeouts, |bytes| bar.set_position(bytes));
        bar.finish_and_clear();
        match result {
            Ok(()) => return Ok(address.clone()),
            Err(error) => failures.push(format!("  {address}: {error:#}")),
        }
    }
    let official = if addresses.iter().eq(ADDRESSES.iter()) {
        "one of these addresses".to_string()
    } else {
        format!("one of\n  {}\n", ADDRESSES.join("\n  "))
    };
    anyhow::bail!(
        "the base model could not be downloaded:\n{}\nWhat to do: on a machine with network, download {official} and copy \
         the file here as {} (or name it with --base or the environment variable {}); `fetch` then checks it.\nWithout \
         the base model use `--features logmel`.",
        failures.join("\n"),
        to.display(),
        base_model::VARIABLE,
    );
}

#[cfg(test)]
mod tests;
