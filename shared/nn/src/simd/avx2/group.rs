//! A group of steps for a tile of eight or six positions, in assembly. With intrinsics, the compiler hoists loads, runs out of
//! registers and spills the sums, which costs a quarter of the speed.
//!
//! Sixteen registers suffice: eight sums, the weights of four steps, the ones for widening, and three temporaries.

use core::arch::asm;
use core::arch::x86_64::*;

/// Instructions for one position, `$at` bytes after the tile's first: multiplies the group's steps, adds the products in
/// 16 bits, widens them and adds them to the sums `$sum`.
macro_rules! position {
    (1, $sum:literal, $at:literal) => {
        concat!(position!(first $at), position!(last $sum))
    };
    (2, $sum:literal, $at:literal) => {
        concat!(position!(first $at), position!("1", "1", $at), position!(last $sum))
    };
    (3, $sum:literal, $at:literal) => {
        concat!(position!(first $at), position!("1", "1", $at), position!("2", "2", $at), position!(last $sum))
    };
    (4, $sum:literal, $at:literal) => {
        concat!(
            position!(first $at),
            position!("1", "1", $at),
            position!("2", "2", $at),
            position!("3", "1", $at),
            position!(last $sum),
        )
    };
    (first $at:literal) => {
        concat!("vpbroadcastd {t0}, dword ptr [{p0}", $at, "]\n", "vpmaddubsw {t0}, {t0}, {w0}\n")
    };
    (last $sum:literal) => {
        concat!("vpmaddwd {t0}, {t0}, {ones}\n", "vpaddd {", $sum, "}, {", $sum, "}, {t0}")
    };
    ($step:literal, $temporary:literal, $at:literal) => {
        concat!(
            "vpbroadcastd {t", $temporary, "}, dword ptr [{p", $step, "}", $at, "]\n",
            "vpmaddubsw {t", $temporary, "}, {t", $temporary, "}, {w", $step, "}\n",
            "vpaddw {t0}, {t0}, {t", $temporary, "}\n",
        )
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
            $(position!($len, $sum_name, $at),)+
            weights = in(reg) $weights,
            step = in(reg) $step,
            $($times = in(reg) $factor * $step,)+
            ones = in(ymm_reg) _mm256_set1_epi16(1),
            p0 = in(reg) $starts[0],
            w0 = out(ymm_reg) _,
            t0 = out(ymm_reg) _,
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
                    1 => group!(1, (sums, starts, step, weights), $list, $times, [],),
                    2 => group!(
                        2, (sums, starts, step, weights), $list, $times, [load!("1", "32"),],
                        p1 = in(reg) starts[1 % L],
                        w1 = out(ymm_reg) _,
                        t1 = out(ymm_reg) _,
                    ),
                    3 => group!(
                        3, (sums, starts, step, weights), $list, $times, [load!("1", "32"), load!("2", "64"),],
                        p1 = in(reg) starts[1 % L],
                        p2 = in(reg) starts[2 % L],
                        w1 = out(ymm_reg) _,
                        w2 = out(ymm_reg) _,
                        t1 = out(ymm_reg) _,
                        t2 = out(ymm_reg) _,
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
                        t1 = out(ymm_reg) _,
                        t2 = out(ymm_reg) _,
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
