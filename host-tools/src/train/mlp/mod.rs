//! The original's head: Dense(128, ReLU), dropout 0.2, Dense(classes), softmax; Adam, batches of 32, up to 100 epochs.
//!
//! Implemented here because it is small: forward and backward pass ([`network`]) and Adam ([`adam`]) are a page each, the
//! gradients are tested against finite differences, and everything random comes from one seed. Settings that the original
//! leaves to Keras are Keras's defaults: Glorot-uniform weights, zero biases, learning rate 0.001.
//!
//! Cost: about `windows x features x 128 x 6` multiplications per epoch; 1000 windows of 1152 features take some 0.05 s per
//! epoch on one core in a release build.
mod adam;
mod network;

use std::ops::ControlFlow;

use ndarray::Array2;
use rand::Rng;
use rand::seq::SliceRandom;

pub(super) use network::Network;

use super::basics::{Score, seed};
use adam::Adam;

/// Neurons of the hidden layer.
const HIDDEN: usize = 128;
/// Share of them that each training step drops.
const DROPOUT: f32 = 0.2;
/// Maximum number of epochs.
pub(super) const EPOCHS: usize = 100;
/// Windows per step.
const BATCH: usize = 32;

/// Shape and length of a training.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    /// Number of features.
    pub features: usize,
    /// Number of classes.
    pub classes: usize,
    /// Number of epochs.
    pub epochs: usize,
    /// Random seed.
    pub seed: u64,
}

/// Trains with the settings of `plan`; `rows` returns the features [windows x features] of the windows at some places. After each
/// epoch, `after` receives the network and the epoch's training score (with dropout and before each step, as Keras reports it) and
/// returns whether to continue.
///
/// Deterministic: the same data and seed give the same bits on the same machine.
pub(super) fn train(
    rows: impl Fn(&[usize]) -> Array2<f32>,
    labels: &[usize],
    plan: Plan,
    mut after: impl FnMut(&Network<f32>, Score) -> ControlFlow<()>,
) -> Network<f32> {
    let Plan { features, classes, epochs, seed } = plan;
    let mut network = Network::random(features, HIDDEN, classes, &mut seed::rng(seed, "weights"));
    let mut adam = Adam::new(&network);
    let mut order_rng = seed::rng(seed, "order");
    let mut dropout_rng = seed::rng(seed, "dropout");
    let mut order: Vec<usize> = (0..labels.len()).collect();
    for _ in 0..epochs {
        order.shuffle(&mut order_rng);
        let mut training = Score::default();
        for batch in order.chunks(BATCH) {
            let batch_labels: Vec<usize> = batch.iter().map(|row| labels[*row]).collect();
            let kept = dropout(batch.len(), &mut dropout_rng);
            let (score, gradients) = network.gradients(rows(batch).view(), &batch_labels, Some(&kept));
            adam.step(&mut network, &gradients);
            let share = batch.len() as f64 / order.len() as f64;
            training.loss += score.loss * share;
            training.accuracy += score.accuracy * share;
        }
        if after(&network, training).is_break() {
            break;
        }
    }
    network
}

/// Factors of the hidden values in one step: 0 for dropped ones, the others scaled to keep the expected sum (inverted
/// dropout).
fn dropout(rows: usize, rng: &mut impl Rng) -> Array2<f32> {
    Array2::from_shape_simple_fn(
        (rows, HIDDEN),
        || if rng.r#gen::<f32>() < DROPOUT { 0.0 } else { 1.0 / (1.0 - DROPOUT) },
    )
}

#[cfg(test)]
mod tests;
