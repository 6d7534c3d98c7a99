//! Whether somebody speaks in a sound (docs/development/decisions/speech-in-clips.md).
//!
//! A small network scores each 16 ms of sound (the crate `earshot`). Its scores depend on the level, so that the sound is first
//! brought to one level. Speech is where enough of the scores of one second are high. It runs in the threads of sinks: over a clip
//! when it is complete, and over live sound while somebody listens.

use earshot::Detector;
use monitor_core::resample::{Error, Resampler};
use self_cell::{MutBorrow, self_cell};

/// Samples of a frame that gets a score: 16 ms at 16 kHz.
const FRAME: usize = 256;

/// Frames that are counted together: 0.99 s.
const FRAMES: u32 = 62;

/// Least score of a frame that counts.
const SCORE: f32 = 0.9;

/// How many of the frames must count: a fifth.
const LEAST: u32 = 13;

/// Root mean square that the sound is brought to: -30 dB of full scale.
const LEVEL: f32 = 0.03;

/// Part of a frame's power in the mean power, whose time constant is 0.3 s.
const SHARE: f32 = 0.016 / 0.3;

/// Least mean power, -100 dB of full scale, so that digital silence is not amplified without bound.
const SILENCE: f32 = 1e-10;

self_cell!(
    /// A resampler with its memory.
    struct OwnedResampler {
        owner: MutBorrow<Vec<f32>>,
        #[not_covariant]
        dependent: Resampler,
    }
);

/// Finds speech in mono sound of one rate.
pub struct SpeechDetector {
    resampler: OwnedResampler,
    detector: Box<Detector>,
    frame: Vec<f32>,
    /// Mean power; `None` before the first frame.
    power: Option<f32>,
    /// A bit for each of the newest frames: whether its score is high.
    high: u64,
}

impl SpeechDetector {
    /// One for samples at `rate_hz`.
    ///
    /// # Errors
    /// When the rate is outside 8 to 384 kHz.
    pub fn new(rate_hz: u32) -> Result<Self, Error> {
        let memory = MutBorrow::new(vec![0.0; Resampler::storage_len(rate_hz)?]);
        let resampler = OwnedResampler::try_new(memory, |memory| Resampler::new(rate_hz, memory.borrow_mut()))?;
        let frame = Vec::with_capacity(FRAME);
        Ok(Self { resampler, detector: Box::new(Detector::default()), frame, power: None, high: 0 })
    }

    /// Takes samples, full scale 1. Returns whether there was speech in the second before the end of any frame in them.
    pub fn push(&mut self, samples: &[f32]) -> bool {
        let Self { resampler, detector, frame, power, high } = self;
        let mut is_speech = false;
        let mut take = |sample: f32| {
            // The filter overshoots.
            frame.push(sample.clamp(-1.0, 1.0));
            if frame.len() == FRAME {
                let own = frame.iter().map(|sample| sample * sample).sum::<f32>() / FRAME as f32;
                let mean = *power.insert(power.map_or(own, |before| before + SHARE * (own - before)));
                let gain = LEVEL / libm::sqrtf(mean.max(SILENCE));
                // The detector expects full scale at most.
                frame.iter_mut().for_each(|sample| *sample = (*sample * gain).clamp(-1.0, 1.0));
                let is_high = detector.predict_f32(frame) >= SCORE;
                *high = (*high << 1 | u64::from(is_high)) & ((1 << FRAMES) - 1);
                is_speech |= high.count_ones() >= LEAST;
                frame.clear();
            }
        };
        resampler.with_dependent_mut(|_, resampler| resampler.push(samples, &mut take));
        is_speech
    }

    /// Whether there is speech anywhere in a sound, given in parts.
    ///
    /// # Errors
    /// When the rate is outside 8 to 384 kHz.
    pub fn find<'a>(rate_hz: u32, parts: impl IntoIterator<Item = &'a [f32]>) -> Result<bool, Error> {
        let mut detector = Self::new(rate_hz)?;
        Ok(parts.into_iter().any(|part| detector.push(part)))
    }
}

#[cfg(test)]
#[path = "../../tests/common/voice.rs"]
pub(super) mod voice;

#[cfg(test)]
mod tests {
    use super::voice::{machine, speech};
    use super::*;

    #[test]
    fn speech_beside_a_machine_is_found_at_every_rate_and_the_machine_alone_is_none() {
        let (machine, mut said) = (machine(48_000), speech(48_000));
        assert!(!SpeechDetector::find(16_000, machine.chunks(100)).unwrap());
        said.iter_mut().zip(&machine).for_each(|(said, machine)| *said += machine);
        assert!(SpeechDetector::find(16_000, said.chunks(77)).unwrap());
        let thrice: Vec<f32> = said.iter().flat_map(|sample| [*sample; 3]).collect();
        assert!(SpeechDetector::find(48_000, thrice.chunks(480)).unwrap());
        assert!(SpeechDetector::find(1000, [&machine[..]]).is_err());
    }

    #[test]
    fn silence_full_scale_and_noise_beyond_it_are_no_speech_and_no_panic() {
        for sound in
            [vec![0.0; 32_000], vec![1.0; 32_000], [3.0, -3.0].repeat(16_000), [f32::MAX, f32::MIN].repeat(9_000)]
        {
            assert!(!SpeechDetector::find(44_100, sound.chunks(441)).unwrap(), "{}", sound[0]);
        }
    }
}
