//! The original's head: Dense(128, ReLU), dropout 0.2, Dense(classes), softmax; Adam, batches of 32, up to 100 epochs.
//!
//! An implementation of its own because it is small: forward, backward ([`network`]) and Adam ([`adam`]) are a page each,
//! the gradients are held against finite differences, and everything random comes from one seed. Settings that the
//! original leaves to Keras are Keras's defaults: Glorot-uniform weights, zero biases, learning rate 0.001.
//!
//! Cost: about `windows x features x 128 x 6` multiplications per epoch; 1000 windows of 1152 features take some 0.05 s per
//! epoch on one core in a release build.
mod adam;
mod network;

use ndarray::{Array2, ArrayView2, Axis};
use rand::Rng;
use rand::seq::SliceRandom;
use serde::Serialize;

pub use network::Network;

use super::head::softmax;
use super::seed;
use adam::Adam;

/// Neurons of the hidden layer.
pub const HIDDEN: usize = 128;
/// Share of them that each training step switches off.
pub const DROPOUT: f32 = 0.2;
/// Times that training goes over all windows, at most.
pub const EPOCHS: usize = 100;
/// Windows per step.
pub const BATCH: usize = 32;

/// Mean cross-entropy (nats) and share of right windows (`0..=1`).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Score {
    /// Mean cross-entropy in nats.
    pub loss: f64,
    /// Share of right windows.
    pub accuracy: f64,
}

/// One epoch. The training score is what the steps saw: with dropout, before each step, as Keras reports it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Epoch {
    /// On the windows learned from.
    pub training: Score,
    /// On windows never learned from; `None` when there are none.
    pub validation: Option<Score>,
}

/// Windows to learn from or to validate on: standardised features [windows x features] and their classes.
#[derive(Debug, Clone, Copy)]
pub struct Labelled<'a> {
    /// Features.
    pub x: ArrayView2<'a, f32>,
    /// Class of each row.
    pub labels: &'a [usize],
}

/// Trains for `epochs` epochs and returns the network after the last one, with the scores of each.
///
/// Deterministic: the same data and seed give the same bits on the same machine.
pub fn train(
    data: Labelled<'_>,
    validation: Option<Labelled<'_>>,
    classes: usize,
    epochs: usize,
    seed: u64,
) -> (Network<f32>, Vec<Epoch>) {
    let mut network = Network::random(data.x.ncols(), HIDDEN, classes, &mut seed::rng(seed, "weights"));
    let mut adam = Adam::new(&network);
    let mut order_rng = seed::rng(seed, "order");
    let mut dropout_rng = seed::rng(seed, "dropout");
    let mut order: Vec<usize> = (0..data.labels.len()).collect();
    let mut history = Vec::with_capacity(epochs);
    for _ in 0..epochs {
        order.shuffle(&mut order_rng);
        let mut training = Score::default();
        for batch in order.chunks(BATCH) {
            let x = data.x.select(Axis(0), batch);
            let labels: Vec<usize> = batch.iter().map(|row| data.labels[*row]).collect();
            let kept = dropout(batch.len(), &mut dropout_rng);
            let (score, gradients) = network.gradients(x.view(), &labels, Some(&kept));
            adam.step(&mut network, &gradients);
            let share = batch.len() as f64 / order.len() as f64;
            training.loss += score.loss * share;
            training.accuracy += score.accuracy * share;
        }
        let validation = validation.map(|data| balanced_score(&network, data, classes));
        history.push(Epoch { training, validation });
    }
    (network, history)
}

/// Which hidden values live on in a step, scaled so that their expected sum stays (inverted dropout).
fn dropout(rows: usize, rng: &mut impl Rng) -> Array2<f32> {
    Array2::from_shape_simple_fn(
        (rows, HIDDEN),
        || if rng.r#gen::<f32>() < DROPOUT { 0.0 } else { 1.0 / (1.0 - DROPOUT) },
    )
}

/// Score in which every class that occurs counts alike, so that the best epoch is not the best for the largest class.
fn balanced_score(network: &Network<f32>, data: Labelled<'_>, classes: usize) -> Score {
    let mut probabilities = network.logits(data.x);
    softmax(&mut probabilities);
    balanced_score_of(probabilities.view(), data.labels, classes)
}

/// As the validation score, of probabilities [windows x classes] however they came about.
pub fn balanced_score_of(probabilities: ArrayView2<f32>, labels: &[usize], classes: usize) -> Score {
    let mut sums = vec![(Score::default(), 0usize); classes];
    for (row, label) in probabilities.rows().into_iter().zip(labels) {
        let (score, count) = &mut sums[*label];
        score.loss -= f64::from(row[*label].max(f32::MIN_POSITIVE)).ln();
        score.accuracy += f64::from(u8::from(crate::metrics::argmax(&row.to_vec()) == *label));
        *count += 1;
    }
    let present = sums.iter().filter(|(_, count)| *count > 0).count().max(1) as f64;
    sums.iter().filter(|(_, count)| *count > 0).fold(Score::default(), |mean, (score, count)| Score {
        loss: mean.loss + score.loss / *count as f64 / present,
        accuracy: mean.accuracy + score.accuracy / *count as f64 / present,
    })
}

#[cfg(test)]
mod tests;
