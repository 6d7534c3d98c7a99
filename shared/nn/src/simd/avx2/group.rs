//! A group of steps for a tile of eight or six positions, in assembly. With intrinsics, the compiler hoists loads, runs out of
//! registers and spills the sums, which costs a quarter of the speed.
//!
//! Sixteen registers suffice: eight sums, the weights of up to four steps, the ones for widening, and what is left for products.
//!
//! Positions overlap: their products are begun before those of the position before are widened and added. In the order of the
//! positions, each operation would wait in the scheduler for the one before it, and leave no place for others. The overlap saves 2 to 6 %
//! of a group's time, 1.6 % of the body's (AMD EPYC, Zen 3).

use core::arch::asm;
use core::arch::x86_64::*;

/// Instructions for one position, `$at` bytes after the tile's first: multiplies the group's steps and adds the products in 16 bits in
/// the register `$to`. Meanwhile, widens `$widened`, what an earlier position has left, and adds `$added`, widened before, to the sums
/// `$sum`.
macro_rules! position {
    ($len:tt, $to:literal, $at:literal $(, widen $widened:literal $(, add $added:literal to $sum:literal)?)?) => {
        concat!(
            position!(product "0", $to, $at),
            $(position!(widen $widened),)?
            position!(further $len, $to, $at),
            $($(position!(add $added to $sum),)?)?
        )
    };
    (widen $register:literal) => { concat!("vpmaddwd {", $register, "}, {", $register, "}, {ones}\n") };
    (add $register:literal to $sum:literal) => { concat!("vpaddd {", $sum, "}, {", $sum, "}, {", $register, "}\n") };
    (further 1, $to:literal, $at:literal) => { "" };
    (further 2, $to:literal, $at:literal) => { position!(more "1", $to, $at) };
    (further 3, $to:literal, $at:literal) => {
        concat!(position!(further 2, $to, $at), position!(more "2", $to, $at))
    };
    (further 4, $to:literal, $at:literal) => {
        concat!(position!(further 3, $to, $at), position!(more "3", $to, $at))
    };
    (more $step:literal, $to:literal, $at:literal) => {
        concat!(position!(product $step, "t", $at), "vpaddw {", $to, "}, {", $to, "}, {t}\n")
    };
    (product $step:literal, $to:literal, $at:literal) => {
        concat!(
            "vpbroadcastd {", $to, "}, dword ptr [{p", $step, "}", $at, "]\n",
            "vpmaddubsw {", $to, "}, {", $to, "}, {w", $step, "}\n",
        )
    };
}

/// Instructions for the positions at `$at`, with sums `$sum`. Up to three steps leave three registers for products, which take turns:
/// a position is added two positions later. Four steps leave two: it is added one position later.
macro_rules! positions {
    (4, [$first:literal, $($at:literal,)*], $sums:tt) => {
        concat!(position!(4, "a", $first), positions!(two ["b", "a"], [$($at,)*], $sums))
    };
    ($len:tt, [$first:literal, $second:literal, $($at:literal,)*], $sums:tt) => {
        concat!(
            position!($len, "a", $first),
            position!($len, "b", $second, widen "a"),
            positions!(three $len, ["c", "b", "a"], [$($at,)*], $sums),
        )
    };
    (two [$to:literal, $before:literal], [$at:literal, $($later:literal,)*], [$sum:literal, $($sums:literal,)*]) => {
        concat!(
            position!(4, $to, $at, widen $before, add $before to $sum),
            positions!(two [$before, $to], [$($later,)*], [$($sums,)*]),
        )
    };
    (two [$to:literal, $before:literal], [], [$sum:literal,]) => {
        concat!(position!(widen $before), position!(add $before to $sum))
    };
    (
        three $len:tt, [$to:literal, $before:literal, $earlier:literal], [$at:literal, $($later:literal,)*],
        [$sum:literal, $($sums:literal,)*]
    ) => {
        concat!(
            position!($len, $to, $at, widen $before, add $earlier to $sum),
            positions!(three $len, [$earlier, $to, $before], [$($later,)*], [$($sums,)*]),
        )
    };
    (three $len:tt, [$to:literal, $before:literal, $earlier:literal], [], [$first:literal, $second:literal,]) => {
        concat!(position!(add $earlier to $first), position!(widen $before), position!(add $before to $second))
    };
}

/// Loads the weights of a step.
macro_rules! load {
    ($step:literal, $at:literal) => {
        concat!("vmovdqa {w", $step, "}, [{weights} + ", $at, "]")
    };
}

/// A group of `$len` steps. `$sum`, `$sum_name` and `$at` are sums and address of each position. `$times` are the multiples of
/// the distance between positions that an address operand cannot express. The rest are the operands of further steps.
macro_rules! group {
    (
        $len:tt, ($sums:ident, $starts:ident, $step:ident, $weights:ident),
        [$($index:literal, $sum:ident, $sum_name:literal, $at:literal;)+], [$($times:ident = $factor:literal,)+],
        [$($load:expr,)*], $($operands:tt)*
    ) => {
        asm!(
            load!("0", "0"),
            $($load,)*
            positions!($len, [$($at,)+], [$($sum_name,)+]),
            weights = in(reg) $weights,
            step = in(reg) $step,
            $($times = in(reg) $factor * $step,)+
            ones = in(ymm_reg) _mm256_set1_epi16(1),
            p0 = in(reg) $starts[0],
            w0 = out(ymm_reg) _,
            a = out(ymm_reg) _,
            b = out(ymm_reg) _,
            $($sum = inout(ymm_reg) $sums[$index],)+
            $($operands)*
            options(readonly, nostack, preserves_flags),
        )
    };
}

/// Defines the function for tiles of `$positions` positions.
macro_rules! tile {
    ($name:ident, $positions:literal, $list:tt, $times:tt) => {
        /// Adds a group of `L` steps (1 to 4) to the sums of a tile.
        ///
        /// # Safety
        /// - AVX2 is available;
        /// - four bytes are readable at each of `starts`, and at each multiple of `step` after it up to the last position;
        /// - `weights` is readable for `32 * L` bytes and aligned to 32.
        #[target_feature(enable = "avx2")]
        #[inline]
        pub(crate) unsafe fn $name<const L: usize>(
            sums: &mut [__m256i; $positions],
            starts: [*const u8; L],
            step: usize,
            weights: *const u8,
        ) {
            // SAFETY:
            // - the caller guarantees the instructions and the reads;
            // - only the named registers are written; flags and stack are unchanged.
            unsafe {
                match L {
                    1 => group!(1, (sums, starts, step, weights), $list, $times, [], c = out(ymm_reg) _,),
                    2 => group!(
                        2, (sums, starts, step, weights), $list, $times, [load!("1", "32"),],
                        p1 = in(reg) starts[1 % L],
                        w1 = out(ymm_reg) _,
                        c = out(ymm_reg) _,
                        t = out(ymm_reg) _,
                    ),
                    3 => group!(
                        3, (sums, starts, step, weights), $list, $times, [load!("1", "32"), load!("2", "64"),],
                        p1 = in(reg) starts[1 % L],
                        p2 = in(reg) starts[2 % L],
                        w1 = out(ymm_reg) _,
                        w2 = out(ymm_reg) _,
                        c = out(ymm_reg) _,
                        t = out(ymm_reg) _,
                    ),
                    _ => group!(
                        4, (sums, starts, step, weights), $list, $times,
                        [load!("1", "32"), load!("2", "64"), load!("3", "96"),],
                        p1 = in(reg) starts[1 % L],
                        p2 = in(reg) starts[2 % L],
                        p3 = in(reg) starts[3 % L],
                        w1 = out(ymm_reg) _,
                        w2 = out(ymm_reg) _,
                        w3 = out(ymm_reg) _,
                        t = out(ymm_reg) _,
                    ),
                }
            }
        }
    };
}

tile!(eight, 8,
    [
        0, s0, "s0", "";
        1, s1, "s1", " + {step}";
        2, s2, "s2", " + 2*{step}";
        3, s3, "s3", " + {three}";
        4, s4, "s4", " + 4*{step}";
        5, s5, "s5", " + {five}";
        6, s6, "s6", " + 2*{three}";
        7, s7, "s7", " + {seven}";
    ],
    [three = 3, five = 5, seven = 7,]
);

tile!(six, 6,
    [
        0, s0, "s0", "";
        1, s1, "s1", " + {step}";
        2, s2, "s2", " + 2*{step}";
        3, s3, "s3", " + {three}";
        4, s4, "s4", " + 4*{step}";
        5, s5, "s5", " + {five}";
    ],
    [three = 3, five = 5,]
);
