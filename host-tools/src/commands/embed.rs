//! `host-tools embed`: the features of every window as a table, for notebooks and for training from many machines.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use serde::Serialize;

use crate::features::InputOptions;
use crate::json::JsonOut;
use crate::table;
use crate::train::report::Class;
use crate::train::words::data_table;
use crate::ui::Ui;

/// Options of `host-tools embed`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub input: InputOptions,
    /// The table to write
    #[arg(long, value_name = "FILE.parquet")]
    pub out: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub json: JsonOut,
}

#[derive(Debug, Serialize)]
struct Figures<'a> {
    table: &'a PathBuf,
    bytes: u64,
    features: &'a str,
    values: usize,
    hop_s: f64,
    windows: usize,
    classes: Vec<Class>,
}

/// Runs the command.
///
/// # Errors
/// When the data cannot be read, the base model is missing though asked for, or the table cannot be written.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let ui = Ui::new(&args.json);
    let out = &args.out;
    ensure!(
        table::is_table(out),
        "--out {}: the name must end in .{}, by which the other commands know a table",
        out.display(),
        table::EXTENSION
    );
    ensure!(!args.input.is_tables(), "--data: embed takes a folder of recordings; tables can be used as they are");
    let loaded = args.input.load(|_| Ok(()), &ui)?;
    let (set, base) = loaded.with_base(&args.input.features, &ui)?;
    set.dataset.say_remarks(&ui);
    table::write(out, &set, base.as_ref(), args.input.folder())?;
    let windows = set.windows_per_class();
    let classes = set.dataset.per_class().into_iter().zip(windows);
    let classes: Vec<Class> = classes.map(|(summary, windows)| Class { summary, windows }).collect();
    data_table(&classes).iter().for_each(|line| ui.say(line));
    set.dataset.say_skipped(&ui);
    let bytes = std::fs::metadata(out).with_context(|| format!("cannot read {}", out.display()))?.len();
    let (kind, hop_s, windows) = (set.kind, f64::from(set.hop_columns) / 100.0, set.rows.len());
    ui.say(format!(
        "{}: {windows} windows, one every {hop_s} s, {kind} features ({} values), {:.1} MiB",
        out.display(),
        kind.len(),
        bytes as f64 / 1_048_576.0
    ));
    let features = kind.name();
    args.json.write(&Figures { table: out, bytes, features, values: kind.len(), hop_s, windows, classes })
}
