//! Steps of a product for a tile of six positions by sixteen channels, in assembly. They use all 32 registers (24 for sums, six
//! for the positions' input, two for weights), and with intrinsics the compiler generates code that spills.

use core::arch::aarch64::*;
use core::arch::asm;

/// Positions of a tile.
pub(super) const TILE: usize = 6;
/// Sums of one position: sixteen channels.
pub(super) type Acc = [int32x4_t; 4];

/// Instructions that multiply four bytes of each position, in lane `$lane`, by the weights of sixteen channels at `$low` and
/// `$high`.
macro_rules! quad {
    ($lane:literal, $low:literal, $high:literal) => {
        concat!(
            "ldp {w0:q}, {w1:q}, [{weights}, #", $low, "]\n",
            quad!($lane, "w0", "a00" "a10" "a20" "a30" "a40" "a50"),
            quad!($lane, "w1", "a01" "a11" "a21" "a31" "a41" "a51"),
            "ldp {w0:q}, {w1:q}, [{weights}, #", $high, "]\n",
            quad!($lane, "w0", "a02" "a12" "a22" "a32" "a42" "a52"),
            quad!($lane, "w1", "a03" "a13" "a23" "a33" "a43" "a53"),
        )
    };
    ($lane:literal, $w:literal, $a0:literal $a1:literal $a2:literal $a3:literal $a4:literal $a5:literal) => {
        concat!(
            quad!(one $lane, $w, $a0, "x0"),
            quad!(one $lane, $w, $a1, "x1"),
            quad!(one $lane, $w, $a2, "x2"),
            quad!(one $lane, $w, $a3, "x3"),
            quad!(one $lane, $w, $a4, "x4"),
            quad!(one $lane, $w, $a5, "x5"),
        )
    };
    (one $lane:literal, $w:literal, $a:literal, $x:literal) => {
        concat!("sdot {", $a, ":v}.4s, {", $w, ":v}.16b, {", $x, ":v}.4b[", $lane, "]\n")
    };
}

/// Loads the input of six positions, `$size` of a register each, and runs the instructions `$quad`.
macro_rules! tile {
    ($acc:ident, $input:ident, $step:ident, $weights:ident, $size:literal, $($quad:expr),+) => {
        asm!(
            concat!("ldr {x0:", $size, "}, [{input}]"),
            concat!("ldr {x1:", $size, "}, [{input}, {step}]"),
            concat!("ldr {x2:", $size, "}, [{input}, {two}]"),
            concat!("ldr {x3:", $size, "}, [{input}, {three}]"),
            concat!("ldr {x4:", $size, "}, [{input}, {four}]"),
            concat!("ldr {x5:", $size, "}, [{input}, {five}]"),
            $($quad,)+
            input = in(reg) $input,
            step = in(reg) $step,
            two = in(reg) 2 * $step,
            three = in(reg) 3 * $step,
            four = in(reg) 4 * $step,
            five = in(reg) 5 * $step,
            weights = in(reg) $weights,
            x0 = out(vreg) _,
            x1 = out(vreg) _,
            x2 = out(vreg) _,
            x3 = out(vreg) _,
            x4 = out(vreg) _,
            x5 = out(vreg) _,
            w0 = out(vreg) _,
            w1 = out(vreg) _,
            a00 = inout(vreg) $acc[0][0],
            a01 = inout(vreg) $acc[0][1],
            a02 = inout(vreg) $acc[0][2],
            a03 = inout(vreg) $acc[0][3],
            a10 = inout(vreg) $acc[1][0],
            a11 = inout(vreg) $acc[1][1],
            a12 = inout(vreg) $acc[1][2],
            a13 = inout(vreg) $acc[1][3],
            a20 = inout(vreg) $acc[2][0],
            a21 = inout(vreg) $acc[2][1],
            a22 = inout(vreg) $acc[2][2],
            a23 = inout(vreg) $acc[2][3],
            a30 = inout(vreg) $acc[3][0],
            a31 = inout(vreg) $acc[3][1],
            a32 = inout(vreg) $acc[3][2],
            a33 = inout(vreg) $acc[3][3],
            a40 = inout(vreg) $acc[4][0],
            a41 = inout(vreg) $acc[4][1],
            a42 = inout(vreg) $acc[4][2],
            a43 = inout(vreg) $acc[4][3],
            a50 = inout(vreg) $acc[5][0],
            a51 = inout(vreg) $acc[5][1],
            a52 = inout(vreg) $acc[5][2],
            a53 = inout(vreg) $acc[5][3],
            options(readonly, nostack, preserves_flags),
        )
    };
}

/// Adds four steps to the sums of six positions.
///
/// # Safety
/// - the processor has dot products, and they are enabled in the caller;
/// - 16 bytes are readable at `input` and at each multiple of `step` after it up to the fifth, and 256 at `weights`.
#[inline(always)]
pub(super) unsafe fn four_steps(acc: &mut [Acc; TILE], input: *const u8, step: usize, weights: *const u8) {
    // SAFETY:
    // - the caller guarantees the instructions and the reads;
    // - only the named registers are written; flags and stack are unchanged.
    unsafe {
        tile!(
            acc,
            input,
            step,
            weights,
            "q",
            quad!("0", "0", "32"),
            quad!("1", "64", "96"),
            quad!("2", "128", "160"),
            quad!("3", "192", "224")
        );
    }
}

/// Adds one step to the sums of six positions.
///
/// # Safety
/// - As [`four_steps`];
/// - 4 bytes are readable at each place, and 64 at `weights`.
#[inline(always)]
pub(super) unsafe fn one_step(acc: &mut [Acc; TILE], input: *const u8, step: usize, weights: *const u8) {
    // SAFETY: as in `four_steps`.
    unsafe {
        tile!(acc, input, step, weights, "s", quad!("0", "0", "32"));
    }
}
