//! Classifiers with random heads on the test network: a linear head, and two with a hidden layer.

use monitor_core::features::FeatureKind;
use monitor_core::model_card::ModelCard;
use ndarray::Array2;

use super::random::Random;
use crate::{self as export, Dense};

/// Names of the classes.
const LABELS: [&str; 4] = ["idle", "normal", "worn", "blocked"];
/// Width of the hidden layer.
const HIDDEN: usize = 128;

/// Writes a classifier on features of `kind`: waveform f32 `[1 x 15600]` in, probabilities f32 `[1 x 4]` out. Its head is
/// linear on embedding or tap alone; the kinds with log-mel statistics have a hidden layer.
///
/// # Errors
/// When the export fails.
pub fn classifier(kind: FeatureKind) -> anyhow::Result<Vec<u8>> {
    let base = super::from_waveform()?;
    let labels = LABELS.map(String::from);
    export::classifier(kind, Some(&base), &head(kind), &labels, &ModelCard::untrained(kind))
}

fn head(kind: FeatureKind) -> Vec<Dense> {
    let mut random = Random::new(4 + kind.len() as u64);
    match kind.has_statistics() {
        false => vec![dense(&mut random, 4.0, [kind.len(), LABELS.len()], false)],
        // Log-mel values are several times greater than those of the embedding.
        true => vec![
            dense(&mut random, 1.0, [kind.len(), HIDDEN], true),
            dense(&mut random, 4.0, [HIDDEN, LABELS.len()], false),
        ],
    }
}

/// A layer whose sums have about the deviation `gain` / sqrt(12) for inputs of 1.
fn dense(random: &mut Random, gain: f32, [inputs, outputs]: [usize; 2], relu: bool) -> Dense {
    let most = gain / (inputs as f32).sqrt();
    let weights = Array2::from_shape_simple_fn((outputs, inputs), || most * (random.unit() - 0.5));
    let bias = (0..outputs).map(|_| random.unit() - 0.5).collect();
    Dense { weights, bias, relu }
}
