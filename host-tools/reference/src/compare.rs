//! Compares the last convolution and the embedding with the reference, window by window.

use std::fmt;

use anyhow::{Context, bail};
use monitor_export::cut::{self, End};
use monitor_nn::body::Pooling;
use monitor_nn::{Block, Body, Isa, Network};
use monitor_tflite::{BuiltinOp, Model};

use crate::interpreter::Reference;
use crate::patches;

/// How many int8 values were compared, and how many of them differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Differences {
    /// All values.
    pub values: usize,
    /// Those that differ by one step.
    pub off_by_one: usize,
    /// Those that differ by more.
    pub off_by_more: usize,
}

impl Differences {
    /// Number of values that differ.
    pub fn different(&self) -> usize {
        self.off_by_one + self.off_by_more
    }

    fn count(&mut self, ours: &[i8], theirs: &[i8]) {
        self.values += ours.len();
        for (ours, theirs) in ours.iter().zip(theirs) {
            match ours.abs_diff(*theirs) {
                0 => {}
                1 => self.off_by_one += 1,
                _ => self.off_by_more += 1,
            }
        }
    }
}

/// Result of the comparison; its text is for people.
#[derive(Debug)]
pub struct Outcome {
    windows: u32,
    isa: Isa,
    /// Outputs of the last convolution.
    pub last_convolution: Differences,
    /// Outputs of MEAN.
    pub embedding: Differences,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { windows, isa, last_convolution, embedding } = self;
        let isa = format!("{isa:?}").to_lowercase();
        writeln!(f, "{windows} windows, {isa} kernels against the TFLite C++ interpreter (TensorFlow 1.15):")?;
        let (different, values) = (last_convolution.different(), last_convolution.values);
        writeln!(f, "  last convolution: {different} of {values} values differ")?;
        let Differences { values, off_by_one, off_by_more } = embedding;
        write!(f, "  embedding (MEAN): {off_by_one} of {values} off by one step, {off_by_more} by more")
    }
}

/// Runs `windows` random windows through both.
///
/// # Errors
/// When `base` is not the base model, or the reference rejects a part of it.
pub fn compare(base: &[u8], windows: u32, seed: u64) -> anyhow::Result<Outcome> {
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
    let [mut at_convolution, mut at_mean] =
        [Reference::new(cut::network(base, End::LastConvolution)?)?, Reference::new(cut::network(base, End::Mean)?)?];

    let mut outcome =
        Outcome { windows, isa, last_convolution: Differences::default(), embedding: Differences::default() };
    for patch in patches::make(windows, seed) {
        network.begin(&patch, &mut arena)?;
        for layer in 0..network.layers() {
            network.layer(layer, &mut arena)?;
        }
        network.activation(network.layers() - 1, &mut arena, &mut convolution)?;
        network.end(&mut arena, &mut embedding, &mut [])?;
        outcome.last_convolution.count(&convolution, &at_convolution.run(&patch, convolution_scale)?);
        outcome.embedding.count(&embedding, &at_mean.run(&patch, mean.output_quant.scale)?);
    }
    Ok(outcome)
}
