//! A step of the product for six positions by two panels, in assembly: the compiler would load the inputs of all positions first and
//! spill the sums.
//!
//! All sixteen registers: twelve sums, the weights of two panels, and the inputs of two positions in turn.

use core::arch::asm;
use core::arch::x86_64::*;

/// Positions of a tile.
pub(super) const TILE: usize = 6;

/// Instructions for one position at address `$at`: broadcasts its four bytes and adds their products to the sums of both panels.
macro_rules! position {
    ($temporary:literal, $at:literal, $first:literal, $second:literal) => {
        concat!(
            "vpbroadcastd {",
            $temporary,
            "}, dword ptr [{start}",
            $at,
            "]\n",
            "{{vex}} vpdpbusd {",
            $first,
            "}, {",
            $temporary,
            "}, {w0}\n",
            "{{vex}} vpdpbusd {",
            $second,
            "}, {",
            $temporary,
            "}, {w1}\n",
        )
    };
}

/// Adds a step to the sums of a tile.
///
/// # Safety
/// - AVX2 and AVX-VNNI are available;
/// - four bytes are readable at `start` and at each multiple of `step` after it, up to the last position;
/// - both `weights` are readable for 32 bytes.
#[target_feature(enable = "avx2,avxvnni")]
#[inline]
pub(super) unsafe fn six([a, b]: &mut [[__m256i; TILE]; 2], start: *const u8, step: usize, weights: [*const u8; 2]) {
    // SAFETY:
    // - the caller guarantees the instructions and the reads;
    // - only the named registers are written; flags and stack are unchanged.
    unsafe {
        asm!(
            "vmovdqu {w0}, [{weights0}]",
            "vmovdqu {w1}, [{weights1}]",
            position!("t0", "", "a0", "b0"),
            position!("t1", " + {step}", "a1", "b1"),
            position!("t0", " + 2*{step}", "a2", "b2"),
            position!("t1", " + {three}", "a3", "b3"),
            position!("t0", " + 4*{step}", "a4", "b4"),
            position!("t1", " + {five}", "a5", "b5"),
            start = in(reg) start,
            step = in(reg) step,
            three = in(reg) 3 * step,
            five = in(reg) 5 * step,
            weights0 = in(reg) weights[0],
            weights1 = in(reg) weights[1],
            w0 = out(ymm_reg) _,
            w1 = out(ymm_reg) _,
            t0 = out(ymm_reg) _,
            t1 = out(ymm_reg) _,
            a0 = inout(ymm_reg) a[0],
            a1 = inout(ymm_reg) a[1],
            a2 = inout(ymm_reg) a[2],
            a3 = inout(ymm_reg) a[3],
            a4 = inout(ymm_reg) a[4],
            a5 = inout(ymm_reg) a[5],
            b0 = inout(ymm_reg) b[0],
            b1 = inout(ymm_reg) b[1],
            b2 = inout(ymm_reg) b[2],
            b3 = inout(ymm_reg) b[3],
            b4 = inout(ymm_reg) b[4],
            b5 = inout(ymm_reg) b[5],
            options(readonly, nostack, preserves_flags),
        );
    }
}
