//! The carried sample in standardised features, and the model's head among them.

use monitor_core::head::Head;
use monitor_core::training_sample::{SampleWindow, TrainingSample};

use crate::regression::{Centre, Example, Weights, cross_entropies};

/// A window of the sample.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// Standardised features.
    pub(super) x: Vec<f32>,
    /// Its class.
    pub(super) class: usize,
}

/// What a refit starts from.
#[derive(Debug)]
pub(super) struct Base<'m> {
    pub(super) sample: TrainingSample<'m>,
    /// Windows to fit.
    pub(super) fit: Vec<Row>,
    /// Windows to validate by.
    pub(super) validate: Vec<Row>,
    /// Places of the features that vary.
    places: Vec<usize>,
    means: Vec<f64>,
    scales: Vec<f64>,
}

impl<'m> Base<'m> {
    /// Unpacks the sample.
    pub(super) fn new(sample: TrainingSample<'m>) -> Self {
        let row = |window: SampleWindow<'_>| Row {
            x: window.values.iter().map(|byte| f32::from(byte.cast_signed()) * sample.step).collect(),
            class: window.class.into(),
        };
        Self {
            fit: sample.to_fit().map(row).collect(),
            validate: sample.to_validate().map(row).collect(),
            places: sample.places().collect(),
            means: sample.means.iter().map(f64::from).collect(),
            scales: sample.scales.iter().map(f64::from).collect(),
            sample,
        }
    }

    /// Number of features that vary.
    pub(super) fn values(&self) -> usize {
        self.places.len()
    }

    /// Standardises the features of a window.
    pub(super) fn standardised(&self, features: &[f32]) -> Vec<f32> {
        let constants = self.places.iter().zip(&self.means).zip(&self.scales);
        constants
            .map(|((place, mean), scale)| {
                let value = features.get(*place).map_or(*mean, |value| f64::from(*value));
                ((value - mean) * scale) as f32
            })
            .collect()
    }

    /// The features of a standardised window; those that do not vary, which no head reads, are 0.
    pub(super) fn features(&self, x: &[f32]) -> Vec<f32> {
        let mut features = vec![0.0; self.sample.kind.len()];
        for (((place, mean), scale), x) in self.places.iter().zip(&self.means).zip(&self.scales).zip(x) {
            if let Some(feature) = features.get_mut(*place) {
                *feature = (mean + f64::from(*x) / scale) as f32;
            }
        }
        features
    }

    /// The model's linear head for standardised features, without its temperature, and the slope of the sample there. For a head
    /// of several layers, which is not the minimum of this objective, the `origin` remains; classes that the head does not have
    /// keep zeros.
    pub(super) fn centre(&self, head: &Head<'_>, origin: Centre, examples: &[Example<'_>]) -> Centre {
        let [layer] = head.layers() else { return origin };
        if !self.sample.flags.linear {
            return origin;
        }
        let temperature = f64::from(self.sample.temperature);
        let mut own = Weights::zeros(head.classes(), self.values());
        for (class, row) in own.rows_mut().enumerate() {
            let mut bias = f64::from(layer.bias.get(class).unwrap_or_default());
            let constants = self.places.iter().zip(&self.means).zip(&self.scales);
            for (to, ((place, mean), scale)) in row.iter_mut().zip(constants) {
                let weight = f64::from(layer.weights.get(class * layer.inputs() + place).unwrap_or_default());
                bias += weight * mean;
                *to = temperature * weight / scale;
            }
            if let Some(last) = row.last_mut() {
                *last = temperature * bias;
            }
        }
        let slope = cross_entropies(examples, &own).1;
        let Centre { mut weights, slope: mut all } = origin;
        weights.rows_mut().zip(own.rows()).for_each(|(to, from)| to.copy_from_slice(from));
        all.rows_mut().zip(slope.rows()).for_each(|(to, from)| to.copy_from_slice(from));
        Centre { weights, slope: all }
    }

    /// The layer for features as they are, with the temperature in it: weights `[classes x features]` and biases.
    pub(super) fn folded(&self, weights: &Weights) -> (Vec<f32>, Vec<f32>) {
        let len = self.sample.kind.len();
        let temperature = f64::from(self.sample.temperature);
        let mut folded = vec![0.0; weights.classes() * len];
        let mut biases = Vec::with_capacity(weights.classes());
        for (row, out) in weights.rows().zip(folded.chunks_exact_mut(len)) {
            let mut bias = row.last().copied().unwrap_or_default();
            let constants = self.places.iter().zip(&self.means).zip(&self.scales);
            for (weight, ((place, mean), scale)) in row.iter().zip(constants) {
                bias -= weight * scale * mean;
                if let Some(out) = out.get_mut(*place) {
                    *out = (weight * scale / temperature) as f32;
                }
            }
            biases.push((bias / temperature) as f32);
        }
        (folded, biases)
    }
}
