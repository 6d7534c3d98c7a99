//! `host-tools bench`: measures the computing time of a window, part by part.
//!
//! Every figure is the median and the minimum of many runs; on a busy machine the minimum is more reliable.
//! For a comparison with other runtimes see `make bench-peers`, which alternates with them in one run.

mod measure;
mod serve;

use std::path::PathBuf;

use anyhow::Context;
use monitor_core::anomaly::ENTRY;
use monitor_core::window::DEFAULT_HOP;
use monitor_model::base_model;
use monitor_model::owned::OwnedModel;
use monitor_nn::Isa;
use monitor_nn::body::{Kind, Layer};
use serde::Serialize;

use crate::console::{JsonOut, Ui, check_files, json};
use measure::{Batch, FAST_HOP, Time};

/// Options of `host-tools bench`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  host-tools bench
  host-tools bench --model artifacts/sound_classifier.tflite --runs 1000 --json bench.json")]
pub(crate) struct Args {
    /// Model file [default: the base model]
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Number of runs of each measurement (1 to 1000000)
    #[arg(long, value_name = "N", default_value = "300", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub runs: u32,
    /// Instruction set of `--serve`: scalar, avx2, avx_vnni, avx512_vnni, neon, neon_dotprod or neon_i8mm [default: the fastest]
    #[arg(long, value_name = "NAME", value_parser = isa, requires = "serve")]
    pub isa: Option<Isa>,
    /// Time ten runs for each line on standard input (`body`, `cold`, `stream` or `stream-0.1`) and print milliseconds
    #[arg(long)]
    pub serve: bool,
    #[command(flatten)]
    pub json: JsonOut,
}

fn isa(name: &str) -> Result<Isa, String> {
    let found = Isa::ALL.into_iter().find(|isa| isa.name() == name);
    let isa = found.ok_or_else(|| format!("no such instruction set; {}", available()))?;
    if isa.is_available() { Ok(isa) } else { Err(format!("this processor does not support it; {}", available())) }
}

fn available() -> String {
    let names: Vec<_> = Isa::ALL.into_iter().filter(|isa| isa.is_available()).map(Isa::name).collect();
    format!("available: {}", names.join(", "))
}

/// All figures.
#[derive(Debug, Serialize)]
struct Report {
    #[serde(serialize_with = "json::path")]
    model: PathBuf,
    processor: String,
    /// Clock while measuring, from a chain of operations of one cycle each.
    gigahertz: f64,
    load_to_first_verdict_ms: f64,
    /// Front end at 16 kHz, per window at a hop of 0.48 s.
    front_end_us: Time,
    /// Samples to verdicts, per window at a hop of 0.48 s.
    stream_us: Time,
    /// The same at a hop of 0.1 s.
    fast_stream_us: Time,
    /// The anomaly score as part of that, if the model has one.
    anomaly_us: Option<Time>,
    /// Size of its tables.
    anomaly_bytes: usize,
    sets: Vec<Set>,
    batch: Batch,
}

/// Figures of one instruction set.
#[derive(Debug, Serialize)]
struct Set {
    isa: &'static str,
    packed_bytes: usize,
    arena_bytes: usize,
    /// Patch in, embedding and scores out.
    body_us: Time,
    mac_per_cycle: f64,
    quantise_us: Time,
    tail_us: Time,
    layers: Vec<LayerTime>,
}

/// Figures of one convolution.
#[derive(Debug, Serialize)]
struct LayerTime {
    name: String,
    macs: u64,
    us: Time,
    mac_per_cycle: f64,
}

/// Why a model cannot be measured.
const NO_NETWORK: &str = "the model has no int8 network; give the base model or one trained on its features";

/// Runs the command.
///
/// # Errors
/// When there is no model, or it has no network.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let path = match &args.model {
        Some(path) => path.clone(),
        None => {
            base_model::find(None).context("no base model found; get it with `host-tools fetch`, or name a --model")?
        }
    };
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    if args.serve {
        return serve::serve(&bytes, args.isa.unwrap_or_else(Isa::best));
    }
    check_files(&[args.json.output()])?;
    let ui = Ui::new(&args.json);
    let model = OwnedModel::from_bytes(bytes.clone(), Isa::best())?;
    // Before the other figures are measured in vain.
    model.contents().body.as_ref().context(NO_NETWORK)?;
    let gigahertz = measure::gigahertz();
    let load = measure::load_to_first_verdict(&path)?;
    let sets: Vec<Isa> = Isa::ALL.into_iter().filter(|isa| isa.is_available()).collect();
    let report = Report {
        model: path,
        processor: measure::processor(),
        gigahertz,
        load_to_first_verdict_ms: load,
        front_end_us: measure::front_end(args.runs),
        stream_us: measure::stream(&model, DEFAULT_HOP, args.runs)?,
        fast_stream_us: measure::stream(&model, FAST_HOP, args.runs)?,
        anomaly_us: measure::anomaly(&model, args.runs)?,
        anomaly_bytes: model.contents().file.metadata(ENTRY).map_or(0, <[u8]>::len),
        sets: sets.into_iter().map(|isa| set(&bytes, isa, args.runs, gigahertz)).collect::<Result<_, _>>()?,
        batch: measure::batch(&model, args.runs)?,
    };
    print(&ui, &report);
    args.json.write("acoustic-monitor/bench/1", &report)
}

fn set(bytes: &[u8], isa: Isa, runs: u32, gigahertz: f64) -> anyhow::Result<Set> {
    // Portable code is slow enough for fewer runs.
    let runs = if isa == Isa::Scalar { runs.div_ceil(10) } else { runs };
    let model = OwnedModel::from_bytes(bytes.to_vec(), isa)?;
    let contents = model.contents();
    let body = contents.body.as_ref().context(NO_NETWORK)?;
    let network = contents.classifier.network().context(NO_NETWORK)?;
    let mut arena = measure::arena(network);
    let patch = measure::patch();
    let (mut embedding, mut scores) = (vec![0; network.pooled_len()], vec![0; network.scores_len()]);
    let per_cycle = |macs: u64, us: &Time| macs as f64 / (us.least * 1e3 * gigahertz);
    let body_us = measure::time(runs, || network.run(&patch, &mut arena, &mut embedding, &mut scores))?;
    let quantise_us = measure::time(runs, || network.begin(&patch, &mut arena))?;
    let mut layers = Vec::new();
    for (index, layer) in body.layers.iter().enumerate() {
        let us = measure::time(runs, || network.layer(index, &mut arena))?;
        layers.push(LayerTime {
            name: name(layer),
            macs: layer.macs(),
            us,
            mac_per_cycle: per_cycle(layer.macs(), &us),
        });
    }
    let tail_us = measure::time(runs, || network.end(&mut arena, &mut embedding, &mut scores))?;
    let macs = body.layers.iter().map(Layer::macs).sum::<u64>() + (network.scores_len() * network.pooled_len()) as u64;
    Ok(Set {
        isa: isa.name(),
        packed_bytes: model.packed_bytes(),
        arena_bytes: std::mem::size_of_val(&arena[..]),
        mac_per_cycle: per_cycle(macs, &body_us),
        body_us,
        quantise_us,
        tail_us,
        layers,
    })
}

fn name(layer: &Layer) -> String {
    let kind = match layer.kind {
        Kind::Stem => "conv 3x3",
        Kind::Depthwise => "depthwise",
        Kind::Pointwise => "conv 1x1",
    };
    let (from, to) = (layer.input, layer.output);
    format!("{kind} {}x{}x{} -> {}x{}x{}", from.height, from.width, from.channels, to.height, to.width, to.channels)
}

fn print(ui: &Ui, report: &Report) {
    ui.print(format!("{} at {:.2} GHz, {}", report.processor, report.gigahertz, report.model.display()));
    ui.print(format!("load to first verdict  {:9.1} ms", report.load_to_first_verdict_ms));
    ui.print("microseconds            median     least");
    let line = |name: &str, time: &Time| ui.print(format!("{name:22} {:8.1}  {:8.1}", time.median, time.least));
    line("front end, a window", &report.front_end_us);
    for (time, hop) in [(&report.stream_us, DEFAULT_HOP), (&report.fast_stream_us, FAST_HOP)] {
        let hop_us = f64::from(hop) * 1e4;
        line("samples to verdict", time);
        ui.print(format!("{:22} {:8.2} % of a core at hop {} s", "", 100.0 * time.median / hop_us, hop_us / 1e6));
    }
    if let Some(time) = &report.anomaly_us {
        line("  anomaly score", time);
        ui.print(format!("{:22} {:8.0} kB of tables", "", report.anomaly_bytes as f64 / 1e3));
    }
    for set in &report.sets {
        ui.print(format!("\n{}: {} kB packed, {} kB arena", set.isa, set.packed_bytes / 1000, set.arena_bytes / 1000));
        line("body", &set.body_us);
        ui.print(format!("{:22} {:8.1} MAC per cycle", "", set.mac_per_cycle));
        line("  quantise", &set.quantise_us);
        for layer in &set.layers {
            let Time { median, least } = layer.us;
            let (name, rate) = (&layer.name, layer.mac_per_cycle);
            ui.print(format!("  {name:36} {median:8.1}  {least:8.1}  {rate:6.1} MAC per cycle"));
        }
        line("  mean and scores", &set.tail_us);
    }
    ui.print(String::new());
    for cores in &report.batch.cores {
        ui.print(format!("batch on {} thread(s)   {:8.0} windows/s", cores.threads, cores.windows_per_s));
    }
}
