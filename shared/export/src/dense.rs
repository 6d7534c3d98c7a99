//! One layer of a head, as training makes it and export writes it.

use ndarray::Array2;

/// A fully connected layer: `y = x * weights^T + bias`, then ReLU if asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Dense {
    /// `[outputs x inputs]`, the layout that TFLite's FULLY_CONNECTED reads.
    pub weights: Array2<f32>,
    /// One per output.
    pub bias: Vec<f32>,
    /// Whether max(y, 0) follows; the last layer of a head has none, softmax comes after it.
    pub relu: bool,
}

impl Dense {
    /// Values it takes.
    pub fn inputs(&self) -> usize {
        self.weights.ncols()
    }

    /// Values it gives.
    pub fn outputs(&self) -> usize {
        self.weights.nrows()
    }
}
