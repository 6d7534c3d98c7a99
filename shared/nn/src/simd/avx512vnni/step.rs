//! A step of the product for twelve positions by two panels, in assembly: the compiler would load the inputs of all positions first
//! and spill the sums, which costs a third of the speed.
//!
//! 28 of the 32 registers: 24 sums, the weights of two panels, and the inputs of two positions in turn.

use core::arch::asm;
use core::arch::x86_64::*;

/// Positions of a tile.
pub(super) const TILE: usize = 12;

/// Instructions for one position at address `$at`: broadcasts its four bytes and adds their products to the sums of both panels.
macro_rules! position {
    ($temporary:literal, $at:literal, $first:literal, $second:literal) => {
        concat!(
            "vpbroadcastd {",
            $temporary,
            "}, dword ptr [",
            $at,
            "]\n",
            "vpdpbusd {",
            $first,
            "}, {",
            $temporary,
            "}, {w0}\n",
            "vpdpbusd {",
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
/// - AVX-512F and VNNI are available;
/// - four bytes are readable at `start` and at each multiple of `step` after it, up to the last position;
/// - both `weights` are readable for 64 bytes.
#[target_feature(enable = "avx512f,avx512vnni")]
#[inline]
pub(super) unsafe fn twelve([a, b]: &mut [[__m512i; TILE]; 2], start: *const u8, step: usize, weights: [*const u8; 2]) {
    // SAFETY:
    // - the caller guarantees the instructions and the reads;
    // - only the named registers are written; flags and stack are unchanged.
    unsafe {
        asm!(
            "vmovdqu64 {w0}, [{weights0}]",
            "vmovdqu64 {w1}, [{weights1}]",
            position!("t0", "{start}", "a0", "b0"),
            position!("t1", "{start} + {step}", "a1", "b1"),
            position!("t0", "{start} + 2*{step}", "a2", "b2"),
            position!("t1", "{start} + {three}", "a3", "b3"),
            position!("t0", "{start} + 4*{step}", "a4", "b4"),
            position!("t1", "{start} + {five}", "a5", "b5"),
            position!("t0", "{sixth}", "a6", "b6"),
            position!("t1", "{sixth} + {step}", "a7", "b7"),
            position!("t0", "{sixth} + 2*{step}", "a8", "b8"),
            position!("t1", "{sixth} + {three}", "a9", "b9"),
            position!("t0", "{sixth} + 4*{step}", "a10", "b10"),
            position!("t1", "{sixth} + {five}", "a11", "b11"),
            start = in(reg) start,
            sixth = in(reg) start.add(6 * step),
            step = in(reg) step,
            three = in(reg) 3 * step,
            five = in(reg) 5 * step,
            weights0 = in(reg) weights[0],
            weights1 = in(reg) weights[1],
            w0 = out(zmm_reg) _,
            w1 = out(zmm_reg) _,
            t0 = out(zmm_reg) _,
            t1 = out(zmm_reg) _,
            a0 = inout(zmm_reg) a[0],
            a1 = inout(zmm_reg) a[1],
            a2 = inout(zmm_reg) a[2],
            a3 = inout(zmm_reg) a[3],
            a4 = inout(zmm_reg) a[4],
            a5 = inout(zmm_reg) a[5],
            a6 = inout(zmm_reg) a[6],
            a7 = inout(zmm_reg) a[7],
            a8 = inout(zmm_reg) a[8],
            a9 = inout(zmm_reg) a[9],
            a10 = inout(zmm_reg) a[10],
            a11 = inout(zmm_reg) a[11],
            b0 = inout(zmm_reg) b[0],
            b1 = inout(zmm_reg) b[1],
            b2 = inout(zmm_reg) b[2],
            b3 = inout(zmm_reg) b[3],
            b4 = inout(zmm_reg) b[4],
            b5 = inout(zmm_reg) b[5],
            b6 = inout(zmm_reg) b[6],
            b7 = inout(zmm_reg) b[7],
            b8 = inout(zmm_reg) b[8],
            b9 = inout(zmm_reg) b[9],
            b10 = inout(zmm_reg) b[10],
            b11 = inout(zmm_reg) b[11],
            options(readonly, nostack, preserves_flags),
        );
    }
}
