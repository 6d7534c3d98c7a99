//! What the samples of a file show: level, faults of the microphone, channels that do not belong together.
//!
//! The faults are those of the device's own check, [`monitor_core::microphone`], with its limits: on such sound the device
//! reports a fault instead of a state, or a state that it cannot know.

use std::path::Path;

use monitor_core::microphone::{Limits, Microphone, NAMES};
use monitor_recording::{ChannelFacts, Error, Facts, Measure, RecordingReader, Remark};

/// Channels that are compared, and the seconds of each: a fault of the wiring lasts.
const MOST_CHANNELS: usize = 8;
const COMPARED_S: f64 = 60.0;
/// Power of the mean of the channels, as a share of their mean power, below which they cancel: channels without relation
/// leave at least 1/8 of 8.
const CANCELLED: f64 = 0.01;
/// Power of a channel, as a share of the loudest, below which it has no microphone: 60 dB.
const DEAD: f64 = 1e-6;

/// A fault of the channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChannelFault {
    /// Their mean, which is used, is near silence.
    Cancel,
    /// One of them carries nothing.
    Dead,
}

/// What the samples of a file show.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sound {
    pub rate_hz: u32,
    /// Name of the format, such as WAV or FLAC, by the content.
    pub format: &'static str,
    pub channels: u16,
    /// Number of decoded frames; the header of a compressed file may state more or fewer.
    pub frames: u64,
    /// What the user should know of the file.
    pub remarks: Vec<Remark>,
    /// Root mean square in dB of full scale; `None` for digital silence.
    pub level_dbfs: Option<f64>,
    /// Faults of the microphone that last a second, or as long as a shorter file: bits of [`monitor_core::microphone`].
    pub faults: u8,
    /// Share of samples that are no numbers, or too large for one, 0 to 1.
    pub no_numbers: f64,
    pub channel_fault: Option<ChannelFault>,
}

/// Decodes the file at `path` once, to its end.
///
/// # Errors
/// When it cannot be read.
pub(super) fn measure(path: &Path) -> Result<Sound, Error> {
    let mut reader = RecordingReader::open(path)?;
    let (rate_hz, channels) = (reader.rate_hz(), reader.channels());
    // Blocks of the check, each judged alone.
    let mut block = vec![0.0; (rate_hz / 4).max(1) as usize];
    let mut microphone = Microphone::new(Limits { after_s: 0.25, ..Limits::default() });
    let (mut runs, mut longest, mut blocks) = ([0_u32; NAMES.len()], [0_u32; NAMES.len()], 0);
    let mut power = Power::default();
    let compared = (COMPARED_S * f64::from(rate_hz)) as u64;
    let mut channel_measure = Measure::new(rate_hz, channels);
    loop {
        let before = reader.replaced();
        let read = if power.samples < compared {
            reader.read_measured(&mut block, &mut channel_measure)?
        } else {
            reader.read(&mut block)?
        };
        if read == 0 {
            break;
        }
        power.add(&block[..read]);
        let non_finite = u32::try_from(reader.replaced() - before).unwrap_or(u32::MAX);
        let faults = microphone.push(&block[..read], non_finite, rate_hz);
        if read < block.len() {
            break;
        }
        blocks += 1;
        for (place, (bit, _)) in NAMES.iter().enumerate() {
            runs[place] = if faults & bit == 0 { 0 } else { runs[place] + 1 };
            longest[place] = longest[place].max(runs[place]);
        }
    }
    let lasting = |place: &usize| blocks > 0 && longest[*place] >= blocks.min(4);
    let faults = (0..NAMES.len()).filter(lasting).fold(0, |bits, place| bits | NAMES[place].0);
    let values = (power.samples * u64::from(channels)).max(1);
    Ok(Sound {
        rate_hz,
        format: reader.format().name,
        channels,
        frames: power.samples,
        // Damage of a compressed file is known at its end.
        remarks: reader.remarks(),
        level_dbfs: power.dbfs(),
        faults,
        no_numbers: reader.replaced() as f64 / values as f64,
        channel_fault: channel_fault(&channel_measure.facts()),
    })
}

/// Compares the channels with their mean.
fn channel_fault(facts: &Facts) -> Option<ChannelFault> {
    if !(2..=MOST_CHANNELS).contains(&facts.channels.len()) {
        return None;
    }
    let powers: Vec<f64> = facts.channels.iter().map(variance).collect();
    let loudest = powers.iter().copied().fold(0.0, f64::max);
    let average = powers.iter().sum::<f64>() / powers.len() as f64;
    if loudest == 0.0 {
        None
    } else if variance(&facts.average) < CANCELLED * average {
        Some(ChannelFault::Cancel)
    } else {
        powers.iter().any(|power| *power < DEAD * loudest).then_some(ChannelFault::Dead)
    }
}

/// Power without that of the offset; 0 for a constant.
fn variance(channel: &ChannelFacts) -> f64 {
    let power = channel.rms * channel.rms;
    let variance = power - channel.offset * channel.offset;
    // What rounding leaves of a constant.
    if variance <= 1e-12 * power { 0.0 } else { variance }
}

/// Sums over samples.
#[derive(Debug, Clone, Copy, Default)]
struct Power {
    samples: u64,
    squares: f64,
}

impl Power {
    fn add(&mut self, samples: &[f32]) {
        self.samples += samples.len() as u64;
        for sample in samples {
            self.squares += f64::from(*sample) * f64::from(*sample);
        }
    }

    fn dbfs(&self) -> Option<f64> {
        (self.squares > 0.0).then(|| 10.0 * (self.squares / self.samples.max(1) as f64).log10())
    }
}

#[cfg(test)]
mod tests {
    use monitor_core::microphone::{CLIPPED, NOT_FINITE, OFFSET, SILENT, STUCK};
    use monitor_model::wav::{Encoding, write_as};

    use super::*;

    /// Measures `seconds` of what `frame` gives for the number of a frame, at 8 kHz.
    fn of(seconds: f64, frame: impl Fn(u32) -> Vec<f32>) -> Sound {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let channels = frame(0).len() as u16;
        write_as(&path, Encoding::F32, 8_000, channels, |writer| {
            (0..(seconds * 8_000.0) as u32).try_for_each(|number| writer.push(&frame(number)))
        })
        .unwrap();
        measure(&path).unwrap()
    }

    fn noise(number: u32) -> f32 {
        (number.wrapping_mul(2_654_435_761) >> 8) as f32 / 16_777_216.0 * 0.2 - 0.1
    }

    #[test]
    fn good_sound_has_no_fault_and_its_level() {
        let sound = of(2.0, |number| vec![noise(number)]);
        assert_eq!((sound.faults, sound.channel_fault, sound.no_numbers, sound.channels), (0, None, 0.0, 1));
        // Uniform noise of an amplitude of 0.1: 20 log10(0.1 / sqrt 3).
        assert!((sound.level_dbfs.unwrap() + 24.77).abs() < 0.2, "{sound:?}");
    }

    #[test]
    fn every_fault_of_the_device_s_check_is_found_in_long_and_in_short_files() {
        for seconds in [0.98, 3.0] {
            assert_eq!(of(seconds, |_| vec![0.0]).faults, SILENT);
            assert_eq!(of(seconds, |_| vec![0.25]).faults, STUCK);
            assert_eq!(of(seconds, |n| vec![0.5 + noise(n)]).faults, OFFSET);
            assert_eq!(of(seconds, |n| vec![if n % 2 == 0 { 1.0 } else { -1.0 }]).faults, CLIPPED);
            for bad in [f32::NAN, 1e30] {
                // With half of them and more the file is refused.
                let numbers = of(seconds, |n| vec![if n % 4 == 0 { bad } else { noise(n) }]);
                assert_eq!((numbers.faults, numbers.no_numbers), (NOT_FINITE, 0.25));
            }
        }
        // A quarter of a second of silence is no fault; a second within a longer file is.
        assert_eq!(of(3.0, |n| vec![if n < 2_500 { 0.0 } else { noise(n) }]).faults, 0);
        assert_eq!(of(3.0, |n| vec![if n < 8_500 { 0.0 } else { noise(n) }]).faults, SILENT);
        assert_eq!(of(1.0, |_| vec![0.0]).level_dbfs, None);
    }

    #[test]
    fn channels_that_cancel_and_a_dead_channel_are_found_and_others_are_not() {
        let other = |n: u32| noise(n.wrapping_add(77_777).wrapping_mul(31));
        assert_eq!(of(1.0, |n| vec![noise(n), -noise(n)]).channel_fault, Some(ChannelFault::Cancel));
        assert_eq!(of(1.0, |n| vec![noise(n), -0.98 * noise(n)]).channel_fault, Some(ChannelFault::Cancel));
        assert_eq!(of(1.0, |n| vec![noise(n), 0.0]).channel_fault, Some(ChannelFault::Dead));
        assert_eq!(of(1.0, |n| vec![0.01, noise(n), other(n)]).channel_fault, Some(ChannelFault::Dead));
        assert_eq!(of(1.0, |n| vec![noise(n), noise(n)]).channel_fault, None);
        assert_eq!(of(1.0, |n| vec![noise(n), 0.1 * other(n)]).channel_fault, None);
        assert_eq!(of(1.0, |_| vec![0.0, 0.0]).channel_fault, None);
    }
}
