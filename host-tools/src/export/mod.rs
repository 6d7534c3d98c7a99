//! Writes trained heads as TFLite files.

mod dense;

pub use dense::Dense;
