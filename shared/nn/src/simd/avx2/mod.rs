//! AVX2, for x86-64 processors since 2013 (Intel Haswell) and 2015 (AMD Excavator).
//!
//! `vpmaddubsw` multiplies 32 unsigned by 32 signed bytes and adds adjacent products in 16 bits; the packer guarantees that
//! neither these sums nor those of a group overflow. `vpmaddwd` with ones widens a group into eight 32-bit sums. Most sums are
//! requantised by one multiply-add in single precision, which all processors with AVX2 have.

mod group;

use core::arch::x86_64::*;

use super::generic::{self, PlanesJob, ProductJob, Strip};
use super::vectors::Vectors;
use crate::layout::{Constants, Groups, Layout, Line, PANEL, Task};

/// Runs `task` with the layout `L`, compiled with AVX2: the compiler vectorises the packer's search, and quantisation of the
/// patch, in twice the width.
///
/// # Safety
/// This processor has AVX2.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn run<L: Layout, T: Task>(task: T) -> T::Output {
    task.run::<L>()
}

/// 256-bit integer vectors.
///
/// With `LINE`, sums are requantised in single precision; only for channels whose [`Line`] is not NaN.
#[derive(Clone, Copy, Debug)]
pub(super) struct Avx2<const LINE: bool>;

impl<const LINE: bool> Layout for Avx2<LINE> {
    const STEP: usize = 4;
    const WIDTH: usize = PANEL;
    const LONGEST: usize = 4;
    const GROUPS: Groups = Groups::Pairs;
    const LINES: bool = true;
    const FLIP: u8 = 0x80;
    const ROWS: &'static [usize] = &[8, 6];
    const TAPS_LEN: usize = 384;

    fn weight_index(channel: usize, byte: usize) -> usize {
        4 * channel + byte
    }

    fn pack_taps(taps: &[[[i8; PANEL]; 9]], out: &mut [u8]) {
        let taps = taps.first().unwrap_or(&[[0; PANEL]; 9]);
        // For each output row and each column of taps: the pairs for rows 0 and 1, and for rows 2 and 3.
        let pairs = [[[Some(0), Some(1)], [Some(2), None]], [[None, Some(0)], [Some(1), Some(2)]]];
        let mut places = out.chunks_exact_mut(2);
        let mut put = |weight: i16| {
            if let Some(place) = places.next() {
                place.copy_from_slice(&weight.to_le_bytes());
            }
        };
        for row in pairs {
            for (column, pair) in [0, 1, 2].into_iter().flat_map(|column| row.map(|pair| (column, pair))) {
                let weight = |lane: usize, tap: Option<usize>| tap.map_or(0, |tap| taps[3 * tap + column][lane]);
                (0..PANEL).for_each(|lane| pair.iter().for_each(|&tap| put(i16::from(weight(lane, tap)))));
            }
        }
    }
}

/// Returns whether single precision is exact for the eight channels of `constants`.
///
/// # Safety
/// The constants and the [`Line`] that follows them are readable and aligned to 64.
#[inline(always)]
pub(super) unsafe fn is_exact(constants: *const u8) -> bool {
    // SAFETY: the caller guarantees that the line is readable; any bits are a number.
    !unsafe { (*constants.cast::<Constants>().add(1).cast::<Line>()).factors[0] }.is_nan()
}

// SAFETY:
// - every function uses AVX2 (and what it implies) and FMA, which `Isa::is_available` checks before any is called;
// - `product` and `planes` enable them for all that is inlined into them;
// - no function accesses more memory than the sizes of its `Layout` state.
unsafe impl<const LINE: bool> Vectors for Avx2<LINE> {
    type Acc = __m256i;
    type Sum = __m256i;
    /// Rows 0 and 1, and rows 2 and 3, each pair interleaved and widened to 16 bits.
    type Column = (__m256i, __m256i);
    type Scale = *const Constants;
    type Taps = *const u8;
    const PAIRS: bool = true;

    #[inline(always)]
    unsafe fn start(constants: *const Constants) -> __m256i {
        // SAFETY:
        // - AVX2 is available;
        // - the constants are readable and aligned to 64.
        unsafe { _mm256_load_si256((&raw const (*constants).bias).cast()) }
    }

    #[inline(always)]
    unsafe fn group<const R: usize, const L: usize>(
        acc: &mut [__m256i; R],
        input: *const u8,
        input_step: usize,
        offsets: *const u16,
        weights: *const u8,
    ) {
        // SAFETY:
        // - AVX2 is available;
        // - the caller guarantees `L` offsets, 32 aligned bytes of weights for each, and four bytes of input at each.
        unsafe {
            let mut starts = [input; L];
            for (step, start) in starts.iter_mut().enumerate() {
                *start = input.add(usize::from(*offsets.add(step)));
            }
            if let Ok(acc) = <&mut [__m256i; 8]>::try_from(&mut acc[..]) {
                return group::eight(acc, starts, input_step, weights);
            }
            if let Ok(acc) = <&mut [__m256i; 6]>::try_from(&mut acc[..]) {
                return group::six(acc, starts, input_step, weights);
            }
            let ones = _mm256_set1_epi16(1);
            let mut vectors = [_mm256_setzero_si256(); L];
            for (step, vector) in vectors.iter_mut().enumerate() {
                *vector = _mm256_load_si256(weights.add(32 * step).cast());
            }
            for (r, acc) in acc.iter_mut().enumerate() {
                let mut narrow = _mm256_maddubs_epi16(quad(starts[0], r * input_step), vectors[0]);
                for step in 1..L {
                    let more = _mm256_maddubs_epi16(quad(starts[step], r * input_step), vectors[step]);
                    narrow = _mm256_add_epi16(narrow, more);
                }
                *acc = _mm256_add_epi32(*acc, _mm256_madd_epi16(narrow, ones));
            }
        }
    }

    #[inline(always)]
    fn prefetch(address: *const u8) {
        // SAFETY:
        // - every x86-64 processor has prefetch instructions;
        // - a prefetch never faults and changes no memory or register.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) }
    }

    #[inline(always)]
    unsafe fn finish<const R: usize>(acc: [Self::Acc; R], constants: *const Constants, out: [*mut u8; R]) {
        // SAFETY: the caller upholds this function's safety contract.
        unsafe { generic::finish::<Self, R>(acc, constants, out) }
    }

    #[inline(always)]
    unsafe fn scale(constants: *const Constants) -> *const Constants {
        constants
    }

    #[inline(always)]
    unsafe fn requantise(sum: __m256i, constants: *const Constants) -> __m256i {
        // SAFETY:
        // - AVX2 and FMA are available;
        // - the constants and the line are readable and aligned to 64.
        unsafe {
            if LINE {
                let line = constants.add(1).cast::<Line>();
                let factors = _mm256_load_ps((&raw const (*line).factors).cast());
                let offsets = _mm256_load_ps((&raw const (*line).offsets).cast());
                return _mm256_cvttps_epi32(_mm256_fmadd_ps(_mm256_cvtepi32_ps(sum), factors, offsets));
            }
            let load = |part: *const i32| _mm256_load_si256(part.cast());
            let mantissa = load((&raw const (*constants).mantissa).cast());
            let even = _mm256_mul_epi32(sum, mantissa);
            let odd = _mm256_mul_epi32(_mm256_srli_epi64::<32>(sum), _mm256_srli_epi64::<32>(mantissa));
            let even = _mm256_add_epi64(even, load((&raw const (*constants).round_even).cast()));
            let odd = _mm256_add_epi64(odd, load((&raw const (*constants).round_odd).cast()));
            let high = _mm256_blend_epi32::<0b1010_1010>(_mm256_srli_epi64::<32>(even), odd);
            _mm256_srav_epi32(high, load((&raw const (*constants).shift).cast()))
        }
    }

    #[inline(always)]
    unsafe fn store<const R: usize>(sums: [__m256i; R], out: [*mut u8; R]) {
        // SAFETY:
        // - AVX2 is available;
        // - each pointer is writable for eight bytes.
        unsafe {
            let mut r = 0;
            while r + 2 <= R {
                store_pair(sums[r], sums[r + 1], out[r], out[r + 1]);
                r += 2;
            }
            if r < R {
                let bytes = bytes(sums[r], sums[r]);
                _mm_storel_epi64(out[r].cast(), bytes);
            }
        }
    }

    #[inline(always)]
    unsafe fn column<const ROWS: usize>(pixel: *const u8, row_step: usize) -> Self::Column {
        // SAFETY:
        // - AVX2 is available;
        // - eight bytes are readable at each row.
        unsafe {
            let row = |row: usize| _mm_loadl_epi64(pixel.add(row * row_step).cast());
            let last = if ROWS == 4 { row(3) } else { _mm_setzero_si128() };
            (
                _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(row(0), row(1))),
                _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(row(2), last)),
            )
        }
    }

    #[inline(always)]
    unsafe fn load_taps(taps: *const u8) -> Self::Taps {
        taps
    }

    #[inline(always)]
    unsafe fn taps<const ROW: usize>(columns: [Self::Column; 3], taps: *const u8, scale: Self::Scale) -> __m256i {
        // SAFETY:
        // - AVX2 is available;
        // - taps and constants are readable and aligned to 32.
        unsafe {
            let tap = |index: usize| _mm256_load_si256(taps.cast::<__m256i>().add(6 * ROW + index));
            let mut sums = [_mm256_setzero_si256(); 3];
            for (column, sum) in sums.iter_mut().enumerate() {
                let (upper, lower) = columns[column];
                let upper = _mm256_madd_epi16(upper, tap(2 * column));
                *sum = _mm256_add_epi32(upper, _mm256_madd_epi16(lower, tap(2 * column + 1)));
            }
            let sum = _mm256_add_epi32(_mm256_add_epi32(sums[0], sums[1]), sums[2]);
            _mm256_add_epi32(sum, Self::start(scale))
        }
    }

    #[inline(always)]
    unsafe fn taps_of_two<const ROW: usize, const STRIDE: usize>(
        columns: [Self::Column; 5],
        taps: *const u8,
        constants: *const Constants,
    ) -> [__m256i; 2] {
        // SAFETY:
        // - AVX2 is available;
        // - taps and constants are readable and aligned to 32.
        unsafe {
            let mut sums = [Self::start(constants); 2];
            for column in 0..3 {
                let tap = taps.cast::<__m256i>().add(6 * ROW + 2 * column);
                let (upper, lower) = (_mm256_load_si256(tap), _mm256_load_si256(tap.add(1)));
                for (pixel, sum) in sums.iter_mut().enumerate() {
                    let rows = columns[pixel * STRIDE + column];
                    *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(rows.0, upper));
                    *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(rows.1, lower));
                }
            }
            sums
        }
    }

    unsafe fn product(rows: usize, job: &ProductJob) {
        // SAFETY:
        // - AVX2 and FMA are available;
        // - the caller guarantees the remaining conditions, among them readable constants.
        unsafe {
            match (rows, is_exact(job.panels[0])) {
                (8, true) => product8_line(job),
                (8, false) => product8(job),
                (6, true) => product6_line(job),
                (6, false) => product6(job),
                _ => product1(job),
            }
        }
    }

    unsafe fn planes(job: &PlanesJob) {
        // SAFETY:
        // - AVX2 and FMA are available;
        // - the caller guarantees the remaining conditions.
        unsafe { planes(job) }
    }

    #[inline(always)]
    unsafe fn strip(strip: &Strip) {
        // SAFETY:
        // - AVX2 and FMA are available;
        // - the caller guarantees the remaining conditions, among them readable constants.
        unsafe { if is_exact(strip.packed) { strip_line(strip) } else { strip_integers(strip) } }
    }
}

/// Broadcasts four bytes to eight lanes.
///
/// # Safety
/// - AVX2 is available;
/// - four bytes at `start + offset` are readable.
#[inline(always)]
unsafe fn quad(start: *const u8, offset: usize) -> __m256i {
    // SAFETY: the caller upholds this function's safety contract.
    unsafe { _mm256_set1_epi32(start.add(offset).cast::<i32>().read_unaligned()) }
}

/// Returns eight clamped bytes of `a`, then eight of `b`.
///
/// # Safety
/// AVX2 is available.
#[inline(always)]
unsafe fn bytes(a: __m256i, b: __m256i) -> __m128i {
    // SAFETY: AVX2 is available.
    unsafe {
        // Within each half: four of `a`, four of `b`.
        let words = _mm256_packs_epi32(a, b);
        let halves = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256::<1>(words));
        _mm_shuffle_epi32::<0b11_01_10_00>(halves)
    }
}

/// Stores eight clamped bytes of `a` at `to_a`, and eight of `b` at `to_b`.
///
/// # Safety
/// - AVX2 is available;
/// - both pointers are writable for eight bytes.
#[inline(always)]
unsafe fn store_pair(a: __m256i, b: __m256i, to_a: *mut u8, to_b: *mut u8) {
    // SAFETY: the caller upholds this function's safety contract.
    unsafe {
        let bytes = bytes(a, b);
        _mm_storel_epi64(to_a.cast(), bytes);
        _mm_storeh_pd(to_b.cast(), _mm_castsi128_pd(bytes));
    }
}

/// Defines a function for tiles of some positions. Not inlined: in combination with other code, the compiler runs out of registers
/// and spills the sums.
macro_rules! product {
    ($name:ident, $rows:literal, $line:literal) => {
        #[target_feature(enable = "avx2,fma")]
        #[inline(never)]
        unsafe fn $name(job: &ProductJob) {
            // SAFETY:
            // - AVX2 and FMA are enabled;
            // - the caller guarantees the remaining conditions.
            unsafe { generic::product::<Avx2<$line>, $rows, 1>(job) }
        }
    };
}

product!(product8_line, 8, true);
product!(product8, 8, false);
product!(product6_line, 6, true);
product!(product6, 6, false);
product!(product1, 1, false);

#[target_feature(enable = "avx2,fma")]
#[inline(never)]
unsafe fn planes(job: &PlanesJob) {
    // SAFETY:
    // - AVX2 and FMA are enabled;
    // - the caller guarantees the remaining conditions.
    unsafe { generic::planes::<Avx2<false>>(job) }
}

// Not inlined, for the reason given above.

#[target_feature(enable = "avx2,fma")]
#[inline(never)]
unsafe fn strip_line(strip: &Strip) {
    // SAFETY:
    // - AVX2 and FMA are enabled;
    // - the caller guarantees the remaining conditions.
    unsafe { generic::strip::<Avx2<true>>(strip) }
}

#[target_feature(enable = "avx2,fma")]
#[inline(never)]
unsafe fn strip_integers(strip: &Strip) {
    // SAFETY:
    // - AVX2 and FMA are enabled;
    // - the caller guarantees the remaining conditions.
    unsafe { generic::strip::<Avx2<false>>(strip) }
}
