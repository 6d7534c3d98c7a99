//! Geometry of one conversion: phases, rows, taps and memory.

use super::{Error, MAX_HZ, MIN_HZ, OUTPUT_HZ};

/// Up to this many coefficients (240 kB), every phase has its own row; 11025 Hz needs all of them.
const MAX_COEFFICIENTS: u32 = 640 * 96;
/// Rows per input sample with which the error of linear interpolation, about `(pi / rows)^2 / 8`, is below -100 dB at 8 kHz
/// for an input rate of 16 kHz. Higher rates need proportionally fewer.
const INTERPOLATED_ROWS: u32 = 512;
/// Taps per input sample of the lower rate. Kaiser: `(A - 7.95) / 14.36 / transition`, with `A` = 90 dB and a transition from
/// 7/8 of half the lower rate to half of it, which is 1/16 of that rate; 91.4, rounded up.
const TAPS: u32 = 92;
/// Taps are rounded up to whole groups of partial sums.
#[expect(clippy::cast_possible_truncation, reason = "16")]
const GROUP: u32 = super::dot::LANES as u32;
/// Number of new input samples between two moves of the history.
const BLOCK: usize = 1024;

/// Relation between phases and rows of coefficients.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Rows {
    /// Row `r` is for phase `r`.
    Exact,
    /// This many evenly spaced rows per input sample, and one more for the end.
    Interpolated(u32),
}

/// Geometry of one conversion.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Plan {
    /// Input rate in Hz.
    pub rate_hz: u32,
    /// Output samples per `down` input samples; the number of phases.
    pub up: u32,
    /// Input samples per `up` output samples.
    pub down: u32,
    /// Coefficients of one row; even.
    pub taps: usize,
    /// Relation between rows and phases.
    pub rows: Rows,
}

impl Plan {
    /// Returns the plan for an input rate in Hz; `None` at 16 kHz, where no conversion is needed.
    pub(super) const fn new(rate_hz: u32) -> Result<Option<Self>, Error> {
        if rate_hz < MIN_HZ || rate_hz > MAX_HZ {
            return Err(Error::Rate { hz: rate_hz });
        }
        if rate_hz == OUTPUT_HZ {
            return Ok(None);
        }
        let common = common_divisor(rate_hz, OUTPUT_HZ);
        let (up, down) = (OUTPUT_HZ / common, rate_hz / common);
        let lower = if rate_hz < OUTPUT_HZ { rate_hz } else { OUTPUT_HZ };
        let taps = (TAPS * rate_hz).div_ceil(lower).next_multiple_of(GROUP);
        let rows = if up * taps <= MAX_COEFFICIENTS {
            Rows::Exact
        } else {
            Rows::Interpolated((INTERPOLATED_ROWS * lower).div_ceil(rate_hz))
        };
        Ok(Some(Self { rate_hz, up, down, taps: taps as usize, rows }))
    }

    /// Input samples on either side of an output sample.
    pub(super) const fn half(&self) -> usize {
        self.taps / 2
    }

    /// Coefficients of all rows.
    pub(super) const fn coefficients(&self) -> usize {
        let rows = match self.rows {
            Rows::Exact => self.up,
            Rows::Interpolated(rows) => rows + 1,
        };
        rows as usize * self.taps
    }

    /// Values of memory: coefficients, and a history of one row of taps and a block of new samples.
    pub(super) const fn storage_len(&self) -> usize {
        self.coefficients() + self.taps + BLOCK
    }
}

/// Returns the greatest common divisor, by Euclid's algorithm.
const fn common_divisor(mut a: u32, mut b: u32) -> u32 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(rate_hz: u32) -> Plan {
        Plan::new(rate_hz).unwrap().unwrap()
    }

    #[test]
    fn every_common_rate_has_a_row_for_each_phase() {
        for rate in [
            8000, 11_025, 12_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000, 176_400, 192_000,
            352_800, 384_000,
        ] {
            assert_eq!(plan(rate).rows, Rows::Exact, "{rate}");
        }
    }

    #[test]
    fn an_odd_rate_is_interpolated_between_rows() {
        assert_eq!(plan(16_001).rows, Rows::Interpolated(512));
        assert_eq!(plan(8001).rows, Rows::Interpolated(512));
        assert_eq!(plan(191_999).rows, Rows::Interpolated(43));
        assert_eq!(plan(383_999).rows, Rows::Interpolated(22));
    }

    #[test]
    fn no_rate_needs_more_than_a_quarter_of_a_megabyte() {
        let largest =
            (MIN_HZ..=MAX_HZ).filter_map(|rate| Plan::new(rate).unwrap()).map(|plan| plan.storage_len()).max();
        assert!(largest.unwrap() * 4 <= 256 * 1024, "{largest:?}");
    }

    #[test]
    fn a_step_is_always_shorter_than_half_the_taps() {
        // The history requires it: the taps of the next output sample start within the samples it holds.
        for plan in (MIN_HZ..=MAX_HZ).filter_map(|rate| Plan::new(rate).unwrap()) {
            assert!(((plan.down + plan.up) / plan.up) as usize <= plan.half(), "{plan:?}");
        }
    }
}
