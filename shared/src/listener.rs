//! The whole chain: samples in, verdicts out.
