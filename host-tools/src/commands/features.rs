//! `host-tools features`: writes the features of every window as a table, for notebooks and for training on many machines.

use std::path::PathBuf;

use anyhow::ensure;
use serde::Serialize;

use crate::console::{JsonOut, Ui, check_files, is_stdout, json, shown};
use crate::data::dataset::FoundSound;
use crate::data::table;
use crate::features::InputOptions;
use crate::train::report_text::data_table;
use crate::train::training_report::Class;

/// Options of `host-tools features`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  host-tools features --data recordings --out features.parquet
  host-tools features --data recordings --features logmel --hop 0.24 --out features.parquet")]
pub(crate) struct Args {
    #[command(flatten)]
    pub input: InputOptions,
    /// Table to write; `-` for standard output
    #[arg(long, value_name = "FILE.parquet")]
    pub out: PathBuf,
    #[command(flatten)]
    pub json: JsonOut,
}

#[derive(Debug, Serialize)]
struct Figures<'a> {
    #[serde(serialize_with = "json::path")]
    table: &'a PathBuf,
    bytes: u64,
    features: &'a str,
    values: usize,
    hop_s: f64,
    gain_db: u8,
    windows: usize,
    classes: Vec<Class>,
    /// What the files sound like, and what of it harms a model.
    sound: &'a FoundSound,
}

/// Runs the command.
///
/// # Errors
/// When the data cannot be read, a requested base model is missing, or the table cannot be written.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let out = &args.out;
    let ui = Ui::beside(&args.json, is_stdout(out));
    // What is no regular file is written through under any name.
    let is_stream = out.exists() && !out.is_file() && !out.is_dir();
    ensure!(
        is_stdout(out) || is_stream || table::is_table(out),
        "--out {}: the name must end in .{}, by which the other commands recognise a table",
        shown(out),
        table::EXTENSION
    );
    ensure!(!args.input.is_tables(), "--data: features takes a folder of recordings; tables can be used directly");
    check_files(&[("--out", Some(out)), args.json.output()])?;
    let loaded = args.input.load(|_| Ok(()), &ui)?;
    let (set, base) = loaded.with_base(&args.input.features)?;
    let bytes = table::write(out, &set, base.as_ref(), args.input.folder())?;
    let classes = Class::from_set(&set);
    data_table(&classes).for_each(|line| ui.print(line));
    set.dataset.print_skipped(&ui);
    let (kind, hop_s, windows) = (set.kind, set.hop_s(), set.rows.len());
    let gain = match set.gain.db() {
        0 => String::new(),
        db => format!(", input gain {db} dB"),
    };
    ui.print(format!(
        "{}: {windows} windows, one every {hop_s} s, {kind} features ({} values){gain}, {:.1} MiB",
        shown(out),
        kind.len(),
        bytes as f64 / 1_048_576.0
    ));
    let features = kind.name();
    args.json.write(
        "acoustic-monitor/features/1",
        &Figures {
            table: out,
            bytes,
            features,
            values: kind.len(),
            hop_s,
            gain_db: set.gain.db(),
            windows,
            classes,
            sound: &set.dataset.sound,
        },
    )
}
