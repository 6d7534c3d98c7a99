//! AVX-512 with VNNI: Intel servers since 2019, AMD since Zen 4.
//!
//! `vpdpbusd` multiplies 64 unsigned by 64 signed bytes and adds four adjacent products to each of sixteen 32-bit sums without
//! a narrower intermediate sum. No overflow is possible, so weights are not rearranged. A panel has sixteen channels. Two panels
//! of twelve positions use 24 of the 32 registers: 24 products for 14 loads. The depthwise kernel interleaves the rows of a
//! column of pixels, so that a channel's three bytes (four for two output rows) are in one lane.

mod step;

use core::arch::asm;
use core::arch::x86_64::*;

use super::avx2::Avx2;
use super::generic::{self, Blocks, PlanesJob, ProductJob, Strip};
use super::vectors::Vectors;
use crate::layout::{Constants, Floats, Groups, INTERLEAVED_TAPS_LEN, Layout, PANEL, Task, interleave_taps};

/// Runs `task` compiled with AVX-512: the compiler vectorises quantisation of the patch in its width.
///
/// # Safety
/// This processor has AVX2, AVX-512F and BW.
#[target_feature(enable = "avx2,avx512f,avx512bw")]
pub(super) unsafe fn run<T: Task>(task: T) -> T::Output {
    task.run::<Avx512Vnni<false>>()
}

/// 512-bit integer vectors with dot products.
///
/// With `FLOAT`, sums are requantised in single precision; only for channels whose [`Floats`] are not NaN.
#[derive(Clone, Copy, Debug)]
pub(super) struct Avx512Vnni<const FLOAT: bool>;

impl<const FLOAT: bool> Layout for Avx512Vnni<FLOAT> {
    const STEP: usize = 4;
    const LONGEST: usize = 1;
    const WIDTH: usize = 2 * PANEL;
    const LANES: usize = 2 * PANEL;
    const BLOCK: usize = 8 * PANEL;
    const GROUPS: Groups = Groups::Single;
    const FLOATS: bool = true;
    const FLIP: u8 = Avx2::<false>::FLIP;
    const ROWS: &'static [usize] = &[step::TILE, 8, 6];
    const TAPS_LEN: usize = INTERLEAVED_TAPS_LEN;

    fn weight_index(channel: usize, byte: usize) -> usize {
        4 * channel + byte
    }

    fn pack_taps(taps: &[[[i8; PANEL]; 9]], out: &mut [u8]) {
        interleave_taps(taps, out);
    }
}

/// Constants of sixteen channels, in registers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    bias: __m512i,
    mantissa: __m512i,
    /// Mantissas of the odd channels, in the place of the even ones.
    odd_mantissa: __m512i,
    round_even: __m512i,
    round_odd: __m512i,
    shift: __m512i,
    high: __m512,
    low: __m512,
    offset: __m512,
}

// SAFETY:
// - every function uses AVX2, AVX-512F, BW and VNNI, which `Isa::is_available` checks before any is called;
// - `product` and `planes` enable them for all that is inlined into them;
// - no function accesses more memory than the sizes of its `Layout` state.
unsafe impl<const FLOAT: bool> Vectors for Avx512Vnni<FLOAT> {
    type Acc = __m512i;
    type Sum = __m512i;
    /// Four rows of sixteen channels; the four bytes of a channel are adjacent.
    type Column = __m512i;
    type Scale = Scale;
    /// `[output row][column]`.
    type Taps = [[__m512i; 3]; 2];
    const TOGETHER: usize = 2;
    const TOGETHER_AT_ONE: usize = 4;
    const PAIRS: bool = true;

    #[inline(always)]
    unsafe fn start(constants: *const Constants) -> __m512i {
        // SAFETY:
        // - AVX-512F is available;
        // - constants of both halves are readable, and so are the floats that follow them.
        unsafe { _mm512_load_si512((&raw const (*constants.add(2).cast::<Floats>()).bias).cast()) }
    }

    #[inline(always)]
    unsafe fn group<const R: usize, const L: usize>(
        acc: &mut [__m512i; R],
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
        acc: &mut [[__m512i; R]; P],
        input: *const u8,
        input_step: usize,
        offsets: *const u16,
        weights: [*const u8; P],
    ) {
        // SAFETY:
        // - AVX-512 with VNNI is available;
        // - the caller guarantees `L` offsets, 64 bytes of each panel's weights for each, and four bytes of input at each.
        unsafe {
            for step in 0..L {
                let start = input.add(usize::from(*offsets.add(step)));
                if let (&[first, second], true) = (&weights[..], R == step::TILE) {
                    // `R` and `P` are those of this type, which the compiler cannot see.
                    let acc = &mut *(&raw mut *acc).cast::<[[__m512i; step::TILE]; 2]>();
                    step::twelve(acc, start, input_step, [first.add(64 * step), second.add(64 * step)]);
                    continue;
                }
                let mut vectors = [_mm512_setzero_si512(); P];
                for (vector, weights) in vectors.iter_mut().zip(weights) {
                    *vector = _mm512_loadu_si512(weights.add(64 * step).cast());
                }
                for r in 0..R {
                    let quad = _mm512_set1_epi32(start.add(r * input_step).cast::<i32>().read_unaligned());
                    for (acc, vector) in acc.iter_mut().zip(vectors) {
                        acc[r] = _mm512_dpbusd_epi32(acc[r], quad, vector);
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn prefetch(address: *const u8) {
        Avx2::<false>::prefetch(address);
    }

    #[inline(always)]
    unsafe fn finish<const R: usize>(acc: [__m512i; R], constants: *const Constants, out: [*mut u8; R]) {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { generic::finish::<Self, R>(acc, constants, out) }
    }

    #[inline(always)]
    unsafe fn finish_all<const R: usize, const P: usize>(
        acc: [[__m512i; R]; P],
        constants: [*const Constants; P],
        out: [*mut u8; R],
    ) {
        // SAFETY:
        // - AVX-512 is available;
        // - the caller guarantees constants of all panels, and `P * 16` writable bytes at each pointer.
        unsafe {
            if P == 2 && R.is_multiple_of(2) {
                let scales = [Self::scale(constants[0]), Self::scale(constants[1 % P])];
                let (first, second) = (&acc[0], &acc[1 % P]);
                // Rows in pairs, so that all of them need not be in registers or memory at once.
                for r in (0..R).step_by(2) {
                    let both = bytes([
                        Self::requantise(first[r], scales[0]),
                        Self::requantise(second[r], scales[1]),
                        Self::requantise(first[r + 1], scales[0]),
                        Self::requantise(second[r + 1], scales[1]),
                    ]);
                    _mm256_storeu_si256(out[r].cast(), _mm512_castsi512_si256(both));
                    _mm256_storeu_si256(out[r + 1].cast(), _mm512_extracti64x4_epi64::<1>(both));
                }
                return;
            }
            generic::finish_each::<Self, R, P>(acc, constants, out);
        }
    }

    #[inline(always)]
    unsafe fn scale(constants: *const Constants) -> Scale {
        // SAFETY:
        // - AVX-512F is available;
        // - constants of both halves are readable.
        unsafe {
            let (low, high) = (constants, constants.add(1));
            let floats = constants.add(2).cast::<Floats>();
            let mantissa = halves((&raw const (*low).mantissa).cast(), (&raw const (*high).mantissa).cast());
            Scale {
                bias: Self::start(constants),
                mantissa,
                odd_mantissa: _mm512_srli_epi64::<32>(mantissa),
                round_even: halves((&raw const (*low).round_even).cast(), (&raw const (*high).round_even).cast()),
                round_odd: halves((&raw const (*low).round_odd).cast(), (&raw const (*high).round_odd).cast()),
                shift: halves((&raw const (*low).shift).cast(), (&raw const (*high).shift).cast()),
                high: _mm512_loadu_ps((&raw const (*floats).high).cast()),
                low: _mm512_loadu_ps((&raw const (*floats).low).cast()),
                offset: _mm512_loadu_ps((&raw const (*floats).offset).cast()),
            }
        }
    }

    #[inline(always)]
    unsafe fn requantise(sum: __m512i, scale: Scale) -> __m512i {
        // SAFETY: AVX-512F is available.
        unsafe {
            if FLOAT {
                const DOWNWARDS: i32 = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC;
                let x = _mm512_cvtepi32_ps(sum);
                let rest = _mm512_fmadd_ps(x, scale.low, scale.offset);
                return _mm512_cvttps_epi32(_mm512_fmadd_round_ps::<DOWNWARDS>(x, scale.high, rest));
            }
            let even = _mm512_mul_epi32(sum, scale.mantissa);
            let odd = _mm512_mul_epi32(_mm512_shuffle_epi32::<0b11_11_01_01>(sum), scale.odd_mantissa);
            let even = _mm512_add_epi64(even, scale.round_even);
            let odd = _mm512_add_epi64(odd, scale.round_odd);
            // The upper halves of both: those of `even` move down, into the places of the lower halves of `odd`.
            let high = _mm512_mask_shuffle_epi32::<0b11_11_01_01>(odd, 0x5555, even);
            _mm512_srav_epi32(high, scale.shift)
        }
    }

    #[inline(always)]
    unsafe fn store<const R: usize>(sums: [__m512i; R], out: [*mut u8; R]) {
        // SAFETY:
        // - AVX-512F and BW are available;
        // - each pointer is writable for sixteen bytes.
        unsafe {
            let mut r = 0;
            while r < R {
                let many = R - r;
                // The last sum takes the place of sums that do not exist.
                let last = R - 1;
                let bytes = bytes([sums[r], sums[(r + 1).min(last)], sums[(r + 2).min(last)], sums[(r + 3).min(last)]]);
                _mm_storeu_si128(out[r].cast(), _mm512_castsi512_si128(bytes));
                if many > 1 {
                    _mm_storeu_si128(out[r + 1].cast(), _mm512_extracti32x4_epi32::<1>(bytes));
                }
                if many > 2 {
                    _mm_storeu_si128(out[r + 2].cast(), _mm512_extracti32x4_epi32::<2>(bytes));
                }
                if many > 3 {
                    _mm_storeu_si128(out[r + 3].cast(), _mm512_extracti32x4_epi32::<3>(bytes));
                }
                r += 4;
            }
        }
    }

    #[inline(always)]
    unsafe fn column<const ROWS: usize>(pixel: *const u8, row_step: usize) -> __m512i {
        // SAFETY:
        // - AVX-512F and BW are available;
        // - sixteen bytes are readable at each row.
        unsafe {
            let first = _mm512_castsi128_si512(_mm_loadu_si128(pixel.cast()));
            let rows = _mm512_inserti32x4::<1>(first, _mm_loadu_si128(pixel.add(row_step).cast()));
            let rows = _mm512_inserti32x4::<2>(rows, _mm_loadu_si128(pixel.add(2 * row_step).cast()));
            let last = if ROWS == 4 { _mm_loadu_si128(pixel.add(3 * row_step).cast()) } else { _mm_setzero_si128() };
            let rows = _mm512_inserti32x4::<3>(rows, last);
            interleaved(rows)
        }
    }

    #[inline(always)]
    unsafe fn load_taps(taps: *const u8) -> Self::Taps {
        // SAFETY:
        // - AVX-512F is available;
        // - the taps are readable and aligned to 64.
        unsafe {
            let mut loaded = [[_mm512_setzero_si512(); 3]; 2];
            for (index, loaded) in loaded.as_flattened_mut().iter_mut().enumerate() {
                *loaded = _mm512_load_si512(taps.add(64 * index).cast());
            }
            loaded
        }
    }

    #[inline(always)]
    unsafe fn taps<const ROW: usize>(columns: [__m512i; 3], taps: Self::Taps, scale: Scale) -> __m512i {
        // SAFETY: AVX-512 with VNNI is available.
        unsafe {
            let mut sum = scale.bias;
            for (column, tap) in columns.into_iter().zip(taps[ROW]) {
                sum = _mm512_dpbusd_epi32(sum, column, tap);
            }
            sum
        }
    }

    unsafe fn product(rows: usize, job: &ProductJob) {
        // SAFETY:
        // - the instructions are available;
        // - the caller guarantees the remaining conditions, among them constants of all panels.
        unsafe {
            let exact = all_exact(job.panels[0], 0, 1) && all_exact(job.panels[1], 0, 1);
            match (rows, job.together, exact) {
                (12, 2, true) => product12x2_float(job),
                (12, 2, false) => product12x2(job),
                (12, _, _) => product12(job),
                (8, 2, true) => product8x2_float(job),
                (8, 2, false) => product8x2(job),
                (8, _, _) => product8(job),
                (6, 2, true) => product6x2_float(job),
                (6, 2, false) => product6x2(job),
                (6, _, _) => product6(job),
                (_, 4, _) => product1x4(job),
                (_, 2, _) => product1x2(job),
                _ => product1(job),
            }
        }
    }

    unsafe fn planes(job: &PlanesJob) {
        // SAFETY:
        // - the instructions are available;
        // - the caller guarantees the remaining conditions, among them constants of all channels.
        unsafe {
            let group = 2 * (Self::CONSTANTS_LEN + Self::TAPS_LEN);
            let count = job.channels.max(job.block) / Self::LANES;
            if all_exact(job.packed, group, count) { planes_float(job) } else { planes(job) }
        }
    }

    #[inline(always)]
    unsafe fn strip(strip: &Strip) {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe {
            if strip.job.block == Self::LANES { generic::strip::<Self>(strip) } else { generic::block::<Self>(strip) }
        }
    }
}

// SAFETY: as for `Vectors`.
unsafe impl<const FLOAT: bool> Blocks for Avx512Vnni<FLOAT> {
    #[inline(always)]
    unsafe fn columns<const ROWS: usize>(pixel: *const u8, row_step: usize) -> [__m512i; 4] {
        // SAFETY:
        // - AVX-512F and BW are available;
        // - 64 bytes are readable at each row.
        unsafe {
            let first = _mm512_loadu_si512(pixel.cast());
            let second = _mm512_loadu_si512(pixel.add(row_step).cast());
            let third = _mm512_loadu_si512(pixel.add(2 * row_step).cast());
            let last =
                if ROWS == 4 { _mm512_loadu_si512(pixel.add(3 * row_step).cast()) } else { _mm512_setzero_si512() };
            let upper = [_mm512_unpacklo_epi8(first, second), _mm512_unpackhi_epi8(first, second)];
            let lower = [_mm512_unpacklo_epi8(third, last), _mm512_unpackhi_epi8(third, last)];
            [
                _mm512_unpacklo_epi16(upper[0], lower[0]),
                _mm512_unpackhi_epi16(upper[0], lower[0]),
                _mm512_unpacklo_epi16(upper[1], lower[1]),
                _mm512_unpackhi_epi16(upper[1], lower[1]),
            ]
        }
    }

    #[inline(always)]
    unsafe fn between(left: __m512i, right: __m512i) -> __m512i {
        // SAFETY: AVX-512F is available.
        unsafe { _mm512_shuffle_i64x2::<0b01_00_11_10>(left, right) }
    }

    #[inline(always)]
    unsafe fn bias(constants: *const Constants) -> __m512i {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { Self::start(constants) }
    }

    #[inline(always)]
    unsafe fn dot(sum: __m512i, column: __m512i, taps: *const u8) -> __m512i {
        // SAFETY:
        // - AVX-512 with VNNI is available;
        // - 64 bytes are readable.
        unsafe { _mm512_dpbusd_epi32(sum, column, _mm512_loadu_si512(taps.cast())) }
    }

    #[inline(always)]
    unsafe fn store_block(sums: [__m512i; 4], out: *mut u8) {
        // SAFETY:
        // - AVX-512F and BW are available;
        // - 64 bytes are writable.
        unsafe {
            let words = [_mm512_packs_epi32(sums[0], sums[1]), _mm512_packs_epi32(sums[2], sums[3])];
            _mm512_storeu_si512(out.cast(), _mm512_packus_epi16(words[0], words[1]));
        }
    }
}

/// Returns whether single precision is exact for `count` groups of constants, `step` bytes apart.
///
/// # Safety
/// The constants are readable and aligned to 64.
unsafe fn all_exact(constants: *const u8, step: usize, count: usize) -> bool {
    (0..count).all(|group| {
        // SAFETY: the caller guarantees that the constants are readable.
        let floats = unsafe { constants.add(group * step).cast::<Constants>().add(2).cast::<Floats>() };
        // SAFETY: as before; any bits are a number.
        !unsafe { (*floats).high[0] }.is_nan()
    })
}

/// Returns the four rows of sixteen channels with the bytes of each channel adjacent.
///
/// In assembly, because the compiler replaces these two instructions with thirteen.
///
/// # Safety
/// AVX-512F and BW are available.
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
unsafe fn interleaved(rows: __m512i) -> __m512i {
    let mut rows = rows;
    // SAFETY:
    // - the instructions are available;
    // - they touch no memory and no flags.
    unsafe {
        // Four channels of all rows come into each quarter, then the rows of each channel together.
        let channels = _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
        asm!(
            "vpermd {rows}, {quarters}, {rows}",
            "vpshufb {rows}, {rows}, {channels}",
            rows = inout(zmm_reg) rows,
            quarters = in(zmm_reg) quarters(),
            channels = in(zmm_reg) _mm512_broadcast_i32x4(channels),
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    rows
}

/// Returns the order of 32-bit values that transposes four by four of them.
///
/// # Safety
/// AVX-512F is available.
#[inline(always)]
unsafe fn quarters() -> __m512i {
    // SAFETY: AVX-512F is available.
    unsafe { _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15) }
}

/// Loads 32 bytes each from two addresses.
///
/// # Safety
/// - AVX2 and AVX-512F are available;
/// - both addresses are readable for 32 bytes.
#[inline(always)]
unsafe fn halves(low: *const __m256i, high: *const __m256i) -> __m512i {
    // SAFETY: the caller upholds this function's safety contract.
    unsafe {
        let low = _mm512_castsi256_si512(_mm256_loadu_si256(low));
        _mm512_inserti64x4::<1>(low, _mm256_loadu_si256(high))
    }
}

/// Returns sixteen clamped bytes of each vector, in order.
///
/// # Safety
/// AVX-512F and BW are available.
#[inline(always)]
unsafe fn bytes([a, b, c, d]: [__m512i; 4]) -> __m512i {
    // SAFETY: the instructions are available.
    unsafe {
        // Within each quarter: four of each vector.
        let quarters = _mm512_packus_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));
        _mm512_permutexvar_epi32(self::quarters(), quarters)
    }
}

/// Defines a function for tiles of some positions and panels. Not inlined: in combination with other code, the compiler runs out of
/// registers and spills the sums.
macro_rules! product {
    ($name:ident, $rows:literal, $panels:literal, $float:literal) => {
        #[target_feature(enable = "avx2,avx512f,avx512bw,avx512vnni")]
        #[inline(never)]
        unsafe fn $name(job: &ProductJob) {
            // SAFETY:
            // - the instructions are enabled;
            // - the caller guarantees the remaining conditions.
            unsafe { generic::product::<Avx512Vnni<$float>, $rows, $panels>(job) }
        }
    };
}

product!(product12x2_float, 12, 2, true);
product!(product12x2, 12, 2, false);
product!(product12, 12, 1, false);
product!(product8x2_float, 8, 2, true);
product!(product8x2, 8, 2, false);
product!(product8, 8, 1, false);
product!(product6x2_float, 6, 2, true);
product!(product6x2, 6, 2, false);
product!(product6, 6, 1, false);
product!(product1x4, 1, 4, false);
product!(product1x2, 1, 2, false);
product!(product1, 1, 1, false);

#[target_feature(enable = "avx2,avx512f,avx512bw,avx512vnni")]
#[inline(never)]
unsafe fn planes_float(job: &PlanesJob) {
    // SAFETY:
    // - the instructions are enabled;
    // - the caller guarantees the remaining conditions.
    unsafe { generic::planes::<Avx512Vnni<true>>(job) }
}

#[target_feature(enable = "avx2,avx512f,avx512bw,avx512vnni")]
#[inline(never)]
unsafe fn planes(job: &PlanesJob) {
    // SAFETY:
    // - the instructions are enabled;
    // - the caller guarantees the remaining conditions.
    unsafe { generic::planes::<Avx512Vnni<false>>(job) }
}
