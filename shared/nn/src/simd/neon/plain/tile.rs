//! Steps of a product for a tile of two positions by eight channels, in assembly, because with intrinsics the compiler spills the
//! sums. The remaining registers hold two channels at a time, so that adjacent instructions are independent.

use core::arch::aarch64::*;
use core::arch::asm;

use crate::layout::PANEL;

/// Partial sums of a position: a vector for each channel.
pub(super) type Acc = [int32x4_t; PANEL];

/// One instruction for each combination of two positions (`x` or `y`) and two channels (`w`).
macro_rules! four {
    ($name:literal, $half:literal, $x0:literal, $x1:literal, $w0:literal, $w1:literal) => {
        concat!(
            four!(one $name, $half, "t0", $x0, $w0),
            four!(one $name, $half, "t1", $x1, $w0),
            four!(one $name, $half, "t2", $x0, $w1),
            four!(one $name, $half, "t3", $x1, $w1),
        )
    };
    (one $name:literal, $half:literal, $t:literal, $x:literal, $w:literal) => {
        concat!($name, " {", $t, ":v}.8h, {", $x, ":v}.", $half, ", {", $w, ":v}.", $half, "\n")
    };
}

/// Two channels of a step of two positions, with weights at `$at`; the second step of a chain has its weights at `$then`.
macro_rules! channels {
    ($at:literal, [$($then:literal)?], $($sums:literal)+) => {
        concat!(
            "ldp {w0:q}, {w1:q}, [{weights}, #", $at, "]\n",
            four!("smull", "8b", "x0", "x1", "w0", "w1"),
            $("ldp {w2:q}, {w3:q}, [{weights}, #", $then, "]\n",)?
            four!("smlal2", "16b", "x0", "x1", "w0", "w1"),
            $(channels!(more $then),)?
            channels!(last $($sums)+),
        )
    };
    (more $then:literal) => {
        concat!(four!("smlal", "8b", "y0", "y1", "w2", "w3"), four!("smlal2", "16b", "y0", "y1", "w2", "w3"))
    };
    (last $s0:literal $s1:literal $s2:literal $s3:literal) => {
        concat!(
            "sadalp {", $s0, ":v}.4s, {t0:v}.8h\n",
            "sadalp {", $s1, ":v}.4s, {t1:v}.8h\n",
            "sadalp {", $s2, ":v}.4s, {t2:v}.8h\n",
            "sadalp {", $s3, ":v}.4s, {t3:v}.8h",
        )
    };
}

/// Operands common to a step and a chain.
macro_rules! tile {
    ($acc:ident, $weights:ident, [$($text:expr,)+], $($operands:tt)*) => {
        asm!(
            $($text,)+
            weights = in(reg) $weights,
            x0 = out(vreg) _,
            x1 = out(vreg) _,
            w0 = out(vreg) _,
            w1 = out(vreg) _,
            t0 = out(vreg) _,
            t1 = out(vreg) _,
            t2 = out(vreg) _,
            t3 = out(vreg) _,
            a00 = inout(vreg) $acc[0][0],
            a01 = inout(vreg) $acc[0][1],
            a02 = inout(vreg) $acc[0][2],
            a03 = inout(vreg) $acc[0][3],
            a04 = inout(vreg) $acc[0][4],
            a05 = inout(vreg) $acc[0][5],
            a06 = inout(vreg) $acc[0][6],
            a07 = inout(vreg) $acc[0][7],
            a10 = inout(vreg) $acc[1][0],
            a11 = inout(vreg) $acc[1][1],
            a12 = inout(vreg) $acc[1][2],
            a13 = inout(vreg) $acc[1][3],
            a14 = inout(vreg) $acc[1][4],
            a15 = inout(vreg) $acc[1][5],
            a16 = inout(vreg) $acc[1][6],
            a17 = inout(vreg) $acc[1][7],
            $($operands)*
            options(readonly, nostack, preserves_flags),
        )
    };
}

/// Adds one step to the sums of two positions.
///
/// # Safety
/// - NEON is available;
/// - 16 bytes are readable at `input` and `input_step` after it, and 128 at `weights`.
#[inline(always)]
pub(super) unsafe fn step(acc: &mut [Acc; 2], input: *const u8, input_step: usize, weights: *const u8) {
    // SAFETY:
    // - the caller guarantees the instructions and the reads;
    // - only the named registers are written; flags and stack are unchanged.
    unsafe {
        tile!(
            acc, weights,
            [
                "ldr {x0:q}, [{input}]",
                "ldr {x1:q}, [{input}, {step}]",
                channels!("0", [], "a00" "a10" "a01" "a11"),
                channels!("32", [], "a02" "a12" "a03" "a13"),
                channels!("64", [], "a04" "a14" "a05" "a15"),
                channels!("96", [], "a06" "a16" "a07" "a17"),
            ],
            input = in(reg) input,
            step = in(reg) input_step,
        );
    }
}

/// Adds two steps to the sums of two positions; their products are added before they are widened.
///
/// # Safety
/// - NEON is available;
/// - 16 bytes are readable at each of `offsets` after each of `inputs`, and 256 at `weights`.
#[inline(always)]
pub(super) unsafe fn chain(acc: &mut [Acc; 2], inputs: [*const u8; 2], offsets: [usize; 2], weights: *const u8) {
    // SAFETY: as in `step`.
    unsafe {
        tile!(
            acc, weights,
            [
                "ldr {x0:q}, [{first}, {x}]",
                "ldr {x1:q}, [{second}, {x}]",
                "ldr {y0:q}, [{first}, {y}]",
                "ldr {y1:q}, [{second}, {y}]",
                channels!("0", ["128"], "a00" "a10" "a01" "a11"),
                channels!("32", ["160"], "a02" "a12" "a03" "a13"),
                channels!("64", ["192"], "a04" "a14" "a05" "a15"),
                channels!("96", ["224"], "a06" "a16" "a07" "a17"),
            ],
            first = in(reg) inputs[0],
            second = in(reg) inputs[1],
            x = in(reg) offsets[0],
            y = in(reg) offsets[1],
            y0 = out(vreg) _,
            y1 = out(vreg) _,
            w2 = out(vreg) _,
            w3 = out(vreg) _,
        );
    }
}
