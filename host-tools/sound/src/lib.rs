//! What synthetic recordings and changed copies of real ones share: seeded random numbers, filters, timelines of labels.
//!
//! The same seed gives the same bits on every platform: integers from a fixed generator, `libm`, sums in one order.
#![forbid(unsafe_code)]

pub mod filters;
pub mod rng;
pub mod timeline;
