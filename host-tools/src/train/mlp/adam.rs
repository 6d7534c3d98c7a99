//! Adam (Kingma and Ba, "Adam: a method for stochastic optimization", algorithm 1) with Keras's defaults.

use super::Network;

const LEARNING_RATE: f32 = 0.001;
const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
const EPSILON: f32 = 1e-7;

/// Running moments of the gradient by each weight.
pub(super) struct Adam {
    first: Network<f32>,
    second: Network<f32>,
    steps: i32,
}

impl Adam {
    /// Moments of zero for every weight of `network`.
    pub(super) fn new(network: &Network<f32>) -> Self {
        Self { first: network.zeros_like(), second: network.zeros_like(), steps: 0 }
    }

    /// Updates every weight against its gradient.
    pub(super) fn step(&mut self, network: &mut Network<f32>, gradients: &Network<f32>) {
        self.steps = self.steps.saturating_add(1);
        // Both bias corrections in one factor, as at the end of section 2 of the paper and in Keras.
        let rate = LEARNING_RATE * (1.0 - BETA_2.powi(self.steps)).sqrt() / (1.0 - BETA_1.powi(self.steps));
        let moments = self.first.parts_mut().into_iter().zip(self.second.parts_mut());
        for ((weights, gradients), (first, second)) in
            network.parts_mut().into_iter().zip(gradients.parts()).zip(moments)
        {
            assert_eq!(weights.len(), gradients.len(), "a gradient belongs to each weight");
            for (((weight, gradient), first), second) in weights.iter_mut().zip(gradients).zip(first).zip(second) {
                *first += (gradient - *first) * (1.0 - BETA_1);
                *second += (gradient * gradient - *second) * (1.0 - BETA_2);
                *weight -= rate * *first / (second.sqrt() + EPSILON);
            }
        }
    }
}
