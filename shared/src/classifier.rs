//! A loaded model: one log-mel window in, features and probabilities out.
