//! t-SNE: neighbours stay neighbours; distances between groups mean little.
//!
//! The exact algorithm. The approximation by Barnes and Hut in the same crate sums in the order of threads, so two runs
//! differ.
//! Cost: windows squared times [`STEPS`] on one core: 56 s of processor time for 2000 windows on an x86-64 virtual machine.

use anyhow::anyhow;
use linfa::traits::Transformer;
use linfa_tsne::TSneParams;
use ndarray::{Array2, ArrayView2};
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

/// Steps of the descent.
const STEPS: usize = 500;
/// Effective number of neighbours, if there are enough windows: the usual choice, and that of the original system.
const PERPLEXITY: f64 = 30.0;
/// Minimum number of windows.
const FEWEST: usize = 10;

/// Windows in the plane.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tsne {
    /// One row per window.
    pub points: Array2<f64>,
    /// Perplexity used; smaller for few windows.
    pub perplexity: f64,
}

/// Embeds `x` [windows x features] in the plane; `seed` determines the initial positions.
///
/// # Errors
/// With fewer than [`FEWEST`] windows or 2 features, or when all windows are equal.
pub(crate) fn tsne(x: ArrayView2<'_, f64>, seed: u64) -> anyhow::Result<Tsne> {
    let (windows, features) = x.dim();
    anyhow::ensure!(
        windows >= FEWEST && features >= 2,
        "t-SNE needs {FEWEST} windows and 2 features that vary; there are {windows} and {features}"
    );
    let first = x.row(0);
    anyhow::ensure!(x.rows().into_iter().any(|row| row != first), "all windows are equal, so there is nothing to draw");
    let perplexity = PERPLEXITY.min((windows - 1) as f64 / 3.0);
    let points = TSneParams::embedding_size_with_rng(2, Xoshiro256PlusPlus::seed_from_u64(seed))
        .perplexity(perplexity)
        // 0 selects the exact algorithm.
        .approx_threshold(0.0)
        .max_iter(STEPS)
        .transform(x.as_standard_layout().to_owned())
        .map_err(|error| anyhow!("t-SNE cannot be computed: {error}"))?;
    anyhow::ensure!(points.iter().all(|v| v.is_finite()), "t-SNE did not converge");
    Ok(Tsne { points, perplexity })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::projection::silhouette;

    /// Two balls of 30 windows.
    fn balls() -> (Array2<f64>, Vec<usize>) {
        let labels: Vec<usize> = (0..60).map(|i| i % 2).collect();
        let x = Array2::from_shape_fn((60, 8), |(window, feature)| {
            let noise = ((window * 31 + feature * 17) % 23) as f64 / 23.0;
            labels[window] as f64 * 4.0 + noise
        });
        (x, labels)
    }

    #[test]
    fn separate_classes_stay_separate() {
        let (x, labels) = balls();
        let picture = tsne(x.view(), 1).unwrap();
        assert!(silhouette(picture.points.view(), &labels).unwrap() > 0.6);
    }

    #[test]
    fn the_same_seed_gives_the_same_points() {
        let (x, _) = balls();
        assert_eq!(tsne(x.view(), 1).unwrap(), tsne(x.view(), 1).unwrap());
        assert_ne!(tsne(x.view(), 1).unwrap(), tsne(x.view(), 2).unwrap());
    }

    #[test]
    fn too_few_windows_are_refused() {
        assert!(tsne(Array2::zeros((30, 4)).view(), 1).is_err());
        assert!(tsne(balls().0.view().split_at(ndarray::Axis(0), 9).0, 1).is_err());
    }
}
