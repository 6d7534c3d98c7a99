//! From probabilities to a state: smoothing, hysteresis, dwell, unknown.
