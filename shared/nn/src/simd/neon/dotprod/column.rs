//! A column of pixels for the depthwise kernel, with rows interleaved so that a channel's bytes are in one lane of `sdot`. In
//! assembly, because the compiler generates twice as many instructions.

use core::arch::aarch64::*;
use core::arch::asm;

/// Returns four rows of channels 0 to 3, and of channels 4 to 7. With three rows, the last is used twice, the second time with
/// a weight of zero.
///
/// # Safety
/// - NEON is available;
/// - eight bytes are readable at `pixel` and at each multiple of `step` after it, `ROWS` (3 or 4) in all.
#[inline(always)]
pub(super) unsafe fn interleaved<const ROWS: usize>(pixel: *const u8, step: usize) -> [int8x16_t; 2] {
    let (low, high);
    // SAFETY:
    // - the caller guarantees the reads;
    // - only the named registers are written; flags and stack are unchanged.
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
