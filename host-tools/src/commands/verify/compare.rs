//! Compares the last convolution and the embedding with the reference, window by window.

use anyhow::{Context, bail, ensure};
use monitor_model::base_model;
use monitor_nn::body::Pooling;
use monitor_nn::{Block, Body, Isa, Network};
use monitor_tflite::{BuiltinOp, Model};
use serde::Serialize;

use super::reference::Reference;
use super::{Args, patches};
use crate::base;
use crate::console::Ui;
use monitor_export::cut::{self, End};

/// Result of the comparison.
#[derive(Debug, Serialize)]
struct Outcome {
    windows: u32,
    instructions: String,
    last_convolution_values: usize,
    last_convolution_different: usize,
    embedding_values: usize,
    embedding_off_by_one: usize,
    embedding_off_by_more: usize,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let ui = Ui::new(&args.json);
    let path = base_model::find(args.base.as_deref())
        .context("the base model was not found; `host-tools fetch` downloads it")?;
    let base = base::read(&path)?;
    let outcome = compare(&base, args, &ui)?;
    ui.print(format!(
        "{} windows, {} kernels against the TFLite C++ interpreter (TensorFlow 1.15):\n  \
         last convolution: {} of {} values differ\n  embedding (MEAN): {} of {} off by one step, {} by more",
        outcome.windows,
        outcome.instructions,
        outcome.last_convolution_different,
        outcome.last_convolution_values,
        outcome.embedding_off_by_one,
        outcome.embedding_values,
        outcome.embedding_off_by_more,
    ));
    args.json.write("acoustic-monitor/verify/1", &outcome)?;
    ensure!(outcome.last_convolution_different == 0, "the last convolution differs from the reference");
    ensure!(outcome.embedding_off_by_more == 0, "the embedding is off by more than one step");
    Ok(())
}

fn compare(base: &[u8], args: &Args, ui: &Ui) -> anyhow::Result<Outcome> {
    let graph = Model::parse(base)?.graph();
    let quantize = graph.operators().find(|operator| operator.code == BuiltinOp::QUANTIZE);
    let body = Body::from_graph(&graph, quantize.context("the base model has no QUANTIZE")?.index)?.body;
    let convolution_scale = body.layers.last().context("the base model has no convolution")?.output_quant.scale;
    let Pooling::Embedding(mean) = body.pooling else { bail!("the base model has no MEAN in int8") };
    let isa = Isa::best();
    let mut packed = vec![Block::ZERO; Network::packed_len(&body, isa)?];
    Network::pack(&body, isa, &mut packed)?;
    let network = Network::new(&body, isa, &packed)?;
    let mut arena = vec![Block::ZERO; network.arena_len()];
    let mut convolution = vec![0; mean.input.len()];
    let mut embedding = vec![0; network.pooled_len()];
    let mut references =
        [Reference::new(cut::network(base, End::LastConvolution)?)?, Reference::new(cut::network(base, End::Mean)?)?];

    let mut outcome = Outcome {
        windows: args.windows,
        instructions: format!("{isa:?}").to_lowercase(),
        last_convolution_values: convolution.len() * args.windows as usize,
        last_convolution_different: 0,
        embedding_values: embedding.len() * args.windows as usize,
        embedding_off_by_one: 0,
        embedding_off_by_more: 0,
    };
    let progress = ui.progress("windows", u64::from(args.windows));
    for patch in patches::make(args.windows, args.seed) {
        network.begin(&patch, &mut arena)?;
        for layer in 0..network.layers() {
            network.layer(layer, &mut arena)?;
        }
        network.activation(network.layers() - 1, &mut arena, &mut convolution)?;
        network.end(&mut arena, &mut embedding, &mut [])?;
        let [at_convolution, at_mean] = &mut references;
        let theirs = at_convolution.run(&patch, convolution_scale)?;
        outcome.last_convolution_different +=
            convolution.iter().zip(&theirs).filter(|(ours, theirs)| ours != theirs).count();
        for (ours, theirs) in embedding.iter().zip(at_mean.run(&patch, mean.output_quant.scale)?) {
            match ours.abs_diff(theirs) {
                0 => (),
                1 => outcome.embedding_off_by_one += 1,
                _ => outcome.embedding_off_by_more += 1,
            }
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    Ok(outcome)
}
