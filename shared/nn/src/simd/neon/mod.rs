//! NEON: every 64-bit Arm processor.
//!
//! Bytes are signed here (there is no unsigned by signed product). [`plain`] is for processors without dot products, such as
//! the Raspberry Pi 3 and 4, [`dotprod`] for those with them, such as the Raspberry Pi 5; [`requantise`] is what they share.

mod dotprod;
mod plain;
mod requantise;

pub use dotprod::NeonDotprod;
pub use plain::Neon;

/// Eight sums are two vectors.
type Sum = [core::arch::aarch64::int32x4_t; 2];
