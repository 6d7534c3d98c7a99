//! A principal-component space of normal windows and the distance to the nearest cluster of them.

use super::{Interval, SPANS};
use crate::head::dot;
use monitor_tflite::Scalars;

/// Most components of a space.
pub const MAX_COMPONENTS: usize = 64;

/// One detector's tables, borrowed from the file.
#[derive(Debug, Clone, Copy)]
pub struct SubspaceDetector<'m> {
    /// Mean of ln d over normal windows that were not in the fit.
    pub location: f32,
    /// Standard deviation of the same; above 0.
    pub scale: f32,
    /// Levels of the mean z-score over each span.
    pub intervals: [Interval; SPANS],
    /// Weight of the squared residual; 0 if the residual is not used.
    pub residual: f32,
    /// Rows of the projection, standardisation folded in: `[components x values]`.
    pub projection: Scalars<'m, f32>,
    /// Projected mean of each cluster of normal windows, one or more for each normal class: `[clusters x components]`.
    pub means: Scalars<'m, f32>,
    /// One over the variance along each component.
    pub precisions: Scalars<'m, f32>,
    /// One over the standard deviation of each value; empty if the residual is not used.
    pub inverse_deviations: Scalars<'m, f32>,
    /// Mean of each cluster: `[clusters x values]`; empty if the residual is not used.
    pub centres: Scalars<'m, f32>,
}

impl SubspaceDetector<'_> {
    /// Number of components.
    pub fn components(&self) -> usize {
        self.precisions.len()
    }

    /// Number of clusters.
    pub fn clusters(&self) -> usize {
        self.means.len().checked_div(self.components()).unwrap_or(0)
    }

    /// ln of the distance of `x` to the nearest cluster, in deviations of unseen normal windows.
    pub fn z_score(&self, x: &[f32]) -> f32 {
        (self.ln_distance(x) - self.location) / self.scale
    }

    /// ln of the distance of `x` to the nearest cluster.
    pub fn ln_distance(&self, x: &[f32]) -> f32 {
        // The logarithm of 0 is not finite.
        libm::logf(libm::fmaxf(self.distance(x), 1e-6))
    }

    /// Distance of `x` to the nearest cluster, 0 and up.
    pub fn distance(&self, x: &[f32]) -> f32 {
        self.nearest(x).1
    }

    /// Projects `x` onto each component; values beyond [`components`](Self::components) are 0.
    pub fn project(&self, x: &[f32]) -> [f32; MAX_COMPONENTS] {
        let mut projected = [0.0; MAX_COMPONENTS];
        for (out, row) in projected.iter_mut().zip(self.projection.raw().chunks_exact(4 * x.len().max(1))) {
            *out = dot(row, x);
        }
        projected
    }

    /// The nearest cluster to `x`, and its distance, 0 and up.
    pub fn nearest(&self, x: &[f32]) -> (usize, f32) {
        let components = self.components().min(MAX_COMPONENTS);
        let projected = self.project(x);
        let mut nearest = (0, f32::INFINITY);
        for (cluster, mean) in self.means.raw().chunks_exact(4 * components.max(1)).enumerate() {
            let (mut within, mut along) = (0.0, 0.0);
            let parts = projected[..components].iter().zip(Scalars::<f32>::new(mean).iter());
            for ((value, mean), precision) in parts.zip(self.precisions.iter()) {
                let off = (value - mean) * (value - mean);
                within += off * precision;
                along += off;
            }
            let outside = if self.residual > 0.0 { libm::fmaxf(self.squared(x, cluster) - along, 0.0) } else { 0.0 };
            let squared = within + self.residual * outside;
            if squared < nearest.1 {
                nearest = (cluster, squared);
            }
        }
        (nearest.0, libm::sqrtf(nearest.1))
    }

    /// Squared standardised distance of `x` from the mean of `cluster`.
    fn squared(&self, x: &[f32], cluster: usize) -> f32 {
        let centre = self.centres.raw().chunks_exact(4 * x.len().max(1)).nth(cluster).unwrap_or_default();
        let values = x.iter().zip(Scalars::<f32>::new(centre).iter()).zip(self.inverse_deviations.iter());
        values.map(|((value, centre), scale)| (value - centre) * scale).map(|off| off * off).sum()
    }
}
