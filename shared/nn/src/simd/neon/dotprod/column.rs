//! A column of pixels for the depthwise kernel: rows interleaved, so that a channel's bytes lie in one lane of `sdot`. In
//! assembly, as the compiler takes twice the instructions.

use core::arch::aarch64::*;
use core::arch::asm;

/// Eight channels of four rows, those of channels 0 to 3 and of 4 to 7; of three rows, the last one comes twice (and its
/// second weight is zero).
///
/// # Safety
/// NEON is there; eight bytes are readable at `pixel` and at each multiple of `step` after it, `ROWS` (3 or 4) in all.
#[inline(always)]
pub unsafe fn interleaved<const ROWS: usize>(pixel: *const u8, step: usize) -> [int8x16_t; 2] {
    let (low, high);
    // SAFETY:
    // - the caller promises the reads;
    // - nothing is written but the named registers; no flags and no stack are touched.
    unsafe {
        asm!(
            "ldr {low:d}, [{pixel}]",
            "ldr {r1:d}, [{pixel}, {step}]",
            "ldr {r2:d}, [{pixel}, {two}]",
            "ldr {r3:d}, [{pixel}, {last}]",
            "zip1 {low:v}.16b, {low:v}.16b, {r1:v}.16b",
            "zip1 {r2:v}.16b, {r2:v}.16b, {r3:v}.16b",
            "zip2 {high:v}.8h, {low:v}.8h, {r2:v}.8h",
            "zip1 {low:v}.8h, {low:v}.8h, {r2:v}.8h",
            pixel = in(reg) pixel,
            step = in(reg) step,
            two = in(reg) 2 * step,
            last = in(reg) (ROWS - 1) * step,
            low = out(vreg) low,
            high = lateout(vreg) high,
            r1 = out(vreg) _,
            r2 = out(vreg) _,
            r3 = out(vreg) _,
            options(pure, readonly, nostack, preserves_flags),
        );
    }
    [low, high]
}
