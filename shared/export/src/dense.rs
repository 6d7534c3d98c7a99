//! One layer of a trained head.

use ndarray::Array2;

/// A fully connected layer: `y = x * weights^T + bias`, then ReLU if asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Dense {
    /// Weights `[outputs x inputs]`, the layout of TFLite's FULLY_CONNECTED.
    pub weights: Array2<f32>,
    /// One bias per output.
    pub bias: Vec<f32>,
    /// Whether ReLU follows. The last layer of a head has no ReLU; the softmax follows it.
    pub relu: bool,
}

impl Dense {
    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.weights.ncols()
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.weights.nrows()
    }
}
