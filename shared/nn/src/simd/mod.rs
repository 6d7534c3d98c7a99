//! Vector instructions: the only place with `unsafe`.
//!
//! [`vectors`] says what a set of instructions must offer, [`generic`] holds the kernels written on it, one file per set
//! instantiates them. [`Kernels`] is the safe door: it exists only where the instructions do, over a plan and packed
//! memory that [`verified`] has checked.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512vnni;
mod block;
mod generic;
#[cfg(target_arch = "aarch64")]
mod neon;
mod scalar;
mod vectors;
mod verified;

pub use block::Block;
pub use vectors::{CONSTANTS_LEN, Groups, Vectors};

use super::body::Body;
use super::error::Error;
use super::pack;
use super::plan::{Facts, Plan};
use verified::Verified;

/// Runs an expression with `$vectors` standing for the type behind an [`Isa`].
///
/// An `Isa` of another architecture is never available, so what it would run is never reached; the portable code stands in.
macro_rules! dispatch {
    ($isa:expr, $vectors:ident => $body:expr) => {
        match $isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512Vnni => {
                type $vectors = avx512vnni::Avx512Vnni;
                $body
            }
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => {
                type $vectors = avx2::Avx2;
                $body
            }
            #[cfg(target_arch = "aarch64")]
            Isa::Neon => {
                type $vectors = neon::Neon;
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

/// Which instructions the kernels use. Results do not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// Portable code.
    Scalar,
    /// 256-bit integer vectors of x86-64.
    Avx2,
    /// 512-bit vectors of x86-64 with dot products of bytes.
    Avx512Vnni,
    /// 128-bit vectors of 64-bit Arm.
    Neon,
    /// The same with dot products of bytes.
    NeonDotprod,
}

impl Isa {
    /// Every kind, the fastest first.
    pub const ALL: [Self; 5] = [Self::Avx512Vnni, Self::Avx2, Self::NeonDotprod, Self::Neon, Self::Scalar];

    /// The fastest kind that [`is_available`](Self::is_available).
    pub fn best() -> Self {
        Self::ALL.into_iter().find(|isa| isa.is_available()).unwrap_or(Self::Scalar)
    }

    /// Whether this program can run it here: asked of the processor with the feature `std`, else whether the program was
    /// compiled for it (`-C target-feature`).
    pub fn is_available(self) -> bool {
        #[cfg(all(target_arch = "x86_64", any(feature = "std", test)))]
        let avx2 = std::arch::is_x86_feature_detected!("avx2");
        #[cfg(all(target_arch = "x86_64", any(feature = "std", test)))]
        let vnni = std::arch::is_x86_feature_detected!("avx512f") && std::arch::is_x86_feature_detected!("avx512vnni");
        #[cfg(not(all(target_arch = "x86_64", any(feature = "std", test))))]
        let avx2 = cfg!(all(target_arch = "x86_64", target_feature = "avx2"));
        #[cfg(not(all(target_arch = "x86_64", any(feature = "std", test))))]
        let vnni = cfg!(all(target_arch = "x86_64", target_feature = "avx512f", target_feature = "avx512vnni"));
        #[cfg(all(target_arch = "aarch64", any(feature = "std", test)))]
        let dotprod = std::arch::is_aarch64_feature_detected!("dotprod");
        #[cfg(not(all(target_arch = "aarch64", any(feature = "std", test))))]
        let dotprod = cfg!(all(target_arch = "aarch64", target_feature = "dotprod"));
        let neon = cfg!(all(target_arch = "aarch64", target_endian = "little", target_feature = "neon"));
        match self {
            Self::Scalar => true,
            Self::Avx2 => avx2,
            Self::Avx512Vnni => avx2 && vnni,
            Self::Neon => neon,
            Self::NeonDotprod => neon && dotprod,
        }
    }

    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
            Self::Avx512Vnni => "avx512_vnni",
            Self::Neon => "neon",
            Self::NeonDotprod => "neon_dotprod",
        }
    }

    /// What is added to an int8 value modulo 256 to store it.
    pub fn flip(self) -> u8 {
        dispatch!(self, V => V::FLIP)
    }

    /// The plan of `body` for these kernels.
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`].
    pub fn plan(self, body: &Body) -> Result<Plan, Error> {
        let facts =
            dispatch!(self, V => Facts { rows: V::ROWS, step: V::STEP, width: V::WIDTH, taps_len: V::TAPS_LEN });
        Plan::new(body, &facts)
    }

    /// Bytes that are enough to [`pack`](Self::pack) `body`.
    pub fn packed_len(self, body: &Body, plan: &Plan) -> usize {
        dispatch!(self, V => pack::enough::<V>(body, plan))
    }

    /// Bytes that packing `body` takes unless weights are split or left out.
    pub fn usual_packed_len(self, body: &Body, plan: &Plan) -> usize {
        dispatch!(self, V => pack::len::<V>(body, plan, 1))
    }

    /// Packs `body` for these kernels into `out`; returns the bytes used.
    pub fn pack(self, body: &Body, plan: &Plan, out: &mut [u8]) -> usize {
        #[cfg(target_arch = "x86_64")]
        if self == Self::Avx2 && self.is_available() {
            // SAFETY: as just asked.
            return unsafe { avx2::pack(body, plan, out) };
        }
        dispatch!(self, V => pack::pack::<V>(body, plan, out))
    }
}

/// A network's convolutions, ready to run.
#[derive(Clone, Debug)]
pub struct Kernels<'m> {
    isa: Isa,
    verified: Verified<'m>,
}

impl<'m> Kernels<'m> {
    /// Over memory that [`Isa::pack`] filled by the same plan. Memory that holds anything else gives wrong results or is
    /// refused, no worse.
    ///
    /// # Errors
    /// [`Error::Isa`] if the instructions are not there; [`Error::Memory`] if the packed memory does not fit the plan.
    pub fn new(isa: Isa, plan: Plan, packed: &'m [Block]) -> Result<Self, Error> {
        if !isa.is_available() {
            return Err(Error::Isa);
        }
        // SAFETY: the instructions are available, as just found; `isa` is kept beside and decides every run.
        let verified = dispatch!(isa, V => unsafe { Verified::new::<V>(plan, packed) })?;
        Ok(Self { isa, verified })
    }

    /// Which instructions.
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        self.verified.plan()
    }

    /// Runs step number `index` of the plan between the two halves of the arena.
    pub fn step(&self, index: usize, dense: &mut [u8], wide: &mut [u8]) {
        // SAFETY: the instructions are available, or there would be no `Kernels`; the type is that of `new`.
        dispatch!(self.isa, V => unsafe { self.verified.step::<V>(index, dense, wide) })
    }

    /// Runs the plan's FULLY_CONNECTED from the start of `dense` to the start of `wide`.
    pub fn scores(&self, dense: &mut [u8], wide: &mut [u8]) {
        // SAFETY: as in `step`.
        dispatch!(self.isa, V => unsafe { self.verified.scores::<V>(dense, wide) })
    }
}
