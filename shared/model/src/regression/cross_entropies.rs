//! The cross-entropies of windows and their gradient, in one pass over the windows, and the probabilities of windows.
//!
//! Four windows at a time, so that weights and gradient are read once for four; their logits are used while they are in the
//! cache. Sums over features are in f32 and in lanes, which the processor adds side by side; sums over windows go into f64 after
//! [`BLOCK`] of them. On standardised features the error of a logit is about 1e-6 of its size.

use super::{Weights, softmax};
use monitor_nn::{Work, in_wide_vectors};

/// Lanes of a sum over features: enough that no addition waits for the one before.
const LANES: usize = 16;
/// Windows that are computed together.
const ABREAST: usize = 4;
/// Windows whose gradients are added in f32.
const BLOCK: usize = 64;

/// A window to fit.
#[derive(Debug, Clone, Copy)]
pub struct Example<'a> {
    /// Standardised features, or what a [`super::Scaling`] makes them of.
    pub x: &'a [f32],
    /// Its class.
    pub class: usize,
    /// Its weight in the loss.
    pub weight: f64,
}

/// Sum of the weighted cross-entropies of `examples` at `weights`, and its gradient.
pub fn cross_entropies(examples: &[Example<'_>], weights: &Weights) -> (f64, Weights) {
    let mut gradient = Weights::zeros(weights.classes(), weights.features);
    let value = at(examples, &weights.rows, weights.features, &mut gradient.rows);
    (value, gradient)
}

/// The same for `rows` [classes x (features + 1)]; writes the gradient. Values of a window beyond `features` are not read; one
/// of fewer counts as zeros.
pub(super) fn at(examples: &[Example<'_>], rows: &[f64], features: usize, gradient: &mut [f64]) -> f64 {
    in_wide_vectors(At { examples, rows, features, gradient })
}

struct At<'a> {
    examples: &'a [Example<'a>],
    rows: &'a [f64],
    features: usize,
    gradient: &'a mut [f64],
}

impl Work for At<'_> {
    type Output = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        sums(self.examples, self.rows, self.features, self.gradient)
    }
}

#[inline(always)]
fn sums(examples: &[Example<'_>], rows: &[f64], features: usize, gradient: &mut [f64]) -> f64 {
    gradient.fill(0.0);
    let classes = rows.len() / (features + 1);
    let narrow = narrow(rows, features);
    let nothing = vec![0.0; features];
    let mut block = vec![0.0; narrow.len()];
    let mut logits = vec![0.0; classes.max(1) * ABREAST];
    let mut factors = vec![[0.0; ABREAST]; classes];
    let mut value = 0.0;
    for examples in examples.chunks(BLOCK) {
        block.fill(0.0);
        for four in examples.chunks(ABREAST) {
            let x: [&[f32]; ABREAST] = std::array::from_fn(|place| {
                four.get(place).and_then(|example| example.x.get(..features)).unwrap_or(&nothing)
            });
            for (class, row) in rows.chunks_exact(features + 1).enumerate() {
                let sums = products(&narrow[class * features..][..features], x);
                for (place, sum) in sums.into_iter().enumerate() {
                    logits[place * classes + class] = f64::from(sum) + row[features];
                }
            }
            factors.fill([0.0; ABREAST]);
            for (place, (example, p)) in four.iter().zip(logits.chunks_exact_mut(classes.max(1))).enumerate() {
                let own = p.get(example.class).copied().unwrap_or_default();
                value += example.weight * (softmax(p) - own);
                for (class, (p, factors)) in p.iter().zip(&mut factors).enumerate() {
                    let factor = example.weight * (p - f64::from(u8::from(class == example.class)));
                    factors[place] = factor as f32;
                    gradient[class * (features + 1) + features] += factor;
                }
            }
            for (sums, factors) in block.chunks_exact_mut(features.max(1)).zip(&factors) {
                add(sums, *factors, x);
            }
        }
        let sums = block.chunks_exact(features.max(1));
        for (row, sums) in gradient.chunks_exact_mut(features + 1).zip(sums) {
            row.iter_mut().zip(sums).for_each(|(to, sum)| *to += f64::from(*sum));
        }
    }
    value
}

/// Probabilities of the windows `x` at `rows` [classes x (features + 1)], window by window. Values of a window beyond `features`
/// are not read; one of fewer counts as zeros.
pub(super) fn probabilities(x: &[&[f32]], rows: &[f64], features: usize) -> Vec<f64> {
    in_wide_vectors(Probabilities { x, rows, features })
}

struct Probabilities<'a> {
    x: &'a [&'a [f32]],
    rows: &'a [f64],
    features: usize,
}

impl Work for Probabilities<'_> {
    type Output = Vec<f64>;

    #[inline(always)]
    fn run(self) -> Vec<f64> {
        all_probabilities(self.x, self.rows, self.features)
    }
}

#[inline(always)]
fn all_probabilities(x: &[&[f32]], rows: &[f64], features: usize) -> Vec<f64> {
    let classes = rows.len() / (features + 1);
    let narrow = narrow(rows, features);
    let nothing = vec![0.0; features];
    let mut found = vec![0.0; x.len() * classes];
    for (four, found) in x.chunks(ABREAST).zip(found.chunks_mut(classes.max(1) * ABREAST)) {
        let x = std::array::from_fn(|place| four.get(place).and_then(|x| x.get(..features)).unwrap_or(&nothing));
        for (class, row) in rows.chunks_exact(features + 1).enumerate() {
            let sums = products(&narrow[class * features..][..features], x);
            for (to, sum) in found.iter_mut().skip(class).step_by(classes).zip(sums) {
                *to = f64::from(sum) + row[features];
            }
        }
        found.chunks_exact_mut(classes.max(1)).for_each(|window| {
            softmax(window);
        });
    }
    found
}

/// The weights of `rows` [classes x (features + 1)] without the biases.
fn narrow(rows: &[f64], features: usize) -> Vec<f32> {
    rows.chunks_exact(features + 1).flat_map(|row| &row[..features]).map(|weight| *weight as f32).collect()
}

/// The sum of products of `row` with each of `x`.
#[inline(always)]
fn products(row: &[f32], x: [&[f32]; ABREAST]) -> [f32; ABREAST] {
    // Arrays of their own, without an index that is not constant, stay in registers.
    let (mut p, mut q, mut r, mut s) = ([0.0; LANES], [0.0; LANES], [0.0; LANES], [0.0; LANES]);
    let [a, b, c, d] = x.map(|x| x.as_chunks::<LANES>().0);
    for ((((row, a), b), c), d) in row.as_chunks::<LANES>().0.iter().zip(a).zip(b).zip(c).zip(d) {
        for lane in 0..LANES {
            p[lane] += row[lane] * a[lane];
            q[lane] += row[lane] * b[lane];
            r[lane] += row[lane] * c[lane];
            s[lane] += row[lane] * d[lane];
        }
    }
    let rest = |x: &[f32]| -> f32 {
        let (row, x) = (row.as_chunks::<LANES>().1, x.as_chunks::<LANES>().1);
        row.iter().zip(x).map(|(weight, value)| weight * value).sum()
    };
    let total = |lanes: [f32; LANES], x: &[f32]| lanes.iter().sum::<f32>() + rest(x);
    [total(p, x[0]), total(q, x[1]), total(r, x[2]), total(s, x[3])]
}

/// Adds each of `x`, times its factor, to `sums`.
#[inline(always)]
fn add(sums: &mut [f32], factors: [f32; ABREAST], x: [&[f32]; ABREAST]) {
    let [a, b, c, d] = x;
    for ((((sum, a), b), c), d) in sums.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        *sum += factors[0] * a + factors[1] * b + factors[2] * c + factors[3] * d;
    }
}
