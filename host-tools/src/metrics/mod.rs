//! Figures about predictions: confusion matrix, precision, recall, F1.
