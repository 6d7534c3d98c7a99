//! Multinomial logistic regression: the linear head, in training and in a refit on the device.
//!
//! Minimises over weights `W` of standardised features
//!
//! ```text
//! sum of weighted cross-entropies  +  alpha/2 |W - W0|^2  -  <S, W>
//! ```
//!
//! Biases have no penalty. In training `W0 = 0` and `S = 0`: the objective of scikit-learn's `LogisticRegression` with
//! `C = 1/alpha`. It is convex, so that every search that ends where the gradient vanishes ends at the same head.
//!
//! In a refit `W0` are the weights of the model's head and `S` the gradient of the sample's cross-entropies there: the minimum
//! for the sample alone is the model's head, the sample only supplies the curvature, and what is fitted is the change by the
//! labelled clips. Source: Jordan, Lee and Yang, "Communication-Efficient Distributed Statistical Inference", JASA 2019,
//! equation 6, with the sample as the first machine's data.
//!
//! Windows are borrowed, and a [`Scaling`] standardises them without a copy: it moves into the weights, `w (x - m) s = (w s) x -
//! (w s) m`, and comes back out of the gradient. So fits to many subsets of the same windows share them.
//!
//! Cost: `4 x windows x features x classes` operations in f32 for each evaluation ([`cross_entropies`]), some tens of which
//! make a fit.

mod cross_entropies;
mod minimise;

pub use cross_entropies::{Example, cross_entropies};
use minimise::{dot, minimise};

/// Length of the gradient per unit of weight at which a search ends, for a head that is kept: a factor of ten changes the loss
/// of held-out windows in its fourth digit.
pub const ENOUGH: f64 = 3e-4;
/// The same, up to which a search that ended otherwise is accepted.
pub const TOLERANCE: f64 = 1e-3;

/// Weights `[classes x (features + 1)]`, row-major, the bias last in each row; for standardised features.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    rows: Vec<f64>,
    features: usize,
}

impl Weights {
    /// Zeros.
    pub fn zeros(classes: usize, features: usize) -> Self {
        Self { rows: vec![0.0; classes * (features + 1)], features }
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.rows.len() / (self.features + 1)
    }

    /// Number of features, without the bias.
    pub fn features(&self) -> usize {
        self.features
    }

    /// The weights of each class and its bias.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.rows.chunks_exact(self.features + 1)
    }

    /// The same, to change.
    pub fn rows_mut(&mut self) -> impl ExactSizeIterator<Item = &mut [f64]> {
        self.rows.chunks_exact_mut(self.features + 1)
    }

    /// Probabilities of standardised features, with the logits divided by `temperature`.
    pub fn probabilities(&self, x: &[f32], temperature: f64) -> Vec<f64> {
        let mut wide: Vec<f64> = x.iter().map(|value| f64::from(*value)).collect();
        wide.resize(self.features, 0.0);
        wide.push(1.0);
        let mut out: Vec<f64> = self.rows().map(|row| dot(row, &wide) / temperature).collect();
        softmax(&mut out);
        out
    }

    /// Probabilities of the windows `x`, one after the other, that `scaling` standardises.
    pub fn all_probabilities(&self, x: &[&[f32]], scaling: &Scaling) -> Vec<f64> {
        let mut rows = vec![0.0; self.rows.len()];
        scaling.fold(&self.rows, &mut rows);
        cross_entropies::probabilities(x, &rows, self.features)
    }
}

/// What standardises the values of windows: `(x - mean) * scale`.
#[derive(Debug, Clone, PartialEq)]
pub struct Scaling {
    /// Mean and scale of each value; a scale of 0 leaves it out.
    pub values: Vec<(f64, f64)>,
}

impl Scaling {
    /// For `features` values that are standardised already.
    pub fn none(features: usize) -> Self {
        Self { values: vec![(0.0, 1.0); features] }
    }

    /// Writes the weights of unscaled values that are equivalent to `rows` [classes x (features + 1)].
    fn fold(&self, rows: &[f64], folded: &mut [f64]) {
        let width = self.values.len() + 1;
        for (from, to) in rows.chunks_exact(width).zip(folded.chunks_exact_mut(width)) {
            let mut bias = from[width - 1];
            for ((from, to), (mean, scale)) in from.iter().zip(&mut *to).zip(&self.values) {
                *to = from * scale;
                bias -= *to * mean;
            }
            to[width - 1] = bias;
        }
    }

    /// Turns the `gradient` by the weights of unscaled values into that by the weights of standardised ones.
    fn unfold(&self, gradient: &mut [f64]) {
        let width = self.values.len() + 1;
        for row in gradient.chunks_exact_mut(width) {
            let bias = row[width - 1];
            row.iter_mut().zip(&self.values).for_each(|(to, (mean, scale))| *to = scale * (*to - mean * bias));
        }
    }
}

/// Where the penalty is centred, and the slope `S` that is taken off.
#[derive(Debug, Clone, PartialEq)]
pub struct Centre {
    /// `W0`.
    pub weights: Weights,
    /// `S`, in the order of the weights.
    pub slope: Weights,
}

impl Centre {
    /// No weights and no slope: the centre of training.
    pub fn origin(classes: usize, features: usize) -> Self {
        let zeros = Weights::zeros(classes, features);
        Self { weights: zeros.clone(), slope: zeros }
    }
}

/// Fits `examples`, which `scaling` standardises, around `centre`, from `start`, until the gradient per unit of weight is no longer
/// than `enough`, at most [`TOLERANCE`].
///
/// # Errors
/// The length of the gradient per unit of weight, when the search did not reach the minimum.
pub fn fit(
    examples: &[Example<'_>],
    scaling: &Scaling,
    centre: &Centre,
    alpha: f64,
    start: &Weights,
    enough: f64,
) -> Result<Weights, f64> {
    let features = centre.weights.features;
    let total: f64 = examples.iter().map(|example| example.weight).sum::<f64>().max(f64::MIN_POSITIVE);
    let mut at = start.rows.clone();
    let mut folded = vec![0.0; at.len()];
    let left = minimise(&mut at, enough * total, |rows, gradient| {
        scaling.fold(rows, &mut folded);
        let mut value = cross_entropies::at(examples, &folded, features, gradient);
        scaling.unfold(gradient);
        let pairs = rows.iter().zip(&centre.weights.rows).zip(&centre.slope.rows).zip(gradient);
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

    /// The value, in f64 and window by window.
    fn reference(examples: &[Example<'_>], weights: &Weights) -> f64 {
        let loss = |example: &Example<'_>| -example.weight * weights.probabilities(example.x, 1.0)[example.class].ln();
        examples.iter().map(loss).sum()
    }

    #[test]
    fn value_and_gradient_are_those_of_the_cross_entropies() {
        // Not a multiple of the windows and values that are computed together.
        let clouds = clouds(71, 13);
        let mut examples = examples(&clouds);
        examples.iter_mut().enumerate().for_each(|(place, example)| example.weight = 0.5 + (place % 3) as f64);
        let mut weights = Weights::zeros(3, 13);
        weights.rows.iter_mut().enumerate().for_each(|(i, weight)| *weight = (i % 7) as f64 / 10.0 - 0.3);
        let (value, gradient) = cross_entropies(&examples, &weights);
        assert!((value / reference(&examples, &weights) - 1.0).abs() < 1e-6);
        for place in 0..weights.rows.len() {
            let of = |change: f64| {
                let mut moved = weights.clone();
                moved.rows[place] += change;
                reference(&examples, &moved)
            };
            let numeric = (of(1e-5) - of(-1e-5)) / 2e-5;
            assert!((numeric - gradient.rows[place]).abs() < 1e-4, "{place}: {numeric} {}", gradient.rows[place]);
        }
    }

    #[test]
    fn the_fit_separates_clouds() {
        let clouds = clouds(150, 8);
        let found =
            fit(&examples(&clouds), &Scaling::none(8), &Centre::origin(3, 8), 1.0, &Weights::zeros(3, 8), ENOUGH)
                .unwrap();
        let right = clouds.iter().filter(|(x, class)| {
            let p = found.probabilities(x, 1.0);
            p.iter().all(|other| *other <= p[*class])
        });
        assert!(right.count() > 140);
    }

    #[test]
    fn a_scaling_fits_and_predicts_as_standardised_copies_do() {
        let clouds = clouds(150, 9);
        // The last value is left out.
        let values: Vec<(f64, f64)> =
            (0..9).map(|i| (0.1 * i as f64 - 0.3, if i == 8 { 0.0 } else { 0.5 + 0.25 * i as f64 })).collect();
        let scaling = Scaling { values };
        let scaled = |x: &[f32]| -> Vec<f32> {
            x.iter().zip(&scaling.values).map(|(x, (mean, scale))| ((f64::from(*x) - mean) * scale) as f32).collect()
        };
        let copies: Vec<(Vec<f32>, usize)> = clouds.iter().map(|(x, class)| (scaled(x), *class)).collect();
        let (centre, start) = (Centre::origin(3, 9), Weights::zeros(3, 9));
        let shared = fit(&examples(&clouds), &scaling, &centre, 1.0, &start, ENOUGH).unwrap();
        let copied = fit(&examples(&copies), &Scaling::none(9), &centre, 1.0, &start, ENOUGH).unwrap();
        assert!(shared.rows.iter().zip(&copied.rows).all(|(a, b)| (a - b).abs() < 1e-4));
        assert!(shared.rows().all(|row| row[8] == 0.0));
        let x: Vec<&[f32]> = clouds.iter().map(|(x, _)| &x[..]).collect();
        let found = shared.all_probabilities(&x, &scaling);
        let expected: Vec<f64> = copies.iter().flat_map(|(x, _)| shared.probabilities(x, 1.0)).collect();
        assert_eq!(found.len(), expected.len());
        assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5));
    }

    #[test]
    fn without_other_windows_the_minimum_around_a_head_is_that_head() {
        let clouds = clouds(600, 8);
        let all = examples(&clouds);
        let head = fit(&all, &Scaling::none(8), &Centre::origin(3, 8), 1.0, &Weights::zeros(3, 8), ENOUGH).unwrap();
        // A tenth of the windows, each for ten: fitted alone they would lead elsewhere.
        let sample: Vec<_> = all.iter().step_by(10).map(|example| Example { weight: 10.0, ..*example }).collect();
        let slope = cross_entropies(&sample, &head).1;
        let far = |found: &Weights| found.rows.iter().zip(&head.rows).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        let centre = Centre { weights: head.clone(), slope };
        let start = Weights::zeros(3, 8);
        let around = fit(&sample, &Scaling::none(8), &centre, 1.0, &start, ENOUGH).unwrap();
        let alone = fit(&sample, &Scaling::none(8), &Centre::origin(3, 8), 1.0, &start, ENOUGH).unwrap();
        assert!(far(&around) < 0.05 && far(&alone) > 0.1, "{} {}", far(&around), far(&alone));
    }
}
