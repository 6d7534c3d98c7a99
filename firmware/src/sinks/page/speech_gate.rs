//! Live sound with silence in place of what people say.
//!
//! Speech is found half a second after it has begun, and as a rule within a second. The sound is therefore delayed, all of it
//! that waits is muted when speech is found, and what follows until nobody has spoken for some time.

use std::collections::VecDeque;

use crate::sinks::speech::SpeechDetector;

/// How long sound stays muted after the last second with speech in it, in seconds.
const HOLD_S: u64 = 2;

/// How long sound waits, in milliseconds.
const DELAY_MS: usize = 1500;

/// The gate of one stream.
#[derive(Default)]
pub(super) struct SpeechGate {
    /// With its rate; `None` before the first sound.
    detector: Option<(u32, SpeechDetector)>,
    waiting: VecDeque<f32>,
    /// Samples that came in.
    received: u64,
    /// Samples before this one are muted.
    muted_until: u64,
}

impl SpeechGate {
    /// Forgets all sound.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    /// Whether what goes out now is muted.
    pub(super) fn is_muted(&self) -> bool {
        self.muted_until > self.received - self.waiting.len() as u64
    }

    /// Takes samples, and appends to `out` those that have waited: a multiple of `factor` of them.
    pub(super) fn pass(&mut self, rate_hz: u32, samples: &[f32], factor: usize, out: &mut Vec<f32>) {
        if self.detector.as_ref().is_none_or(|(own, _)| *own != rate_hz) {
            self.reset();
            self.detector = SpeechDetector::new(rate_hz).ok().map(|detector| (rate_hz, detector));
        }
        // Sound that cannot be judged is muted.
        let is_speech = self.detector.as_mut().is_none_or(|(_, detector)| detector.push(samples));
        self.waiting.extend(samples);
        self.received += samples.len() as u64;
        if is_speech {
            self.muted_until = self.received + HOLD_S * u64::from(rate_hz);
        }
        let due = self.waiting.len().saturating_sub(rate_hz as usize * DELAY_MS / 1000) / factor * factor;
        let first = self.received - self.waiting.len() as u64;
        let muted = self.muted_until.saturating_sub(first).min(due as u64) as usize;
        out.extend(self.waiting.drain(..due).enumerate().map(|(at, sample)| if at < muted { 0.0 } else { sample }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sinks::speech::voice::{machine, speech};

    #[test]
    fn what_is_said_is_muted_from_its_first_syllable_on_and_the_machine_is_heard_again_some_seconds_later() {
        let (machine, mut said) = (machine(16_000 * 12), speech(16_000 * 2));
        said.iter_mut().zip(&machine).for_each(|(said, machine)| *said += machine);
        let sound = [&machine[..16_000 * 4], &said, &machine[..16_000 * 6]].concat();
        let (mut gate, mut out, mut was_muted) = (SpeechGate::default(), Vec::new(), Vec::new());
        for block in sound.chunks(160) {
            gate.pass(16_000, block, 1, &mut out);
            was_muted.push(gate.is_muted());
        }
        assert_eq!(out.len(), sound.len() - 16 * DELAY_MS);
        let from = (0..out.len()).find(|at| out[*at] != sound[*at]).unwrap();
        let to = (0..out.len()).rfind(|at| out[*at] != sound[*at]).unwrap() + 1;
        assert!(out[from..to].iter().all(|sample| *sample == 0.0));
        assert!(from <= 16_000 * 4 && (16_000 * 6..16_000 * 10).contains(&to), "{from} {to}");
        assert!(was_muted.contains(&true) && !was_muted[0] && !was_muted[was_muted.len() - 1]);
    }
}
