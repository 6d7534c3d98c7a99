//! AVX-512 with VNNI: Intel servers since 2019, AMD since Zen 4.
//!
//! `vpdpbusd` multiplies 64 unsigned by 64 signed bytes and adds four adjacent products to each of sixteen 32-bit sums without
//! a narrower intermediate sum. No overflow is possible, so weights are not rearranged. A panel has sixteen channels. A tile has sixteen
//! sums: four panels of four positions, eight loads a step, or, where the weights of four panels would leave the level-1 cache, two panels of
//! eight positions, ten loads. More sums would need fewer loads, but all of them are requantised at once, and what the processor
//! holds in flight does not reach from there to the products of the next tile. The depthwise kernel interleaves the rows of a
//! column of pixels, so that a channel's three bytes (four for two output rows) are in one lane.

use core::arch::asm;
use core::arch::x86_64::*;

use super::avx2::Avx2;
use super::generic::{self, Blocks, PlanesJob, ProductJob, Strip};
use super::vectors::Vectors;
use crate::layout::{
    Constants, Floats, Groups, INTERLEAVED_TAPS_LEN, Layout, NONE_LEFT_OUT, PANEL, Task, interleave_taps,
};

/// Runs `task` compiled with AVX-512: the compiler vectorises quantisation of the patch in its width.
///
/// # Safety
/// This processor has AVX2, AVX-512F and BW.
#[target_feature(enable = "avx2,avx512f,avx512bw")]
pub(super) unsafe fn run<T: Task>(task: T) -> T::Output {
    task.run::<Avx512Vnni<0>>()
}

/// 512-bit integer vectors with dot products.
///
/// Sums are requantised in single precision with `FACTORS` factors, 1 or 2, for channels whose [`Floats`] allow it, and in integers with
/// none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Avx512Vnni<const FACTORS: usize>;

impl<const FACTORS: usize> Layout for Avx512Vnni<FACTORS> {
    const STEP: usize = 4;
    const LONGEST: usize = 1;
    const WIDTH: usize = 2 * PANEL;
    const LANES: usize = 2 * PANEL;
    const BLOCK: usize = 8 * PANEL;
    const GROUPS: Groups = Groups::Single;
    const FLOATS: bool = true;
    const FLIP: u8 = Avx2::<false>::FLIP;
    const ROWS: &'static [usize] = &[8, 6];
    const ROWS_OF_FEW_INPUTS: Option<usize> = Some(4);
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
unsafe impl<const FACTORS: usize> Vectors for Avx512Vnni<FACTORS> {
    type Acc = __m512i;
    type Sum = __m512i;
    /// Four rows of sixteen channels; the four bytes of a channel are adjacent.
    type Column = __m512i;
    type Scale = Scale;
    /// `[output row][column]`.
    type Taps = [[__m512i; 3]; 2];
    const PAIRS: bool = true;

    fn together(rows: usize) -> usize {
        if rows <= 4 { 4 } else { 2 }
    }

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
            if P == 4 {
                let mut scales = [Self::scale(constants[0]); P];
                for panel in 1..P {
                    scales[panel] = Self::scale(constants[panel]);
                }
                for r in 0..R {
                    let mut sums = [acc[0][r]; 4];
                    for panel in 0..P {
                        sums[panel] = Self::requantise(acc[panel][r], scales[panel]);
                    }
                    _mm512_storeu_si512(out[r].cast(), bytes(sums));
                }
                return;
            }
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
            if FACTORS > 0 {
                const DOWNWARDS: i32 = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC;
                let x = _mm512_cvtepi32_ps(sum);
                let rest = if FACTORS == 2 { _mm512_fmadd_ps(x, scale.low, scale.offset) } else { scale.offset };
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
            match (rows, job.together, factors(job.panels[..job.together].iter().copied())) {
                (8, 2, 1) => product8x2_one(job),
                (8, 2, 2) => product8x2_two(job),
                (8, 2, _) => product8x2(job),
                (8, _, _) => product8(job),
                (6, 2, 1) => product6x2_one(job),
                (6, 2, 2) => product6x2_two(job),
                (6, 2, _) => product6x2(job),
                (6, _, _) => product6(job),
                (4, 4, 1) => product4x4_one(job),
                (4, 4, 2) => product4x4_two(job),
                (4, 4, _) => product4x4(job),
                (4, 2, _) => product4x2(job),
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
        let step = 2 * (Self::CONSTANTS_LEN + Self::TAPS_LEN);
        // SAFETY:
        // - the instructions are available;
        // - the caller guarantees the remaining conditions, among them constants of all groups of the block.
        unsafe {
            match factors((0..strip.job.block / Self::LANES).map(|group| strip.packed.add(group * step))) {
                0 => strip_integers(strip),
                1 => strip_one(strip),
                _ => strip_two(strip),
            }
        }
    }
}

// SAFETY: as for `Vectors`.
unsafe impl<const FACTORS: usize> Blocks for Avx512Vnni<FACTORS> {
    const TWO_OUTPUTS: bool = true;

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

/// Returns with how many factors single precision is exact for all groups of constants; 0 if it is not for one of them.
///
/// # Safety
/// The constants are readable and aligned to 64, and so are the [`Floats`] that follow them.
#[inline(always)]
unsafe fn factors(groups: impl Iterator<Item = *const u8>) -> usize {
    let mut most = 1;
    for constants in groups {
        // SAFETY: the caller guarantees that the floats are readable; any bits are a number.
        let (high, low) = unsafe {
            let floats = constants.cast::<Constants>().add(2).cast::<Floats>();
            ((*floats).high[0], (*floats).low[0])
        };
        if high.is_nan() {
            return 0;
        }
        if low.to_bits() != NONE_LEFT_OUT.to_bits() {
            most = 2;
        }
    }
    most
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
    ($name:ident, $rows:literal, $panels:literal, $factors:literal) => {
        #[target_feature(enable = "avx2,avx512f,avx512bw,avx512vnni")]
        #[inline(never)]
        unsafe fn $name(job: &ProductJob) {
            // SAFETY:
            // - the instructions are enabled;
            // - the caller guarantees the remaining conditions.
            unsafe { generic::product::<Avx512Vnni<$factors>, $rows, $panels>(job) }
        }
    };
}

product!(product8x2_one, 8, 2, 1);
product!(product8x2_two, 8, 2, 2);
product!(product8x2, 8, 2, 0);
product!(product8, 8, 1, 0);
product!(product6x2_one, 6, 2, 1);
product!(product6x2_two, 6, 2, 2);
product!(product6x2, 6, 2, 0);
product!(product6, 6, 1, 0);
product!(product4x4_one, 4, 4, 1);
product!(product4x4_two, 4, 4, 2);
product!(product4x4, 4, 4, 0);
product!(product4x2, 4, 2, 0);
product!(product4, 4, 1, 0);
product!(product1x4, 1, 4, 0);
product!(product1x2, 1, 2, 0);
product!(product1, 1, 1, 0);

#[target_feature(enable = "avx2,avx512f,avx512bw,avx512vnni")]
#[inline(never)]
unsafe fn planes(job: &PlanesJob) {
    // SAFETY:
    // - the instructions are enabled;
    // - the caller guarantees the remaining conditions.
    unsafe { generic::planes::<Avx512Vnni<0>>(job) }
}

/// Defines a function for a strip of a depthwise layer. Not inlined, for the reason given above.
macro_rules! strip {
    ($name:ident, $factors:literal) => {
        #[target_feature(enable = "avx2,avx512f,avx512bw,avx512vnni")]
        #[inline(never)]
        unsafe fn $name(strip: &Strip) {
            type Isa = Avx512Vnni<$factors>;
            // SAFETY:
            // - the instructions are enabled;
            // - the caller guarantees the remaining conditions.
            unsafe {
                if strip.job.block == Isa::LANES { generic::strip::<Isa>(strip) } else { generic::block::<Isa>(strip) }
            }
        }
    };
}

strip!(strip_one, 1);
strip!(strip_two, 2);
strip!(strip_integers, 0);
