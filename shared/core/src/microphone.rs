//! Microphone check: sound that no working microphone delivers is a fault of the microphone, not a machine that is off.
//!
//! The check reads blocks of a quarter of a second at the input's rate, before the front end. A fault is reported once it
//! has lasted for `after_s` and ends when good sound has lasted as long, so that single blocks have no effect. One pass over
//! the samples; no clock, no allocation.

use monitor_nn::{Work, in_wide_vectors};

/// Nothing but zeros: muted, a noise gate, or no data on the bus.
pub const SILENT: u8 = 1;
/// One constant value other than zero.
pub const STUCK: u8 = 2;
/// At least 1 % of the samples were not finite.
pub const NOT_FINITE: u8 = 4;
/// The mean lies further from zero than allowed.
pub const OFFSET: u8 = 8;
/// More samples at full scale than allowed.
pub const CLIPPED: u8 = 16;
/// The faults that make the microphone *dead*: the classifier's result on such sound carries no information.
pub const DEAD: u8 = SILENT | STUCK | NOT_FINITE;
/// The faults with their names.
pub const NAMES: [(u8, &str); 5] =
    [(SILENT, "silent"), (STUCK, "stuck"), (NOT_FINITE, "no numbers"), (OFFSET, "offset"), (CLIPPED, "clipped")];

/// Samples that are added side by side.
const LANES: usize = 8;

/// Blocks per second.
const BLOCKS_PER_S: u32 = 4;

/// From this magnitude a sample counts as full scale: 32735 of 32768 steps of 16 bits.
const FULL_SCALE: f32 = 0.999;

/// The limits of the check.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Seconds that a fault must last to be reported, and good sound to end it; rounded to quarters, 0 disables the check.
    pub after_s: f32,
    /// Largest distance of a block's mean from zero, full scale 1.
    pub offset: f32,
    /// Largest share of samples at full scale.
    pub clipped: f32,
}

impl Default for Limits {
    /// The limits without a configuration.
    fn default() -> Self {
        Self { after_s: 1.0, offset: 0.25, clipped: 0.01 }
    }
}

/// Checks the samples of one microphone.
#[derive(Debug, Clone)]
pub struct Microphone {
    limits: Limits,
    block: Block,
    /// Blocks in a row that showed each fault, in the order of the bits.
    bad: [u32; 5],
    /// Blocks in a row that did not.
    good: [u32; 5],
    faults: u8,
}

/// Statistics of the current block.
#[derive(Debug, Clone, Copy)]
struct Block {
    samples: u32,
    not_finite: u32,
    at_full_scale: u32,
    least: f32,
    most: f32,
    sum: f64,
}

impl Block {
    const EMPTY: Self = Self { samples: 0, not_finite: 0, at_full_scale: 0, least: f32::MAX, most: f32::MIN, sum: 0.0 };

    /// Adds samples.
    fn add(&mut self, samples: &[f32]) {
        in_wide_vectors(Add { block: self, samples });
    }

    /// The faults of the block.
    fn faults(&self, limits: &Limits) -> u8 {
        let share = |count: u32| count as f32 / self.samples as f32;
        if share(self.not_finite) >= 0.01 {
            return NOT_FINITE;
        }
        if self.least == self.most {
            return if self.most == 0.0 { SILENT } else { STUCK };
        }
        let mean = (self.sum / f64::from(self.samples)) as f32;
        let offset = if mean.abs() > limits.offset { OFFSET } else { 0 };
        let clipped = if share(self.at_full_scale) > limits.clipped { CLIPPED } else { 0 };
        offset | clipped
    }
}

/// Adds samples to a block, in lanes that the processor computes side by side.
struct Add<'a> {
    block: &'a mut Block,
    samples: &'a [f32],
}

impl Work for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { block, samples } = self;
        let mut lanes = Lanes::of(block);
        let (whole, rest) = samples.as_chunks();
        whole.iter().for_each(|samples| lanes.add(samples));
        // What is missing from the last lanes is not counted.
        let mut last = [f32::NAN; LANES];
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        lanes.add(&last);
        let count = samples.len() as u32;
        block.samples += count;
        block.not_finite = block.not_finite.saturating_add(count - lanes.finite.iter().sum::<u32>());
        block.at_full_scale += lanes.full.iter().sum::<u32>();
        block.least = lanes.least.into_iter().fold(block.least, f32::min);
        block.most = lanes.most.into_iter().fold(block.most, f32::max);
        block.sum += lanes.sums.iter().sum::<f64>();
    }
}

/// Statistics of every eighth sample.
struct Lanes {
    least: [f32; LANES],
    most: [f32; LANES],
    full: [u32; LANES],
    finite: [u32; LANES],
    sums: [f64; LANES],
}

impl Lanes {
    #[inline(always)]
    fn of(block: &Block) -> Self {
        Self {
            least: [block.least; LANES],
            most: [block.most; LANES],
            full: [0; LANES],
            finite: [0; LANES],
            sums: [0.0; LANES],
        }
    }

    #[inline(always)]
    fn add(&mut self, samples: &[f32; LANES]) {
        for (lane, &sample) in samples.iter().enumerate() {
            // False for NaN.
            let is_finite = sample.abs() <= f32::MAX;
            let usable = if is_finite { sample } else { 0.0 };
            let (low, high) = if is_finite { (sample, sample) } else { (f32::MAX, f32::MIN) };
            self.least[lane] = if low < self.least[lane] { low } else { self.least[lane] };
            self.most[lane] = if high > self.most[lane] { high } else { self.most[lane] };
            self.full[lane] += u32::from(usable.abs() >= FULL_SCALE);
            self.finite[lane] += u32::from(is_finite);
            self.sums[lane] += f64::from(usable);
        }
    }
}

impl Microphone {
    /// A check that reports no fault yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, block: Block::EMPTY, bad: [0; 5], good: [0; 5], faults: 0 }
    }

    /// Replaces the limits; a fault stays until good sound ends it.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// The reported faults, as bits.
    #[must_use]
    pub fn faults(&self) -> u8 {
        self.faults
    }

    /// Whether one of the [`DEAD`] faults is reported.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.faults & DEAD != 0
    }

    /// Checks samples in parts that end where a block ends. `on_part` receives each part with the check's state before it:
    /// what a part shows takes effect at its end, so that results do not depend on the size of the blocks in which samples
    /// arrive. Otherwise as [`Self::push`].
    pub fn process(
        &mut self,
        samples: &[f32],
        non_finite: u32,
        rate_hz: u32,
        mut on_part: impl FnMut(&[f32], bool),
    ) -> u8 {
        let (mut rest, mut non_finite) = (samples, non_finite);
        while !rest.is_empty() {
            let left = block_len(rate_hz).saturating_sub(self.block.samples).max(1) as usize;
            let (part, after) = rest.split_at(left.min(rest.len()));
            on_part(part, self.is_dead());
            self.push(part, core::mem::take(&mut non_finite), rate_hz);
            rest = after;
        }
        self.faults
    }

    /// Checks samples at `rate_hz`, of which `non_finite` were not finite and have been replaced by zeros; returns the
    /// faults. Samples that are not finite themselves are counted as well.
    pub fn push(&mut self, samples: &[f32], non_finite: u32, rate_hz: u32) -> u8 {
        let len = block_len(rate_hz);
        self.block.not_finite = self.block.not_finite.saturating_add(non_finite);
        let mut rest = samples;
        while !rest.is_empty() {
            let left = len.saturating_sub(self.block.samples).max(1) as usize;
            let (part, after) = rest.split_at(left.min(rest.len()));
            self.block.add(part);
            rest = after;
            if self.block.samples >= len {
                let shown = self.block.faults(&self.limits);
                self.block = Block::EMPTY;
                self.update(shown);
            }
        }
        self.faults
    }

    /// Updates the reported faults with those of one block.
    fn update(&mut self, shown: u8) {
        let blocks = (self.limits.after_s * BLOCKS_PER_S as f32 + 0.5) as u32;
        for (place, (bit, _)) in NAMES.iter().enumerate() {
            let (bad, good) = (&mut self.bad[place], &mut self.good[place]);
            if shown & bit != 0 {
                (*bad, *good) = (bad.saturating_add(1), 0);
            } else {
                (*bad, *good) = (0, good.saturating_add(1));
            }
            if blocks == 0 || *good >= blocks {
                self.faults &= !bit;
            } else if *bad >= blocks {
                self.faults |= bit;
            }
        }
    }
}

/// Samples of a block.
fn block_len(rate_hz: u32) -> u32 {
    (rate_hz / BLOCKS_PER_S).max(1)
}

/// The names of a set of faults.
pub fn names(faults: u8) -> impl Iterator<Item = &'static str> + Clone {
    NAMES.into_iter().filter(move |(bit, _)| faults & bit != 0).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    const RATE: u32 = 16_000;
    const LIMITS: Limits = Limits { after_s: 1.0, offset: 0.25, clipped: 0.01 };

    /// The faults after `seconds` of what `sample` gives.
    fn after(seconds: f32, sample: impl Fn(u32) -> f32) -> u8 {
        let samples: Vec<f32> = (0..(seconds * RATE as f32) as u32).map(sample).collect();
        let mut microphone = Microphone::new(LIMITS);
        samples.chunks(160).for_each(|some| assert!(microphone.push(some, 0, RATE) < 32));
        microphone.faults()
    }

    /// Quiet noise: one step of 16 bits up and down.
    fn quiet(index: u32) -> f32 {
        (index.wrapping_mul(2_654_435_761) >> 31) as f32 / 32_768.0
    }

    #[test]
    fn digital_silence_is_a_silent_microphone_once_it_has_lasted() {
        assert_eq!((after(0.9, |_| 0.0), after(1.0, |_| 0.0)), (0, SILENT));
    }

    #[test]
    fn a_value_that_does_not_change_is_a_stuck_one() {
        assert_eq!((after(2.0, |_| 0.3), after(2.0, |_| -1.0)), (STUCK, STUCK));
    }

    #[test]
    fn the_quietest_sound_is_no_fault() {
        assert_eq!(after(5.0, quiet), 0);
    }

    #[test]
    fn samples_that_are_not_finite_are_a_fault_whether_replaced_or_not() {
        assert_eq!(after(2.0, |_| f32::NAN), NOT_FINITE);
        assert_eq!(after(2.0, |index| if index % 50 == 0 { f32::INFINITY } else { quiet(index) }), NOT_FINITE);
        let mut microphone = Microphone::new(LIMITS);
        (0..200).for_each(|_| assert!(microphone.push(&[0.0; 160], 160, RATE) < 32));
        assert_eq!(microphone.faults(), NOT_FINITE);
    }

    #[test]
    fn an_offset_and_clipping_are_reported_but_not_dead() {
        assert_eq!(after(2.0, |index| 0.3 + quiet(index)), OFFSET);
        let clipped = after(2.0, |index| if index % 2 == 0 { 1.0 } else { -1.0 });
        assert_eq!((clipped, clipped & DEAD), (CLIPPED, 0));
        // A single crash is not a fault.
        assert_eq!(after(2.0, |index| if index < 100 { 1.0 } else { quiet(index) }), 0);
    }

    #[test]
    fn a_fault_ends_when_good_sound_has_lasted_as_long() {
        let mut microphone = Microphone::new(LIMITS);
        microphone.push(&[0.0; 2 * RATE as usize], 0, RATE);
        let good: Vec<f32> = (0..RATE).map(quiet).collect();
        assert_eq!(microphone.push(&good[..RATE as usize / 2], 0, RATE), SILENT);
        assert_eq!(microphone.push(&good, 0, RATE), 0);
    }

    #[test]
    fn the_size_of_the_pieces_does_not_change_when_it_is_dead() {
        let samples: Vec<f32> = (0..5 * RATE).map(|at| if at / RATE == 2 { quiet(at) } else { 0.0 }).collect();
        let dead_with = |size: usize| {
            let (mut microphone, mut dead) = (Microphone::new(LIMITS), Vec::new());
            for piece in samples.chunks(size) {
                microphone.process(piece, 0, RATE, |part, is_dead| dead.extend(part.iter().map(|_| is_dead)));
            }
            dead
        };
        let whole = dead_with(samples.len());
        assert!(whole.contains(&true) && whole.contains(&false));
        assert!([1, 160, 4001].into_iter().all(|size| dead_with(size) == whole));
    }

    #[test]
    fn after_zero_seconds_means_never() {
        let mut microphone = Microphone::new(Limits { after_s: 0.0, ..LIMITS });
        assert_eq!(microphone.push(&[0.0; 5 * RATE as usize], 0, RATE), 0);
    }
}
