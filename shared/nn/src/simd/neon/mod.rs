//! NEON, for 64-bit Arm processors.
//!
//! Bytes are signed, because NEON has no product of unsigned and signed bytes. [`plain`] is for processors without dot
//! products, such as the Raspberry Pi 3 and 4; [`dotprod`] for those with them, such as the Raspberry Pi 5; [`i8mm`] for those with
//! matrix products, such as Graviton 3. All use [`requantise`].

mod dotprod;
mod i8mm;
mod plain;
mod requantise;

pub(super) use dotprod::NeonDotprod;
pub(super) use i8mm::NeonI8mm;
pub(super) use plain::Neon;

/// Eight sums, in two vectors.
type Sum = [core::arch::aarch64::int32x4_t; 2];
