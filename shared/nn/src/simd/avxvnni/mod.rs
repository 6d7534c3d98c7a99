//! AVX-VNNI: 256-bit dot products of bytes without AVX-512, for Intel laptops and desktops since 2021 (Alder Lake) and AMD's Zen 5.
//!
//! `vpdpbusd` multiplies 32 unsigned by 32 signed bytes and adds four adjacent products to each of eight 32-bit sums. No overflow is
//! possible, so weights are not rearranged. The depthwise kernel interleaves the rows of a column of pixels, so that a channel's three
//! bytes (four for two output rows) are in one lane. The requantisation is that of AVX2.

mod step;

use core::arch::x86_64::*;

use super::avx2::{self, is_exact};
use super::generic::{self, Blocks, PlanesJob, ProductJob, Strip};
use super::vectors::Vectors;
use crate::layout::{Constants, Groups, INTERLEAVED_TAPS_LEN, Layout, PANEL, interleave_taps};

/// What this instruction set has in common with AVX2.
type Avx2<const LINE: bool> = avx2::Avx2<LINE>;

/// 256-bit integer vectors with dot products. `LINE` is as in [`avx2::Avx2`].
#[derive(Clone, Copy, Debug)]
pub(super) struct AvxVnni<const LINE: bool>;

impl<const LINE: bool> Layout for AvxVnni<LINE> {
    const STEP: usize = 4;
    const LONGEST: usize = 1;
    const WIDTH: usize = PANEL;
    const GROUPS: Groups = Groups::Single;
    const LINES: bool = true;
    const FLIP: u8 = Avx2::<LINE>::FLIP;
    const ROWS: &'static [usize] = &[step::TILE, 4];
    const BLOCK: usize = 4 * PANEL;
    const TAPS_LEN: usize = INTERLEAVED_TAPS_LEN;

    fn weight_index(channel: usize, byte: usize) -> usize {
        4 * channel + byte
    }

    fn pack_taps(taps: &[[[i8; PANEL]; 9]], out: &mut [u8]) {
        interleave_taps(taps, out);
    }
}

// SAFETY:
// - every function uses AVX2, FMA and AVX-VNNI, which `Isa::is_available` checks before any is called;
// - `product` and `planes` enable them for all that is inlined into them;
// - no function accesses more memory than the sizes of its `Layout` state.
unsafe impl<const LINE: bool> Vectors for AvxVnni<LINE> {
    type Acc = __m256i;
    type Sum = __m256i;
    /// Four rows of eight channels; the four bytes of a channel are adjacent.
    type Column = __m256i;
    type Scale = <Avx2<LINE> as Vectors>::Scale;
    type Taps = *const u8;
    const PAIRS: bool = true;

    fn together(rows: usize) -> usize {
        if rows == 1 { 4 } else { 2 }
    }

    #[inline(always)]
    unsafe fn start(constants: *const Constants) -> __m256i {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { Avx2::<LINE>::start(constants) }
    }

    #[inline(always)]
    unsafe fn group<const R: usize, const L: usize>(
        acc: &mut [__m256i; R],
        input: *const u8,
        input_step: usize,
        offsets: *const u16,
        weights: *const u8,
    ) {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe {
            let mut panels = [*acc];
            Self::groups::<R, 1, L>(&mut panels, input, input_step, offsets, [weights]);
            [*acc] = panels;
        }
    }

    #[inline(always)]
    unsafe fn groups<const R: usize, const P: usize, const L: usize>(
        acc: &mut [[__m256i; R]; P],
        input: *const u8,
        input_step: usize,
        offsets: *const u16,
        weights: [*const u8; P],
    ) {
        // SAFETY:
        // - AVX2 and AVX-VNNI are available;
        // - the caller guarantees `L` offsets, 32 bytes of each panel's weights for each, and four bytes of input at each.
        unsafe {
            for step in 0..L {
                let start = input.add(usize::from(*offsets.add(step)));
                if let (&[first, second], true) = (&weights[..], R == step::TILE) {
                    // `R` and `P` are those of this type, which the compiler cannot see.
                    let acc = &mut *(&raw mut *acc).cast::<[[__m256i; step::TILE]; 2]>();
                    step::six(acc, start, input_step, [first.add(32 * step), second.add(32 * step)]);
                    continue;
                }
                for r in 0..R {
                    let quad = _mm256_set1_epi32(start.add(r * input_step).cast::<i32>().read_unaligned());
                    for (acc, weights) in acc.iter_mut().zip(weights) {
                        let vector = _mm256_loadu_si256(weights.add(32 * step).cast());
                        acc[r] = _mm256_dpbusd_avx_epi32(acc[r], quad, vector);
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn prefetch(address: *const u8) {
        Avx2::<LINE>::prefetch(address);
    }

    #[inline(always)]
    unsafe fn finish<const R: usize>(acc: [__m256i; R], constants: *const Constants, out: [*mut u8; R]) {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { generic::finish::<Self, R>(acc, constants, out) }
    }

    #[inline(always)]
    unsafe fn scale(constants: *const Constants) -> Self::Scale {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { Avx2::<LINE>::scale(constants) }
    }

    #[inline(always)]
    unsafe fn requantise(sum: __m256i, scale: Self::Scale) -> __m256i {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { Avx2::<LINE>::requantise(sum, scale) }
    }

    #[inline(always)]
    unsafe fn store<const R: usize>(sums: [__m256i; R], out: [*mut u8; R]) {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { Avx2::<LINE>::store(sums, out) }
    }

    #[inline(always)]
    unsafe fn column<const ROWS: usize>(pixel: *const u8, row_step: usize) -> __m256i {
        // SAFETY:
        // - AVX2 is available;
        // - eight bytes are readable at each row.
        unsafe {
            let last = if ROWS == 4 { _mm_loadl_epi64(pixel.add(3 * row_step).cast()) } else { _mm_setzero_si128() };
            let upper = _mm_unpacklo_epi8(_mm_loadl_epi64(pixel.cast()), _mm_loadl_epi64(pixel.add(row_step).cast()));
            let lower = _mm_unpacklo_epi8(_mm_loadl_epi64(pixel.add(2 * row_step).cast()), last);
            let low = _mm256_castsi128_si256(_mm_unpacklo_epi16(upper, lower));
            _mm256_inserti128_si256::<1>(low, _mm_unpackhi_epi16(upper, lower))
        }
    }

    #[inline(always)]
    unsafe fn load_taps(taps: *const u8) -> Self::Taps {
        taps
    }

    #[inline(always)]
    unsafe fn taps<const ROW: usize>(columns: [__m256i; 3], taps: *const u8, scale: Self::Scale) -> __m256i {
        // SAFETY:
        // - AVX2 and AVX-VNNI are available;
        // - taps and constants are readable and aligned to 32.
        unsafe {
            let mut sum = Self::start(scale);
            for (index, column) in columns.into_iter().enumerate() {
                let tap = _mm256_load_si256(taps.cast::<__m256i>().add(3 * ROW + index));
                sum = _mm256_dpbusd_avx_epi32(sum, column, tap);
            }
            sum
        }
    }

    #[inline(always)]
    unsafe fn taps_of_two<const ROW: usize, const STRIDE: usize>(
        columns: [__m256i; 5],
        taps: *const u8,
        scale: Self::Scale,
    ) -> [__m256i; 2] {
        // SAFETY:
        // - AVX2 and AVX-VNNI are available;
        // - taps and constants are readable and aligned to 32.
        unsafe {
            let mut sums = [Self::start(scale); 2];
            for column in 0..3 {
                let tap = _mm256_load_si256(taps.cast::<__m256i>().add(3 * ROW + column));
                for (pixel, sum) in sums.iter_mut().enumerate() {
                    *sum = _mm256_dpbusd_avx_epi32(*sum, columns[pixel * STRIDE + column], tap);
                }
            }
            sums
        }
    }

    unsafe fn product(rows: usize, job: &ProductJob) {
        // SAFETY:
        // - the instructions are available;
        // - the caller guarantees the remaining conditions, among them readable constants.
        unsafe {
            let exact = is_exact(job.panels[0]) && is_exact(job.panels[1]);
            match (rows, job.together, exact) {
                (6, 2, true) => product6x2_line(job),
                (6, 2, false) => product6x2(job),
                (6, _, _) => product6(job),
                (4, 2, true) => product4x2_line(job),
                (4, 2, false) => product4x2(job),
                (4, _, _) => product4(job),
                (_, 4, _) => product1x4(job),
                (_, 2, _) => product1x2(job),
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

    #[inline(always)]
    unsafe fn strip(strip: &Strip) {
        // SAFETY:
        // - the instructions are available;
        // - the caller guarantees the remaining conditions, among them readable constants.
        unsafe {
            if strip.job.block == Self::LANES {
                return if is_exact(strip.packed) { strip_line(strip) } else { strip_integers(strip) };
            }
            let unit = Self::CONSTANTS_LEN + Self::TAPS_LEN;
            let mut exact = true;
            for vector in 0..4 {
                exact &= is_exact(strip.packed.add(vector * unit));
            }
            if exact { block_line(strip) } else { block_integers(strip) }
        }
    }
}

// SAFETY: as for `Vectors`.
unsafe impl<const LINE: bool> Blocks for AvxVnni<LINE> {
    const TWO_OUTPUTS: bool = false;

    #[inline(always)]
    unsafe fn columns<const ROWS: usize>(pixel: *const u8, row_step: usize) -> [__m256i; 4] {
        // SAFETY:
        // - AVX2 is available;
        // - 32 bytes are readable at each row.
        unsafe {
            let first = _mm256_loadu_si256(pixel.cast());
            let second = _mm256_loadu_si256(pixel.add(row_step).cast());
            let third = _mm256_loadu_si256(pixel.add(2 * row_step).cast());
            let last =
                if ROWS == 4 { _mm256_loadu_si256(pixel.add(3 * row_step).cast()) } else { _mm256_setzero_si256() };
            let upper = [_mm256_unpacklo_epi8(first, second), _mm256_unpackhi_epi8(first, second)];
            let lower = [_mm256_unpacklo_epi8(third, last), _mm256_unpackhi_epi8(third, last)];
            [
                _mm256_unpacklo_epi16(upper[0], lower[0]),
                _mm256_unpackhi_epi16(upper[0], lower[0]),
                _mm256_unpacklo_epi16(upper[1], lower[1]),
                _mm256_unpackhi_epi16(upper[1], lower[1]),
            ]
        }
    }

    #[inline(always)]
    unsafe fn between(left: __m256i, right: __m256i) -> __m256i {
        // SAFETY: AVX2 is available.
        unsafe { _mm256_permute2x128_si256::<0x21>(left, right) }
    }

    #[inline(always)]
    unsafe fn bias(constants: *const Constants) -> __m256i {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { Self::start(constants) }
    }

    #[inline(always)]
    unsafe fn dot(sum: __m256i, column: __m256i, taps: *const u8) -> __m256i {
        // SAFETY:
        // - AVX-VNNI is available;
        // - 32 aligned bytes are readable.
        unsafe { _mm256_dpbusd_avx_epi32(sum, column, _mm256_load_si256(taps.cast())) }
    }

    #[inline(always)]
    unsafe fn requantise_lanes(sum: __m256i, constants: *const Constants) -> __m256i {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe {
            // In blocks of which not all channels are exact, most are.
            if LINE || is_exact(constants.cast()) {
                return Avx2::<true>::requantise(sum, constants);
            }
            Avx2::<false>::requantise(sum, constants)
        }
    }

    #[inline(always)]
    unsafe fn store_block(sums: [__m256i; 4], out: *mut u8) {
        // SAFETY:
        // - AVX2 is available;
        // - 32 bytes are writable.
        unsafe {
            let words = [_mm256_packs_epi32(sums[0], sums[1]), _mm256_packs_epi32(sums[2], sums[3])];
            _mm256_storeu_si256(out.cast(), _mm256_packus_epi16(words[0], words[1]));
        }
    }
}

/// Defines a function for tiles of some positions and panels. Not inlined: in combination with other code, the compiler runs out of
/// registers and spills the sums.
macro_rules! product {
    ($name:ident, $rows:literal, $panels:literal, $line:literal) => {
        #[target_feature(enable = "avx2,fma,avxvnni")]
        #[inline(never)]
        unsafe fn $name(job: &ProductJob) {
            // SAFETY:
            // - the instructions are enabled;
            // - the caller guarantees the remaining conditions.
            unsafe { generic::product::<AvxVnni<$line>, $rows, $panels>(job) }
        }
    };
}

product!(product6x2_line, 6, 2, true);
product!(product6x2, 6, 2, false);
product!(product6, 6, 1, false);
product!(product4x2_line, 4, 2, true);
product!(product4x2, 4, 2, false);
product!(product4, 4, 1, false);
product!(product1x4, 1, 4, false);
product!(product1x2, 1, 2, false);
product!(product1, 1, 1, false);

#[target_feature(enable = "avx2,fma,avxvnni")]
#[inline(never)]
unsafe fn planes(job: &PlanesJob) {
    // SAFETY:
    // - the instructions are enabled;
    // - the caller guarantees the remaining conditions.
    unsafe { generic::planes::<AvxVnni<false>>(job) }
}

/// Defines a function for a strip by `generic::strip` or `generic::block`. Not inlined, for the reason given above.
macro_rules! strip {
    ($name:ident, $kernel:ident, $line:literal) => {
        #[target_feature(enable = "avx2,fma,avxvnni")]
        #[inline(never)]
        unsafe fn $name(strip: &Strip) {
            // SAFETY:
            // - the instructions are enabled;
            // - the caller guarantees the remaining conditions.
            unsafe { generic::$kernel::<AvxVnni<$line>>(strip) }
        }
    };
}

strip!(strip_line, strip, true);
strip!(strip_integers, strip, false);
strip!(block_line, block, true);
strip!(block_integers, block, false);
