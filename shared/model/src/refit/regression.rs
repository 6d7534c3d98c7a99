//! Multinomial logistic regression around the head that a model already has.
//!
//! Minimises over weights `W` of standardised features
//!
//! ```text
//! sum of weighted cross-entropies  +  alpha/2 |W - W0|^2  -  <S, W>
//! ```
//!
//! Biases have no penalty. With `W0 = 0` and `S = 0` this is the objective of training (`host-tools/src/train/logistic.rs`). With
//! `W0` the weights of the model's head and `S` the gradient of the sample's cross-entropies there, the minimum for the sample
//! alone is the model's head: the sample only supplies the curvature, and what is fitted is the change by the labelled clips.
//! Source: Jordan, Lee and Yang, "Communication-Efficient Distributed Statistical Inference", JASA 2019, equation 6, with the
//! sample as the first machine's data.
//!
//! Cost: `4 x windows x features x classes` multiplications in f64 for each evaluation, some tens of which make a fit.

use super::minimise::{add, dot, minimise};

/// Length of the gradient per unit of weight at which the search ends, as in training.
const ENOUGH: f64 = 3e-4;
/// The same, up to which a search that ended otherwise is accepted.
const TOLERANCE: f64 = 1e-3;

/// Weights `[classes x (features + 1)]`, row-major, the bias last in each row; for standardised features.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Weights {
    pub(super) rows: Vec<f64>,
    /// Features, without the bias.
    pub(super) features: usize,
}

impl Weights {
    /// Zeros.
    pub(super) fn zeros(classes: usize, features: usize) -> Self {
        Self { rows: vec![0.0; classes * (features + 1)], features }
    }

    /// Number of classes.
    pub(super) fn classes(&self) -> usize {
        self.rows.len() / (self.features + 1)
    }

    /// Probabilities of standardised features, with the logits divided by `temperature`.
    pub(super) fn probabilities(&self, x: &[f32], temperature: f64) -> Vec<f64> {
        let mut wide = vec![0.0; self.features + 1];
        widen(x, &mut wide);
        let mut out: Vec<f64> = self.rows.chunks_exact(wide.len()).map(|row| dot(row, &wide) / temperature).collect();
        softmax(&mut out);
        out
    }
}

/// A window to fit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Example<'a> {
    /// Standardised features.
    pub(super) x: &'a [f32],
    /// Its class.
    pub(super) class: usize,
    /// Its weight in the loss.
    pub(super) weight: f64,
}

/// Where the penalty is centred, and the slope `S` that is taken off.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Centre {
    pub(super) weights: Weights,
    pub(super) slope: Vec<f64>,
}

/// Fits `examples` around `centre`, from `start`.
///
/// # Errors
/// The length of the gradient per unit of weight, when the search did not reach the minimum.
pub(super) fn fit(examples: &[Example<'_>], centre: &Centre, alpha: f64, start: &Weights) -> Result<Weights, f64> {
    let features = centre.weights.features;
    let total: f64 = examples.iter().map(|example| example.weight).sum::<f64>().max(f64::MIN_POSITIVE);
    let mut at = start.rows.clone();
    let left = minimise(&mut at, ENOUGH * total, |rows, gradient| {
        let mut value = cross_entropies(examples, rows, features, gradient);
        let pairs = rows.iter().zip(&centre.weights.rows).zip(&centre.slope).zip(gradient);
        for (place, (((weight, middle), slope), gradient)) in pairs.enumerate() {
            if place % (features + 1) != features {
                let off = weight - middle;
                value += alpha / 2.0 * off * off;
                *gradient += alpha * off;
            }
            value -= slope * weight;
            *gradient -= slope;
        }
        value
    });
    if left <= TOLERANCE * total { Ok(Weights { rows: at, features }) } else { Err(left / total) }
}

/// Sum of the weighted cross-entropies of `examples` at `rows`; writes its gradient.
pub(super) fn cross_entropies(examples: &[Example<'_>], rows: &[f64], features: usize, gradient: &mut [f64]) -> f64 {
    gradient.fill(0.0);
    let mut p = vec![0.0; rows.len() / (features + 1)];
    let mut x = vec![0.0; features + 1];
    let mut value = 0.0;
    for example in examples {
        widen(example.x, &mut x);
        for (logit, row) in p.iter_mut().zip(rows.chunks_exact(features + 1)) {
            *logit = dot(row, &x);
        }
        let own = p.get(example.class).copied().unwrap_or_default();
        value += example.weight * (softmax(&mut p) - own);
        for (class, (p, row)) in p.iter().zip(gradient.chunks_exact_mut(features + 1)).enumerate() {
            add(row, example.weight * (p - f64::from(u8::from(class == example.class))), &x);
        }
    }
    value
}

/// `x` in f64 with a 1 behind it, by which the bias is multiplied.
fn widen(x: &[f32], out: &mut [f64]) {
    out.iter_mut().zip(x.iter().chain(&[1.0])).for_each(|(out, x)| *out = f64::from(*x));
}

/// Turns logits into probabilities; returns ln of the sum of their exponentials.
fn softmax(values: &mut [f64]) -> f64 {
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    // By the crate, not by `f64`'s own: those would load the C library's libm.
    values.iter_mut().for_each(|value| *value = libm::exp(*value - largest));
    let sum: f64 = values.iter().sum();
    values.iter_mut().for_each(|value| *value /= sum);
    largest + libm::log(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three noisy clouds: `rows` windows of `features` values.
    fn clouds(rows: usize, features: usize) -> Vec<(Vec<f32>, usize)> {
        let mut state = 5_u32;
        let mut noise = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        };
        (0..rows)
            .map(|row| {
                let class = row % 3;
                ((0..features).map(|i| noise() + if i == class { 1.5 } else { 0.0 }).collect(), class)
            })
            .collect()
    }

    fn examples(clouds: &[(Vec<f32>, usize)]) -> Vec<Example<'_>> {
        clouds.iter().map(|(x, class)| Example { x, class: *class, weight: 1.0 }).collect()
    }

    fn plain(classes: usize, features: usize) -> Centre {
        let weights = Weights::zeros(classes, features);
        Centre { slope: vec![0.0; weights.rows.len()], weights }
    }

    #[test]
    fn the_gradient_is_that_of_the_cross_entropies() {
        let clouds = clouds(12, 4);
        let examples = examples(&clouds);
        let rows: Vec<f64> = (0..15).map(|i| f64::from(i) / 20.0 - 0.3).collect();
        let mut gradient = vec![0.0; 15];
        cross_entropies(&examples, &rows, 4, &mut gradient);
        for place in 0..15 {
            let value = |change: f64| {
                let mut moved = rows.clone();
                moved[place] += change;
                cross_entropies(&examples, &moved, 4, &mut [0.0; 15])
            };
            let numeric = (value(1e-5) - value(-1e-5)) / 2e-5;
            assert!((numeric - gradient[place]).abs() < 1e-6, "{place}: {numeric} {}", gradient[place]);
        }
    }

    #[test]
    fn the_fit_separates_clouds() {
        let clouds = clouds(150, 8);
        let found = fit(&examples(&clouds), &plain(3, 8), 1.0, &Weights::zeros(3, 8)).unwrap();
        let right = clouds.iter().filter(|(x, class)| {
            let p = found.probabilities(x, 1.0);
            p.iter().all(|other| *other <= p[*class])
        });
        assert!(right.count() > 140);
    }

    #[test]
    fn without_other_windows_the_minimum_around_a_head_is_that_head() {
        let clouds = clouds(600, 8);
        let all = examples(&clouds);
        let head = fit(&all, &plain(3, 8), 1.0, &Weights::zeros(3, 8)).unwrap();
        // A tenth of the windows, each for ten: fitted alone they would lead elsewhere.
        let sample: Vec<_> = all.iter().step_by(10).map(|example| Example { weight: 10.0, ..*example }).collect();
        let mut slope = vec![0.0; head.rows.len()];
        cross_entropies(&sample, &head.rows, 8, &mut slope);
        let far = |found: &Weights| found.rows.iter().zip(&head.rows).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        let centre = Centre { weights: head.clone(), slope };
        let start = Weights::zeros(3, 8);
        let around = fit(&sample, &centre, 1.0, &start).unwrap();
        let alone = fit(&sample, &plain(3, 8), 1.0, &start).unwrap();
        assert!(far(&around) < 0.05 && far(&alone) > 0.1, "{} {}", far(&around), far(&alone));
    }
}
