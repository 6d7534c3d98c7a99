//! The int8 network engine, bit-identical to TFLite's reference kernels.
