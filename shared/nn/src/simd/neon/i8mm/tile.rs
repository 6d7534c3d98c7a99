//! Steps of a product for a tile of six positions by sixteen channels, in assembly. They use all 32 registers (24 for sums, six
//! for the positions' input, two for weights), and the intrinsic is not stable.

use core::arch::aarch64::*;
use core::arch::asm;

/// Positions of a tile.
pub(super) const TILE: usize = 6;
/// Sums of a position, or of two: of a single one, two partial sums of two channels in each vector; of a tile, the sums of two
/// channels at two positions in each vector of the first of the two.
pub(super) type Acc = [int32x4_t; 8];

/// Instructions that multiply eight bytes of each position, those of two positions in each of `$x`, by the weights of sixteen
/// channels at `$weights`.
macro_rules! step {
    ($x0:literal $x1:literal $x2:literal, $($weights:literal $even:literal $odd:literal),+) => {
        concat!($(
            "ldp {w0:q}, {w1:q}, [{weights}, #", $weights, "]\n",
            "smmla {a", $even, ":v}.4s, {", $x0, ":v}.16b, {w0:v}.16b\n",
            "smmla {b", $even, ":v}.4s, {", $x1, ":v}.16b, {w0:v}.16b\n",
            "smmla {c", $even, ":v}.4s, {", $x2, ":v}.16b, {w0:v}.16b\n",
            "smmla {a", $odd, ":v}.4s, {", $x0, ":v}.16b, {w1:v}.16b\n",
            "smmla {b", $odd, ":v}.4s, {", $x1, ":v}.16b, {w1:v}.16b\n",
            "smmla {c", $odd, ":v}.4s, {", $x2, ":v}.16b, {w1:v}.16b\n",
        )+)
    };
}

/// Instructions that load eight bytes of each position, those of two positions into each of `x0` to `x2`.
macro_rules! load_one {
    () => {
        concat!(
            "ldr {x0:d}, [{input}]\n",
            "ldr {w0:d}, [{input}, {step}]\n",
            "ldr {x1:d}, [{input}, {two}]\n",
            "ldr {w1:d}, [{input}, {three}]\n",
            "zip1 {x0:v}.2d, {x0:v}.2d, {w0:v}.2d\n",
            "ldr {x2:d}, [{input}, {four}]\n",
            "ldr {w0:d}, [{input}, {five}]\n",
            "zip1 {x1:v}.2d, {x1:v}.2d, {w1:v}.2d\n",
            "zip1 {x2:v}.2d, {x2:v}.2d, {w0:v}.2d\n",
        )
    };
}

/// Instructions that load sixteen bytes of each position: the first eight of two positions into each of `x0` to `x2`, the others
/// into `y0` to `y2`.
macro_rules! load_two {
    () => {
        concat!(
            "ldr {y0:q}, [{input}]\n",
            "ldr {w0:q}, [{input}, {step}]\n",
            "ldr {y1:q}, [{input}, {two}]\n",
            "ldr {w1:q}, [{input}, {three}]\n",
            "zip1 {x0:v}.2d, {y0:v}.2d, {w0:v}.2d\n",
            "zip2 {y0:v}.2d, {y0:v}.2d, {w0:v}.2d\n",
            "ldr {y2:q}, [{input}, {four}]\n",
            "ldr {w0:q}, [{input}, {five}]\n",
            "zip1 {x1:v}.2d, {y1:v}.2d, {w1:v}.2d\n",
            "zip2 {y1:v}.2d, {y1:v}.2d, {w1:v}.2d\n",
            "zip1 {x2:v}.2d, {y2:v}.2d, {w0:v}.2d\n",
            "zip2 {y2:v}.2d, {y2:v}.2d, {w0:v}.2d\n",
        )
    };
}

/// Runs `$instructions`, with the registers `$y` beside the others, on the sums of a tile.
macro_rules! tile {
    ($acc:ident, $input:expr, $step:ident, $weights:expr, [$($y:ident)*], $($instructions:expr),+) => {
        asm!(
            $($instructions,)+
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
            $($y = out(vreg) _,)*
            w0 = out(vreg) _,
            w1 = out(vreg) _,
            a0 = inout(vreg) $acc[0][0],
            a1 = inout(vreg) $acc[0][1],
            a2 = inout(vreg) $acc[0][2],
            a3 = inout(vreg) $acc[0][3],
            a4 = inout(vreg) $acc[0][4],
            a5 = inout(vreg) $acc[0][5],
            a6 = inout(vreg) $acc[0][6],
            a7 = inout(vreg) $acc[0][7],
            b0 = inout(vreg) $acc[2][0],
            b1 = inout(vreg) $acc[2][1],
            b2 = inout(vreg) $acc[2][2],
            b3 = inout(vreg) $acc[2][3],
            b4 = inout(vreg) $acc[2][4],
            b5 = inout(vreg) $acc[2][5],
            b6 = inout(vreg) $acc[2][6],
            b7 = inout(vreg) $acc[2][7],
            c0 = inout(vreg) $acc[4][0],
            c1 = inout(vreg) $acc[4][1],
            c2 = inout(vreg) $acc[4][2],
            c3 = inout(vreg) $acc[4][3],
            c4 = inout(vreg) $acc[4][4],
            c5 = inout(vreg) $acc[4][5],
            c6 = inout(vreg) $acc[4][6],
            c7 = inout(vreg) $acc[4][7],
            options(readonly, nostack, preserves_flags),
        )
    };
}

/// Adds four steps to the sums of six positions.
///
/// # Safety
/// - the processor has matrix products of bytes;
/// - 32 bytes are readable at `input` and at each multiple of `step` after it up to the fifth, and 512 at `weights`.
#[inline(always)]
pub(super) unsafe fn four_steps(acc: &mut [Acc; TILE], input: *const u8, step: usize, weights: *const u8) {
    for half in 0..2 {
        // SAFETY:
        // - the caller guarantees the instructions and the reads;
        // - only the named registers are written; flags and stack are unchanged.
        unsafe {
            tile!(
                acc,
                input.add(16 * half),
                step,
                weights.add(256 * half),
                [y0 y1 y2],
                load_two!(),
                step!("x0" "x1" "x2", "0" "0" "1", "32" "2" "3", "64" "4" "5", "96" "6" "7"),
                step!("y0" "y1" "y2", "128" "0" "1", "160" "2" "3", "192" "4" "5", "224" "6" "7")
            );
        }
    }
}

/// Adds one step to the sums of six positions.
///
/// # Safety
/// - As [`four_steps`];
/// - 8 bytes are readable at each place, and 128 at `weights`.
#[inline(always)]
pub(super) unsafe fn one_step(acc: &mut [Acc; TILE], input: *const u8, step: usize, weights: *const u8) {
    // SAFETY: as in `four_steps`.
    unsafe {
        tile!(
            acc,
            input,
            step,
            weights,
            [],
            load_one!(),
            step!("x0" "x1" "x2", "0" "0" "1", "32" "2" "3", "64" "4" "5", "96" "6" "7")
        );
    }
}
