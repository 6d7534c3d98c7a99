//! Measures what the samples of a recording show of the microphone and its wiring.
//!
//! The microphone's faults are found by the device's own check ([`monitor_core::microphone`]) on the average of the channels,
//! which is what a model receives. One pass; sums in `f64` in one order.

use monitor_core::microphone::{self, Limits, Microphone};
use monitor_model::report::ConstantSound;

use crate::Remark;

/// From this magnitude a sample counts as full scale, as in the microphone check.
const FULL_SCALE: f32 = 0.999;

/// What one channel, or the average, shows.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ChannelFacts {
    /// Highest magnitude, full scale 1.
    pub peak: f32,
    /// Root mean square, full scale 1.
    pub rms: f64,
    /// Mean: the constant offset.
    pub offset: f64,
    /// Share of samples at full scale, 0..=1.
    pub clipped: f64,
    /// The value of all samples, if they are several and equal: 0 for digital silence, another for a stuck converter.
    pub constant: Option<f32>,
}

/// What the samples of a recording show.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// Each channel.
    pub channels: Vec<ChannelFacts>,
    /// The average of the channels.
    pub average: ChannelFacts,
    /// Correlation of the first two channels, -1..=1; `None` for mono, or where one is constant.
    pub correlation: Option<f64>,
    /// Seconds for which the microphone check reported each fault, in the order of [`microphone::NAMES`].
    pub fault_s: [f64; 5],
    /// Seconds in all.
    pub seconds: f64,
    /// Samples that were NaN, infinite or above 2^31 and were replaced by 0.
    pub replaced: u64,
}

impl Facts {
    /// The faults of at least a tenth of the recording, as bits of [`microphone`].
    #[must_use]
    pub fn faults(&self) -> u8 {
        let lasting = |(at, (bit, _)): (usize, (u8, _))| if self.fault_s[at] >= 0.1 * self.seconds { bit } else { 0 };
        if self.seconds > 0.0 {
            microphone::NAMES.into_iter().enumerate().map(lasting).fold(0, |all, bit| all | bit)
        } else {
            0
        }
    }

    /// How much quieter the average is than the channels, in dB, beyond what independent channels would lose: 0 or less where
    /// they add up, high where they cancel.
    #[must_use]
    pub fn cancelled_db(&self) -> f64 {
        let count = self.channels.len() as f64;
        let power = self.channels.iter().map(|channel| channel.rms * channel.rms).sum::<f64>() / count.max(1.0);
        let average = self.average.rms * self.average.rms;
        if count < 2.0 || power == 0.0 { 0.0 } else { 10.0 * (power / count / average.max(1e-20)).log10() }
    }

    /// What the user should know of these facts.
    #[must_use]
    pub fn remarks(&self) -> Vec<Remark> {
        let mut remarks = Vec::new();
        let constants = self.channels.iter().filter(|channel| channel.constant.is_some()).count();
        match self.average.constant {
            Some(value) if constants == self.channels.len() => {
                let kind = if value == 0.0 { "silence" } else { "stuck" };
                remarks.push(Remark::new(kind, ConstantSound(value).to_string()));
            }
            _ if constants > 0 => {
                let dead = self.channels.iter().position(|channel| channel.constant.is_some()).unwrap_or_default();
                let alive = self.channels.iter().position(|channel| channel.constant.is_none()).unwrap_or_default();
                remarks.push(Remark::new(
                    "a dead channel",
                    format!(
                        "{constants} of {} channels are dead, the first of them channel {dead}: the average is too quiet; keep \
                         channel {alive} with `ffmpeg -i IN -af pan=mono\\|c0=c{alive} OUT.wav`, and set capture.channel = \
                         {alive} on the device",
                        self.channels.len()
                    ),
                ));
            }
            // Beyond 10 dB, which no pair of microphones loses by chance.
            _ if self.cancelled_db() > 10.0 => {
                remarks.push(Remark::new(
                    "channels cancel",
                    format!(
                        "the channels cancel (correlation {:.2}): their average is {:.0} dB quieter, as with one reversed wire; \
                         keep one with `ffmpeg -i IN -af pan=mono\\|c0=c0 OUT.wav`, and set capture.channel = 0 on the device",
                        self.correlation.unwrap_or(-1.0),
                        self.cancelled_db()
                    ),
                ));
            }
            _ => {}
        }
        let faults = self.faults() & !(microphone::SILENT | microphone::STUCK);
        for (at, (bit, name)) in microphone::NAMES.into_iter().enumerate() {
            let remedy = match bit {
                microphone::CLIPPED => "turn the gain down or move the microphone away, and record again",
                microphone::OFFSET => {
                    "a constant offset: a missing coupling capacitor, or a microphone without its bias"
                }
                _ => "find out how the file was made",
            };
            if faults & bit != 0 {
                let text = format!("{name} for {:.1} of {:.1} s; {remedy}", self.fault_s[at], self.seconds);
                remarks.push(Remark::new(name, text));
            } else if bit == microphone::SILENT && self.fault_s[at] > 0.0 && self.average.constant.is_none() {
                let text = format!(
                    "digital silence for {:.1} of {:.1} s: drop-outs, or padding to a fixed length",
                    self.fault_s[at], self.seconds
                );
                remarks.push(Remark::new("silent parts", text));
            }
        }
        remarks
    }
}

/// Sums of one channel.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    samples: u64,
    first: f32,
    varies: bool,
    peak: f32,
    sum: f64,
    squares: f64,
    at_full_scale: u64,
}

impl Sums {
    fn push(&mut self, sample: f32) {
        if self.samples == 0 {
            self.first = sample;
        }
        self.samples += 1;
        self.varies |= sample != self.first;
        self.peak = self.peak.max(sample.abs());
        self.sum += f64::from(sample);
        self.squares += f64::from(sample) * f64::from(sample);
        self.at_full_scale += u64::from(sample.abs() >= FULL_SCALE);
    }

    fn facts(&self) -> ChannelFacts {
        let count = self.samples.max(1) as f64;
        ChannelFacts {
            peak: self.peak,
            rms: (self.squares / count).sqrt(),
            offset: self.sum / count,
            clipped: self.at_full_scale as f64 / count,
            constant: (self.samples > 1 && !self.varies).then_some(self.first),
        }
    }
}

/// Computes [`Facts`] from blocks of interleaved samples.
#[derive(Debug)]
pub struct Measure {
    rate_hz: u32,
    channels: Vec<Sums>,
    average: Sums,
    /// Sum of products of the first two channels.
    products: f64,
    microphone: Microphone,
    fault_samples: [u64; 5],
    replaced: u64,
    mono: Vec<f32>,
}

impl Measure {
    /// A measurement of sound at `rate_hz` Hz with `channels` channels.
    #[must_use]
    pub fn new(rate_hz: u32, channels: u16) -> Self {
        Self {
            rate_hz,
            channels: vec![Sums::default(); usize::from(channels.max(1))],
            average: Sums::default(),
            products: 0.0,
            microphone: Microphone::new(Limits::default()),
            fault_samples: [0; 5],
            replaced: 0,
            mono: Vec::new(),
        }
    }

    /// Adds interleaved samples, whole frames, of which `replaced` were no numbers.
    pub fn push(&mut self, interleaved: &[f32], replaced: u64) {
        self.mono.clear();
        let count = self.channels.len();
        if let [one] = &mut self.channels[..] {
            interleaved.iter().for_each(|sample| one.push(*sample));
            self.average = *one;
            self.mono.extend_from_slice(interleaved);
        } else {
            for frame in interleaved.chunks_exact(count) {
                frame.iter().zip(&mut self.channels).for_each(|(&sample, sums)| sums.push(sample));
                if let [left, right, ..] = frame {
                    self.products += f64::from(*left) * f64::from(*right);
                }
                let average = average(frame);
                self.average.push(average);
                self.mono.push(average);
            }
        }
        self.replaced += replaced;
        let replaced = u32::try_from(replaced).unwrap_or(u32::MAX);
        // A fault is reported once it has lasted for a second, which then counts as well.
        let lag = u64::from(self.rate_hz);
        let fault_samples = &mut self.fault_samples;
        let mut before = self.microphone.faults();
        for (block, replaced) in
            self.mono.chunks(self.rate_hz as usize / 4 + 1).zip(std::iter::once(replaced).chain(std::iter::repeat(0)))
        {
            let faults = self.microphone.push(block, replaced, self.rate_hz);
            for (at, (bit, _)) in microphone::NAMES.iter().enumerate() {
                if faults & bit != 0 {
                    fault_samples[at] += block.len() as u64 + if before & bit == 0 { lag } else { 0 };
                }
            }
            before = faults;
        }
    }

    /// The facts of all samples so far.
    #[must_use]
    pub fn facts(&self) -> Facts {
        let seconds = self.average.samples as f64 / f64::from(self.rate_hz);
        let channels: Vec<ChannelFacts> = self.channels.iter().map(Sums::facts).collect();
        Facts {
            correlation: self.correlation(&channels),
            channels,
            average: self.average.facts(),
            fault_s: self.fault_samples.map(|samples| (samples as f64 / f64::from(self.rate_hz)).min(seconds)),
            seconds,
            replaced: self.replaced,
        }
    }

    fn correlation(&self, channels: &[ChannelFacts]) -> Option<f64> {
        let [left, right, ..] = channels else { return None };
        let count = self.average.samples.max(1) as f64;
        let variance = |channel: &ChannelFacts| channel.rms * channel.rms - channel.offset * channel.offset;
        let product = (variance(left) * variance(right)).sqrt();
        let covariance = self.products / count - left.offset * right.offset;
        let constant = left.constant.is_some() || right.constant.is_some();
        (!constant && product > 0.0).then(|| (covariance / product).clamp(-1.0, 1.0))
    }
}

/// The mean of a frame, as the core's decoder computes it.
pub(crate) fn average(frame: &[f32]) -> f32 {
    match frame {
        [one] => *one,
        frame => frame.iter().fold(0.0, |sum, &one| sum + one) / frame.len() as f32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 8_000;

    /// Facts of 4 s of what `frame` gives.
    fn facts<const N: usize>(frame: impl Fn(usize) -> [f32; N]) -> Facts {
        let samples: Vec<f32> = (0..4 * RATE as usize).flat_map(&frame).collect();
        let mut measure = Measure::new(RATE, N as u16);
        samples.chunks(N * 777).for_each(|part| measure.push(part, 0));
        measure.facts()
    }

    fn kinds(facts: &Facts) -> Vec<&'static str> {
        facts.remarks().into_iter().map(|remark| remark.kind).collect()
    }

    fn noise(at: usize, seed: u32) -> f32 {
        let mut x = (at as u32 + 1).wrapping_mul(2_654_435_761) ^ seed.wrapping_mul(0x9e37_79b9);
        x ^= x >> 15;
        x = x.wrapping_mul(0x85eb_ca6b);
        x ^= x >> 13;
        x as f32 / u32::MAX as f32 - 0.5
    }

    #[test]
    fn sound_of_one_or_two_good_microphones_is_no_remark() {
        assert!(kinds(&facts(|at| [noise(at, 1)])).is_empty());
        assert!(kinds(&facts(|at| [noise(at, 1), noise(at, 2)])).is_empty());
        let same = facts(|at| [noise(at, 1), noise(at, 1)]);
        assert!(kinds(&same).is_empty() && same.correlation.unwrap() > 0.999);
        assert!((same.average.rms - 0.2887).abs() < 0.01);
    }

    #[test]
    fn channels_that_cancel_are_remarked_exactly_or_nearly() {
        for slip in [0.0, 0.1] {
            let antiphase = facts(|at| [noise(at, 1), -noise(at, 1) + slip * noise(at, 2)]);
            assert_eq!(kinds(&antiphase).first(), Some(&"channels cancel"), "{antiphase:?}");
            assert!(antiphase.correlation.unwrap() < -0.9);
        }
    }

    #[test]
    fn a_dead_channel_is_named() {
        let dead = facts(|at| [noise(at, 1), 0.0]);
        assert_eq!(kinds(&dead), ["a dead channel"]);
        assert!(dead.remarks()[0].text.contains("channel 1"), "{:?}", dead.remarks());
    }

    #[test]
    fn silence_stuck_and_clipped_sound_are_remarked() {
        assert_eq!(kinds(&facts(|_| [0.0])), ["silence"]);
        assert_eq!(kinds(&facts(|_| [0.25, 0.25])), ["stuck"]);
        assert_eq!(kinds(&facts(|at| [(8.0 * noise(at, 1)).clamp(-1.0, 1.0)])), ["clipped"]);
        assert_eq!(kinds(&facts(|at| [0.4 + 0.5 * noise(at, 1)])), ["offset"]);
        let half = facts(|at| [if at < 16_000 { noise(at, 1) } else { 0.0 }]);
        assert_eq!(kinds(&half), ["silent parts"]);
        assert!((half.fault_s[0] - 2.0).abs() < 0.5, "{half:?}");
    }
}
