//! AVX-512 with VNNI: Intel servers since 2019, AMD since Zen 4.
//!
//! `vpdpbusd` multiplies 64 unsigned by 64 signed bytes and adds four adjacent products to each of sixteen 32-bit sums without
//! a narrower intermediate sum. No overflow is possible, so weights are not rearranged. A panel has sixteen channels. The
//! depthwise kernel and the requantisation are those of AVX2.

use core::arch::x86_64::*;

use super::avx2::Avx2;
use super::generic::{self, PlanesJob, ProductJob};
use super::vectors::Vectors;
use crate::layout::{Constants, Groups, Layout, PANEL};

/// 512-bit integer vectors with dot products.
#[derive(Clone, Copy, Debug)]
pub(super) struct Avx512Vnni;

impl Layout for Avx512Vnni {
    const STEP: usize = 4;
    const LONGEST: usize = 1;
    const WIDTH: usize = 2 * PANEL;
    const GROUPS: Groups = Groups::Single;
    const FLIP: u8 = Avx2::FLIP;
    const ROWS: &'static [usize] = &[12, 6];
    const TAPS_LEN: usize = Avx2::TAPS_LEN;

    fn weight_index(channel: usize, byte: usize) -> usize {
        4 * channel + byte
    }

    fn pack_taps(taps: &[[i8; PANEL]; 9], out: &mut [u8]) {
        Avx2::pack_taps(taps, out);
    }
}

// SAFETY:
// - every function uses AVX2, AVX-512F and VNNI, which `Isa::is_available` checks before any is called;
// - `product` and `planes` enable them for all that is inlined into them;
// - no function accesses more memory than the sizes of its `Layout` state.
unsafe impl Vectors for Avx512Vnni {
    type Acc = __m512i;
    type Sum = <Avx2 as Vectors>::Sum;
    type Column = <Avx2 as Vectors>::Column;
    type Scale = <Avx2 as Vectors>::Scale;
    type Taps = <Avx2 as Vectors>::Taps;

    #[inline(always)]
    unsafe fn start(constants: *const Constants) -> __m512i {
        // SAFETY:
        // - AVX-512F is available;
        // - constants of both halves are readable.
        unsafe {
            let low = _mm512_castsi256_si512(Avx2::start(constants));
            _mm512_inserti64x4::<1>(low, Avx2::start(constants.add(1)))
        }
    }

    #[inline(always)]
    unsafe fn group<const R: usize, const L: usize>(
        acc: &mut [__m512i; R],
        input: *const u8,
        input_step: usize,
        offsets: *const u16,
        weights: *const u8,
    ) {
        // SAFETY:
        // - AVX-512 with VNNI is available;
        // - the caller guarantees `L` offsets, 64 bytes of weights for each, and four bytes of input at each.
        unsafe {
            for step in 0..L {
                let weights = _mm512_loadu_si512(weights.add(64 * step).cast());
                let start = input.add(usize::from(*offsets.add(step)));
                for (r, acc) in acc.iter_mut().enumerate() {
                    let quad = _mm512_set1_epi32(start.add(r * input_step).cast::<i32>().read_unaligned());
                    *acc = _mm512_dpbusd_epi32(*acc, quad, weights);
                }
            }
        }
    }

    #[inline(always)]
    fn prefetch(address: *const u8) {
        Avx2::prefetch(address);
    }

    #[inline(always)]
    unsafe fn finish<const R: usize>(acc: [__m512i; R], constants: *const Constants, out: [*mut u8; R]) {
        // SAFETY:
        // - AVX-512 is available;
        // - constants of both halves are readable, and each pointer is writable for 16 bytes.
        unsafe {
            for (acc, out) in acc.into_iter().zip(out) {
                let low = Self::requantise(_mm512_castsi512_si256(acc), constants);
                let high = Self::requantise(_mm512_extracti64x4_epi64::<1>(acc), constants.add(1));
                // `packs` puts four values of `low` and four of `high` in each half; the permutation restores the order.
                let words = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packs_epi32(low, high));
                let bytes = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256::<1>(words));
                _mm_storeu_si128(out.cast(), bytes);
            }
        }
    }

    #[inline(always)]
    unsafe fn scale(constants: *const Constants) -> Self::Scale {
        constants
    }

    #[inline(always)]
    unsafe fn requantise(sum: Self::Sum, scale: Self::Scale) -> Self::Sum {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { Avx2::requantise(sum, scale) }
    }

    #[inline(always)]
    unsafe fn store<const R: usize>(sums: [Self::Sum; R], out: [*mut u8; R]) {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { Avx2::store(sums, out) }
    }

    #[inline(always)]
    unsafe fn column<const ROWS: usize>(pixel: *const u8, row_step: usize) -> Self::Column {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { Avx2::column::<ROWS>(pixel, row_step) }
    }

    #[inline(always)]
    unsafe fn load_taps(taps: *const u8) -> Self::Taps {
        taps
    }

    #[inline(always)]
    unsafe fn taps<const ROW: usize>(columns: [Self::Column; 3], taps: Self::Taps, scale: Self::Scale) -> Self::Sum {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { Avx2::taps::<ROW>(columns, taps, scale) }
    }

    unsafe fn product(rows: usize, job: &ProductJob) {
        // SAFETY:
        // - the instructions are available;
        // - the caller guarantees the remaining conditions.
        unsafe {
            match rows {
                12 => product12(job),
                6 => product6(job),
                _ => product1(job),
            }
        }
    }

    unsafe fn planes(job: &PlanesJob) {
        // SAFETY:
        // - the instructions are available;
        // - the caller guarantees the remaining conditions.
        unsafe { planes(job) }
    }
}

#[target_feature(enable = "avx2,avx512f,avx512vnni")]
#[inline(never)]
unsafe fn product12(job: &ProductJob) {
    // SAFETY:
    // - the instructions are enabled;
    // - the caller guarantees the remaining conditions.
    unsafe { generic::product::<Avx512Vnni, 12>(job) }
}

#[target_feature(enable = "avx2,avx512f,avx512vnni")]
#[inline(never)]
unsafe fn product6(job: &ProductJob) {
    // SAFETY:
    // - the instructions are enabled;
    // - the caller guarantees the remaining conditions.
    unsafe { generic::product::<Avx512Vnni, 6>(job) }
}

#[target_feature(enable = "avx2,avx512f,avx512vnni")]
#[inline(never)]
unsafe fn product1(job: &ProductJob) {
    // SAFETY:
    // - the instructions are enabled;
    // - the caller guarantees the remaining conditions.
    unsafe { generic::product::<Avx512Vnni, 1>(job) }
}

#[target_feature(enable = "avx2,avx512f,avx512vnni")]
#[inline(never)]
unsafe fn planes(job: &PlanesJob) {
    // SAFETY:
    // - the instructions are enabled;
    // - the caller guarantees the remaining conditions.
    unsafe { generic::planes::<Avx512Vnni>(job) }
}
