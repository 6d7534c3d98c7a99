//! Trend, drift and baseline over weeks of sound: days of synthetic machines go through the device's own intake, model, judge, daily
//! medians and report. `benches/weeks.sh` trains the models and calls it:
//!
//! ```text
//! weeks normal FOLDER SEED...      normal days, and changes of microphone and room; FOLDER/SEED/sound_classifier.tflite is the model of machine SEED
//! weeks days FOLDER SEED...        the same, and faults
//! weeks baseline FOLDER SEED...    HOST_FIRMWARE names the program whose command `baseline` is measured
//! ```
//!
//! A stretch of some minutes stands for a day. Days of one machine differ in their work and background, see
//! [`monitor_synth::days`].

mod baseline;
mod days;
mod machine;
mod way;

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};

/// How to call it.
const USAGE: &str = "weeks normal|days|baseline FOLDER SEED...";

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args_os().skip(1);
    let what = args.next().context(USAGE)?;
    let folder = PathBuf::from(args.next().context(USAGE)?);
    let seeds = args.map(|seed| Ok(seed.to_string_lossy().parse()?)).collect::<anyhow::Result<Vec<u64>>>()?;
    ensure!(!seeds.is_empty(), USAGE);
    match what.to_str() {
        Some("normal") => days::measure(&folder, &seeds, &[]),
        Some("days") => days::measure(&folder, &seeds, &days::Case::all()),
        Some("baseline") => baseline::measure(&folder, &seeds),
        _ => bail!(USAGE),
    }
}
