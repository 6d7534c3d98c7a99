//! SIMD kernels: the only unsafe code of the signal chain.
//!
//! [`vectors`] defines the operations of an instruction set, [`generic`] holds the kernels written in terms of them, and one
//! file per instruction set instantiates them. [`Kernels`] is the safe interface: it can be created only if the processor
//! has the instructions, for a plan and packed memory that [`verified`] has checked.
#![allow(unsafe_code, reason = "vector instructions work on raw pointers; `verified` checks every access beforehand")]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512vnni;
#[cfg(target_arch = "x86_64")]
mod avxvnni;
mod block;
mod generic;
#[cfg(target_arch = "aarch64")]
mod neon;
mod roots;
mod scalar;
mod vectors;
mod verified;
mod wide;

pub use block::Block;
pub use roots::square_roots;
pub use wide::{Work, in_wide_vectors};

use core::ops::Range;

use super::body::Body;
use super::error::Error;
use super::layout::{Layout, Task};
use super::plan::{KernelInfo, Plan};
use verified::Verified;

/// Evaluates an expression with `$vectors` as the type of an [`Isa`].
///
/// An `Isa` of another architecture is never available, so its kernels never run; the portable type is substituted.
macro_rules! dispatch {
    ($isa:expr, $vectors:ident => $body:expr) => {
        match $isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512Vnni => {
                type $vectors = avx512vnni::Avx512Vnni<0>;
                $body
            }
            #[cfg(target_arch = "x86_64")]
            Isa::AvxVnni => {
                type $vectors = avxvnni::AvxVnni<false>;
                $body
            }
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => {
                type $vectors = avx2::Avx2<false>;
                $body
            }
            #[cfg(target_arch = "aarch64")]
            Isa::Neon => {
                type $vectors = neon::Neon;
                $body
            }
            #[cfg(target_arch = "aarch64")]
            Isa::NeonI8mm => {
                type $vectors = neon::NeonI8mm;
                $body
            }
            #[cfg(target_arch = "aarch64")]
            Isa::NeonDotprod => {
                type $vectors = neon::NeonDotprod;
                $body
            }
            _ => {
                type $vectors = scalar::Scalar;
                $body
            }
        }
    };
}

/// Instruction set of the kernels. Results do not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// Portable code.
    Scalar,
    /// 256-bit vectors of x86-64, with fused multiply-add.
    Avx2,
    /// 256-bit integer vectors of x86-64 with dot products of bytes.
    AvxVnni,
    /// 512-bit vectors of x86-64 with dot products of bytes.
    Avx512Vnni,
    /// 128-bit vectors of 64-bit Arm.
    Neon,
    /// 128-bit vectors of 64-bit Arm with dot products of bytes.
    NeonDotprod,
    /// 128-bit vectors of 64-bit Arm with matrix products of bytes.
    NeonI8mm,
}

impl Isa {
    /// All instruction sets, fastest first.
    pub const ALL: [Self; 7] =
        [Self::Avx512Vnni, Self::AvxVnni, Self::Avx2, Self::NeonI8mm, Self::NeonDotprod, Self::Neon, Self::Scalar];

    /// Returns the fastest instruction set that [`is_available`](Self::is_available).
    pub fn best() -> Self {
        Self::ALL.into_iter().find(|isa| isa.is_available()).unwrap_or(Self::Scalar)
    }

    /// Returns whether this processor supports the instruction set. With the feature `std` the processor is queried; otherwise
    /// only instructions enabled at compile time (`-C target-feature`) are available.
    pub fn is_available(self) -> bool {
        #[cfg(all(target_arch = "x86_64", any(feature = "std", test)))]
        let avx2 = std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma");
        #[cfg(all(target_arch = "x86_64", any(feature = "std", test)))]
        let vnni = std::arch::is_x86_feature_detected!("avx512f")
            && std::arch::is_x86_feature_detected!("avx512bw")
            && std::arch::is_x86_feature_detected!("avx512vnni");
        #[cfg(all(target_arch = "x86_64", any(feature = "std", test)))]
        let avx_vnni = std::arch::is_x86_feature_detected!("avxvnni");
        #[cfg(not(all(target_arch = "x86_64", any(feature = "std", test))))]
        let avx_vnni = cfg!(all(target_arch = "x86_64", target_feature = "avxvnni"));
        #[cfg(not(all(target_arch = "x86_64", any(feature = "std", test))))]
        let avx2 = cfg!(all(target_arch = "x86_64", target_feature = "avx2", target_feature = "fma"));
        #[cfg(not(all(target_arch = "x86_64", any(feature = "std", test))))]
        let vnni = cfg!(all(
            target_arch = "x86_64",
            target_feature = "avx512f",
            target_feature = "avx512bw",
            target_feature = "avx512vnni"
        ));
        #[cfg(all(target_arch = "aarch64", any(feature = "std", test)))]
        let dotprod = std::arch::is_aarch64_feature_detected!("dotprod");
        #[cfg(not(all(target_arch = "aarch64", any(feature = "std", test))))]
        let dotprod = cfg!(all(target_arch = "aarch64", target_feature = "dotprod"));
        #[cfg(all(target_arch = "aarch64", any(feature = "std", test)))]
        let i8mm = std::arch::is_aarch64_feature_detected!("i8mm");
        #[cfg(not(all(target_arch = "aarch64", any(feature = "std", test))))]
        let i8mm = cfg!(all(target_arch = "aarch64", target_feature = "i8mm"));
        let neon = cfg!(all(target_arch = "aarch64", target_endian = "little", target_feature = "neon"));
        match self {
            Self::Scalar => true,
            Self::Avx2 => avx2,
            Self::AvxVnni => avx2 && avx_vnni,
            Self::Avx512Vnni => avx2 && vnni,
            Self::Neon => neon,
            Self::NeonDotprod => neon && dotprod,
            Self::NeonI8mm => neon && dotprod && i8mm,
        }
    }

    /// Returns the name used in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
            Self::AvxVnni => "avx_vnni",
            Self::Avx512Vnni => "avx512_vnni",
            Self::Neon => "neon",
            Self::NeonDotprod => "neon_dotprod",
            Self::NeonI8mm => "neon_i8mm",
        }
    }

    /// Returns the value that is XORed with an int8 value to store it: 0x80 or 0.
    pub(crate) fn flip(self) -> u8 {
        dispatch!(self, V => V::FLIP)
    }

    /// Computes the plan of `body` for these kernels.
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`] if channels are not multiples of 16.
    pub(crate) fn plan(self, body: &Body) -> Result<Plan, Error> {
        let info = dispatch!(self, V => KernelInfo {
            rows: V::ROWS,
            rows_of_few_inputs: V::ROWS_OF_FEW_INPUTS,
            step: V::STEP,
            width: V::WIDTH,
            taps_len: V::TAPS_LEN,
            lanes: [V::LANES, V::BLOCK],
            constants_len: V::CONSTANTS_LEN,
        });
        Plan::new(body, &info)
    }

    /// Runs `task` with the layout of these kernels, on any processor.
    pub(crate) fn run<T: Task>(self, task: T) -> T::Output {
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `is_available` has confirmed AVX2.
            Self::Avx2 if self.is_available() => unsafe { avx2::run::<avx2::Avx2<false>, T>(task) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as before; the instruction set contains AVX2.
            Self::AvxVnni if self.is_available() => unsafe { avx2::run::<avxvnni::AvxVnni<false>, T>(task) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as before; the instruction set contains AVX2.
            Self::Avx512Vnni if self.is_available() => unsafe { avx2::run::<avx512vnni::Avx512Vnni<0>, T>(task) },
            _ => dispatch!(self, V => task.run::<V>()),
        }
    }

    /// As [`run`](Self::run), in vectors of 512 bits where the instruction set has them: faster for long loops, slower for short ones.
    pub(crate) fn run_in_full_width<T: Task>(self, task: T) -> T::Output {
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `is_available` has confirmed AVX-512.
            Self::Avx512Vnni if self.is_available() => unsafe { avx512vnni::run(task) },
            _ => self.run(task),
        }
    }
}

/// A network's matrix products and depthwise convolutions on verified packed memory.
#[derive(Clone, Debug)]
pub(crate) struct Kernels<'m> {
    isa: Isa,
    verified: Verified<'m>,
}

impl<'m> Kernels<'m> {
    /// Creates kernels on memory that `dispatch::pack` has filled by the same plan. Any other content gives wrong results or an
    /// error, but no undefined behaviour.
    ///
    /// # Errors
    /// [`Error::Isa`] if the processor lacks the instructions; [`Error::Memory`] if the packed memory does not match the plan.
    pub(crate) fn new(isa: Isa, plan: Plan, packed: &'m [Block]) -> Result<Self, Error> {
        if !isa.is_available() {
            return Err(Error::Isa);
        }
        // SAFETY:
        // - the check above has confirmed that the instructions are available;
        // - `isa` is stored with the result, so every run uses the same type.
        let verified = dispatch!(isa, V => unsafe { Verified::new::<V>(plan, packed) })?;
        Ok(Self { isa, verified })
    }

    /// Returns the instruction set.
    pub(crate) fn isa(&self) -> Isa {
        self.isa
    }

    /// Returns the plan.
    pub(crate) fn plan(&self) -> &Plan {
        self.verified.plan()
    }

    /// Computes output rows `rows` of step `index` of the plan, and possibly adjacent rows, from the dense buffer to the wide
    /// one or back.
    pub(crate) fn step(&self, index: usize, rows: &Range<usize>, dense: &mut [u8], wide: &mut [u8]) {
        // SAFETY:
        // - the instructions are available: `new` has checked it;
        // - the type is the one that `new` has used.
        dispatch!(self.isa, V => unsafe { self.verified.step::<V>(index, rows, dense, wide) })
    }

    /// Runs the plan's FULLY_CONNECTED from the start of `dense` to the start of `wide`.
    pub(crate) fn scores(&self, dense: &mut [u8], wide: &mut [u8]) {
        // SAFETY: as in `step`: available instructions, same type.
        dispatch!(self.isa, V => unsafe { self.verified.scores::<V>(dense, wide) })
    }
}
