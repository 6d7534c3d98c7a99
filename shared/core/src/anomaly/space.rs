//! A principal-component space of normal windows and the distance to the nearest cluster of them.

use super::{Interval, SPANS};
use crate::head::dot;
use monitor_tflite::Scalars;

/// Most components of a space.
pub const MAX_COMPONENTS: usize = 64;

/// Numbers of a state before its mean: location and scale.
const STATE_HEAD: usize = 2;

/// Numbers of a state in a space with `components` components.
pub(super) const fn state_len(components: usize) -> usize {
    STATE_HEAD + components
}

/// One detector's tables, borrowed from the file.
#[derive(Debug, Clone, Copy)]
pub struct SubspaceDetector<'m> {
    /// Mean of ln d over normal windows that were not in the fit.
    pub location: f32,
    /// Standard deviation of the same; above 0.
    pub scale: f32,
    /// States of normal sound that have a location and a scale of their own, in place of those above: `[states x (location, scale,
    /// projected mean)]`; empty where all sound has the same.
    pub states: Scalars<'m, f32>,
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

    /// Number of states.
    pub fn states(&self) -> usize {
        self.states.len() / state_len(self.components())
    }

    /// ln of the distance of `x` to the nearest cluster, in deviations of unseen normal windows of the nearest state.
    pub fn z_score(&self, x: &[f32]) -> f32 {
        let (ln, state) = self.ln_and_state(x);
        let at = state * state_len(self.components());
        let own = self.states.get(at).zip(self.states.get(at + 1));
        let (location, scale) = own.unwrap_or((self.location, self.scale));
        (ln - location) / scale
    }

    /// ln of the distance of `x` to the nearest cluster, and the number of the state whose mean is nearest along the components, 0
    /// without states.
    pub fn ln_and_state(&self, x: &[f32]) -> (f32, usize) {
        let projected = self.project(x);
        // The logarithm of 0 is not finite.
        let ln = libm::logf(libm::fmaxf(self.nearest_of(x, &projected).1, 1e-6));
        (ln, self.state_of(&projected))
    }

    /// The number of the state whose mean is nearest to that of a cluster, 0 without states.
    pub fn state_of_cluster(&self, cluster: usize) -> usize {
        let mut mean = [0.0; MAX_COMPONENTS];
        let means = self.means.iter().skip(cluster * self.components()).take(self.components());
        mean.iter_mut().zip(means).for_each(|(to, value)| *to = value);
        self.state_of(&mean)
    }

    /// The number of the state nearest to a projected window, the first of equals.
    fn state_of(&self, projected: &[f32; MAX_COMPONENTS]) -> usize {
        let mut nearest = (0, f32::INFINITY);
        for (number, state) in self.states.raw().chunks_exact(4 * state_len(self.components())).enumerate() {
            let mut squared = 0.0;
            let means = Scalars::<f32>::new(state).iter().skip(STATE_HEAD);
            for ((value, mean), precision) in projected.iter().zip(means).zip(self.precisions.iter()) {
                squared += (value - mean) * (value - mean) * precision;
            }
            if squared < nearest.1 {
                nearest = (number, squared);
            }
        }
        nearest.0
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
        self.nearest_of(x, &self.project(x))
    }

    /// The same of a window that is projected already.
    fn nearest_of(&self, x: &[f32], projected: &[f32; MAX_COMPONENTS]) -> (usize, f32) {
        let components = self.components().min(MAX_COMPONENTS);
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
