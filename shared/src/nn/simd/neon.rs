//! NEON: every 64-bit Arm processor, such as the Raspberry Pi 3 and 4.
//!
//! Bytes are signed here (there is no unsigned by signed product). [`Neon`] is for processors without dot products: `smull`
//! and `smlal2` add two products of signed bytes in 16 bits, which is exact as weights are at least -127
//! (2 * 128 * 127 = 32512), and `sadalp` widens; each channel has its own vector of sums, added up at the end.
//! [`NeonDotprod`] has `sdot`, four products into 32 bits, eight channels by four inputs at a time.

use core::arch::aarch64::*;
use core::arch::asm;

use super::generic::{self, PlanesJob, ProductJob};
use super::vectors::{Constants, Vectors};
use crate::nn::plan::PANEL;

/// What both kinds share: eight sums are two vectors.
type Sum = [int32x4_t; 2];
/// Four rows of eight signed bytes, widened.
type Column = [int16x8_t; 4];

/// 128-bit vectors.
#[derive(Clone, Copy, Debug)]
pub struct Neon;

/// 128-bit vectors with dot products of bytes (the Raspberry Pi 5).
#[derive(Clone, Copy, Debug)]
pub struct NeonDotprod;

/// Everything but the products.
macro_rules! shared {
    () => {
        const PAIRS: bool = false;
        const LONGEST: usize = 1;
        const FLIP: u8 = 0;
        const TAPS_LEN: usize = 192;
        const STEP: usize = 16;
        const WIDTH: usize = PANEL;

        type Sum = Sum;
        type Column = Column;

        #[inline(always)]
        unsafe fn requantise(sum: Sum, constants: *const Constants) -> Sum {
            // SAFETY: as this function's.
            unsafe { requantise(sum, constants) }
        }

        #[inline(always)]
        unsafe fn store<const R: usize>(sums: [Sum; R], out: [*mut u8; R]) {
            for (sum, out) in sums.into_iter().zip(out) {
                // SAFETY: as this function's.
                unsafe { store(sum, out) }
            }
        }

        #[inline(always)]
        unsafe fn column<const ROWS: usize>(pixel: *const u8, row_step: usize) -> Column {
            // SAFETY: NEON is there; eight bytes are readable at each row.
            unsafe {
                let mut column = [vdupq_n_s16(0); 4];
                for (row, values) in column.iter_mut().enumerate().take(ROWS) {
                    *values = vmovl_s8(vld1_s8(pixel.add(row * row_step).cast()));
                }
                column
            }
        }

        #[inline(always)]
        unsafe fn taps<const ROW: usize>(columns: [Column; 3], taps: *const u8) -> Sum {
            // SAFETY: NEON is there; the taps are readable.
            unsafe {
                let mut sum = [vdupq_n_s32(0); 2];
                for row in 0..3 {
                    for (column, values) in columns.iter().enumerate() {
                        let tap = vld1q_s16(taps.add(16 * (3 * row + column)).cast());
                        sum[0] = vmlal_s16(sum[0], vget_low_s16(values[row + ROW]), vget_low_s16(tap));
                        sum[1] = vmlal_high_s16(sum[1], values[row + ROW], tap);
                    }
                }
                sum
            }
        }

        unsafe fn planes(job: &PlanesJob) {
            // SAFETY: as this function's; NEON is part of the target.
            unsafe { planes::<Self>(job) }
        }
    };
}

#[inline(never)]
unsafe fn planes<V: Vectors>(job: &PlanesJob) {
    // SAFETY: as this function's.
    unsafe { generic::planes::<V>(job) }
}

/// `(sum * mantissa + round) >> (32 + shift)` as `vectors` says.
///
/// # Safety
/// NEON is there; the constants are readable.
#[inline(always)]
unsafe fn requantise(sum: Sum, constants: *const Constants) -> Sum {
    // SAFETY: as this function's.
    unsafe {
        let mut out = sum;
        for half in 0..2 {
            let part = |field: *const i32| vld1q_s32(field.add(4 * half));
            let sum = vaddq_s32(sum[half], part((&raw const (*constants).bias).cast()));
            let mantissa = part((&raw const (*constants).mantissa).cast());
            // Products of lanes 0 and 1, 2 and 3; the roundings are stored even and odd lanes apart.
            let even = vld1q_s64((&raw const (*constants).round_even).cast::<i64>().add(2 * half));
            let odd = vld1q_s64((&raw const (*constants).round_odd).cast::<i64>().add(2 * half));
            let low = vmlal_s32(vzip1q_s64(even, odd), vget_low_s32(sum), vget_low_s32(mantissa));
            let high = vmlal_high_s32(vzip2q_s64(even, odd), sum, mantissa);
            let words = vuzp2q_s32(vreinterpretq_s32_s64(low), vreinterpretq_s32_s64(high));
            out[half] = vshlq_s32(words, vnegq_s32(part((&raw const (*constants).shift).cast())));
        }
        out
    }
}

/// Clamps to 0..=255 and stores as signed bytes.
///
/// # Safety
/// NEON is there; eight bytes are writable.
#[inline(always)]
unsafe fn store(sum: Sum, out: *mut u8) {
    // SAFETY: as this function's.
    unsafe {
        let words = vcombine_s16(vqmovn_s32(sum[0]), vqmovn_s32(sum[1]));
        vst1_u8(out, veor_u8(vqmovun_s16(words), vdup_n_u8(0x80)));
    }
}

// SAFETY: NEON is part of every aarch64 target that is not bare metal without floats; `Isa::is_available` asks for it.
unsafe impl Vectors for Neon {
    shared!();
    const ROWS: &'static [usize] = &[3];

    /// One vector of partial sums per channel.
    type Acc = [int32x4_t; PANEL];

    fn weight_index(channel: usize, byte: usize) -> usize {
        16 * channel + byte
    }

    #[inline(always)]
    unsafe fn zero() -> Self::Acc {
        // SAFETY: NEON is there.
        unsafe { [vdupq_n_s32(0); PANEL] }
    }

    #[inline(always)]
    unsafe fn group<const R: usize, const L: usize>(
        acc: &mut [Self::Acc; R],
        input: *const u8,
        input_step: usize,
        offsets: *const u16,
        weights: *const u8,
    ) {
        // SAFETY: NEON is there; the caller promises the reads.
        unsafe {
            let input = input.add(usize::from(*offsets));
            if R == 3 {
                step_of_three(acc.as_mut_ptr().cast(), input, input_step, weights);
                return;
            }
            for (r, acc) in acc.iter_mut().enumerate() {
                let values = vld1q_s8(input.add(r * input_step).cast());
                for (channel, acc) in acc.iter_mut().enumerate() {
                    let weights = vld1q_s8(weights.add(16 * channel).cast());
                    let low = vmull_s8(vget_low_s8(values), vget_low_s8(weights));
                    *acc = vpadalq_s16(*acc, vmlal_high_s8(low, values, weights));
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn finish<const R: usize>(acc: [Self::Acc; R], constants: *const Constants, out: [*mut u8; R]) {
        // SAFETY: as this function's.
        unsafe {
            let mut sums = [across(acc[0]); R];
            for r in 1..R {
                sums[r] = across(acc[r]);
            }
            generic::finish::<Self, R>(sums, constants, out)
        }
    }

    unsafe fn product(rows: usize, job: &ProductJob) {
        // SAFETY: as this function's.
        unsafe {
            match rows {
                3 => neon_product3(job),
                _ => neon_product1(job),
            }
        }
    }
}

/// One channel of a step of three positions, in assembly.
macro_rules! channel {
    ($at:literal, $first:literal, $second:literal, $third:literal) => {
        concat!(
            "ldr {w:q}, [{weights}, #",
            $at,
            "]\n",
            "smull {t0:v}.8h, {x0:v}.8b, {w:v}.8b\n",
            "smull {t1:v}.8h, {x1:v}.8b, {w:v}.8b\n",
            "smull {t2:v}.8h, {x2:v}.8b, {w:v}.8b\n",
            "smlal2 {t0:v}.8h, {x0:v}.16b, {w:v}.16b\n",
            "smlal2 {t1:v}.8h, {x1:v}.16b, {w:v}.16b\n",
            "smlal2 {t2:v}.8h, {x2:v}.16b, {w:v}.16b\n",
            "sadalp {",
            $first,
            ":v}.4s, {t0:v}.8h\n",
            "sadalp {",
            $second,
            ":v}.4s, {t1:v}.8h\n",
            "sadalp {",
            $third,
            ":v}.4s, {t2:v}.8h",
        )
    };
}

/// A step of three positions, in assembly: the compiler spills sums in what it makes of the intrinsics.
///
/// # Safety
/// - NEON is there; `acc` points to the sums of three positions;
/// - 16 bytes are readable at `input`, and one and two times `input_step` after it, and 128 at `weights`.
#[inline(always)]
unsafe fn step_of_three(acc: *mut [int32x4_t; PANEL], input: *const u8, input_step: usize, weights: *const u8) {
    // SAFETY:
    // - the caller promises the instructions and the reads;
    // - nothing is written but the named registers; no flags and no stack are touched.
    unsafe {
        let acc = &mut *acc.cast::<[[int32x4_t; PANEL]; 3]>();
        asm!(
            "ldr {x0:q}, [{input}]",
            "ldr {x1:q}, [{input}, {step}]",
            "ldr {x2:q}, [{third}]",
            channel!("0", "a00", "a10", "a20"),
            channel!("16", "a01", "a11", "a21"),
            channel!("32", "a02", "a12", "a22"),
            channel!("48", "a03", "a13", "a23"),
            channel!("64", "a04", "a14", "a24"),
            channel!("80", "a05", "a15", "a25"),
            channel!("96", "a06", "a16", "a26"),
            channel!("112", "a07", "a17", "a27"),
            input = in(reg) input,
            step = in(reg) input_step,
            third = in(reg) input.add(2 * input_step),
            weights = in(reg) weights,
            x0 = out(vreg) _,
            x1 = out(vreg) _,
            x2 = out(vreg) _,
            w = out(vreg) _,
            t0 = out(vreg) _,
            t1 = out(vreg) _,
            t2 = out(vreg) _,
            a00 = inout(vreg) acc[0][0],
            a01 = inout(vreg) acc[0][1],
            a02 = inout(vreg) acc[0][2],
            a03 = inout(vreg) acc[0][3],
            a04 = inout(vreg) acc[0][4],
            a05 = inout(vreg) acc[0][5],
            a06 = inout(vreg) acc[0][6],
            a07 = inout(vreg) acc[0][7],
            a10 = inout(vreg) acc[1][0],
            a11 = inout(vreg) acc[1][1],
            a12 = inout(vreg) acc[1][2],
            a13 = inout(vreg) acc[1][3],
            a14 = inout(vreg) acc[1][4],
            a15 = inout(vreg) acc[1][5],
            a16 = inout(vreg) acc[1][6],
            a17 = inout(vreg) acc[1][7],
            a20 = inout(vreg) acc[2][0],
            a21 = inout(vreg) acc[2][1],
            a22 = inout(vreg) acc[2][2],
            a23 = inout(vreg) acc[2][3],
            a24 = inout(vreg) acc[2][4],
            a25 = inout(vreg) acc[2][5],
            a26 = inout(vreg) acc[2][6],
            a27 = inout(vreg) acc[2][7],
            options(readonly, nostack, preserves_flags),
        );
    }
}

/// One sum per channel from a vector of partial sums of each.
///
/// # Safety
/// NEON is there.
#[inline(always)]
unsafe fn across(acc: [int32x4_t; PANEL]) -> Sum {
    // SAFETY: as this function's.
    unsafe {
        let four = |first: usize| {
            let pairs = [0, 2].map(|pair| vpaddq_s32(acc[first + pair], acc[first + pair + 1]));
            vpaddq_s32(pairs[0], pairs[1])
        };
        [four(0), four(4)]
    }
}

#[inline(never)]
unsafe fn neon_product3(job: &ProductJob) {
    // SAFETY: as this function's.
    unsafe { generic::product::<Neon, 3>(job) }
}

#[inline(never)]
unsafe fn neon_product1(job: &ProductJob) {
    // SAFETY: as this function's.
    unsafe { generic::product::<Neon, 1>(job) }
}

// SAFETY: uses `sdot`, which `Isa::is_available` asks for; the functions that hold it enable it.
unsafe impl Vectors for NeonDotprod {
    shared!();
    const ROWS: &'static [usize] = &[6];

    type Acc = Sum;

    fn weight_index(channel: usize, byte: usize) -> usize {
        32 * (byte / 4) + 4 * channel + byte % 4
    }

    #[inline(always)]
    unsafe fn zero() -> Sum {
        // SAFETY: NEON is there.
        unsafe { [vdupq_n_s32(0); 2] }
    }

    #[inline(always)]
    unsafe fn group<const R: usize, const L: usize>(
        acc: &mut [Sum; R],
        input: *const u8,
        input_step: usize,
        offsets: *const u16,
        weights: *const u8,
    ) {
        // SAFETY: NEON with dot products is there; the caller promises the reads.
        unsafe {
            let input = input.add(usize::from(*offsets));
            let mut values = [vdupq_n_s8(0); R];
            for (r, values) in values.iter_mut().enumerate() {
                *values = vld1q_s8(input.add(r * input_step).cast());
            }
            macro_rules! quad {
                ($lane:literal) => {
                    let low = vld1q_s8(weights.add(32 * $lane).cast());
                    let high = vld1q_s8(weights.add(32 * $lane + 16).cast());
                    for (acc, values) in acc.iter_mut().zip(values) {
                        acc[0] = dot::<$lane>(acc[0], low, values);
                        acc[1] = dot::<$lane>(acc[1], high, values);
                    }
                };
            }
            quad!(0);
            quad!(1);
            quad!(2);
            quad!(3);
        }
    }

    #[inline(always)]
    unsafe fn finish<const R: usize>(acc: [Self::Acc; R], constants: *const Constants, out: [*mut u8; R]) {
        // SAFETY: as this function's.
        unsafe { generic::finish::<Self, R>(acc, constants, out) }
    }

    unsafe fn product(rows: usize, job: &ProductJob) {
        // SAFETY: as this function's.
        unsafe {
            match rows {
                6 => dotprod_product6(job),
                _ => dotprod_product1(job),
            }
        }
    }
}

/// `sdot` with lane `LANE` of `values`. In assembly, as the intrinsic is not stable.
///
/// # Safety
/// The processor has dot products, and they are enabled in the caller.
#[inline(always)]
unsafe fn dot<const LANE: i32>(sum: int32x4_t, weights: int8x16_t, values: int8x16_t) -> int32x4_t {
    let mut sum = sum;
    // SAFETY: the instruction is there; it touches no memory and no flags.
    unsafe {
        asm!(
            "sdot {sum:v}.4s, {weights:v}.16b, {values:v}.4b[{lane}]",
            sum = inout(vreg) sum,
            weights = in(vreg) weights,
            values = in(vreg) values,
            lane = const LANE,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sum
}

#[target_feature(enable = "dotprod")]
#[inline(never)]
unsafe fn dotprod_product6(job: &ProductJob) {
    // SAFETY: as this function's.
    unsafe { generic::product::<NeonDotprod, 6>(job) }
}

#[target_feature(enable = "dotprod")]
#[inline(never)]
unsafe fn dotprod_product1(job: &ProductJob) {
    // SAFETY: as this function's.
    unsafe { generic::product::<NeonDotprod, 1>(job) }
}
