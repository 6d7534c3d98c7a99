//! Mean and deviation over time of each log-mel band.
