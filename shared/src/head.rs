//! The float classification head: features in, class probabilities out.
