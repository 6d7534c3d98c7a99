//! The part of the monitor before the model: microphone check and front end.

use super::Event;
use crate::gain::Gain;
use crate::microphone::{Limits, Microphone};
use crate::pipeline::{Error, FrontEnd, ReadyWindow};

/// Consecutive mono samples.
#[derive(Debug, Clone, Copy)]
pub struct AudioBlock<'a> {
    /// The samples at the input's rate, full scale 1.
    pub samples: &'a [f32],
    /// How many of them were not finite and have been replaced by 0.
    pub non_finite: u32,
    /// Frames of the input that were lost before them.
    pub lost_before: u64,
}

/// Microphone check and front end. It outlives a change of model.
#[derive(Debug)]
pub struct Intake<'s> {
    front: FrontEnd<'s>,
    microphone: Microphone,
}

impl<'s> Intake<'s> {
    /// An intake with a new microphone check.
    pub fn new(front: FrontEnd<'s>, limits: Limits) -> Self {
        Self::resume(front, Microphone::new(limits))
    }

    /// An intake that continues the microphone check of another one, at another rate of the input.
    pub fn resume(front: FrontEnd<'s>, microphone: Microphone) -> Self {
        Self { front, microphone }
    }

    /// Processes a block: calls `on_ready` for each window that it completes, with whether the microphone was dead then.
    pub fn process(&mut self, block: AudioBlock<'_>, mut on_ready: impl FnMut(&ReadyWindow<'_>, bool)) {
        let Self { front, microphone } = self;
        if block.lost_before > 0 {
            front.gap(block.lost_before);
        }
        microphone.process(block.samples, block.non_finite, front.rate_hz(), |part, dead| {
            front.push_deferred(part, |ready| on_ready(ready, dead));
        });
    }

    /// Ends the stream; see [`super::Monitor::finish`].
    pub fn finish(&mut self, mut on_ready: impl FnMut(&ReadyWindow<'_>, bool)) {
        let dead = self.microphone.is_dead();
        self.front.finish_deferred(|ready| on_ready(ready, dead));
    }

    /// Reports the gap before a block that has one.
    pub(super) fn announce_gap(&self, block: &AudioBlock<'_>, on_event: &mut impl FnMut(&Event<'_>)) {
        if block.lost_before > 0 {
            on_event(&Event::Gap { index: self.index(), lost_frames: block.lost_before });
        }
    }

    /// The input's rate in Hz.
    pub fn rate_hz(&self) -> u32 {
        self.front.rate_hz()
    }

    /// Number of the next window.
    pub fn index(&self) -> u64 {
        self.front.index()
    }

    /// Position of the next sample at 16 kHz.
    pub fn position(&self) -> u64 {
        self.front.position()
    }

    /// The reported faults of the microphone, as bits of [`crate::microphone`].
    pub fn microphone_faults(&self) -> u8 {
        self.microphone.faults()
    }

    /// Whether the microphone is dead.
    pub fn microphone_is_dead(&self) -> bool {
        self.microphone.is_dead()
    }

    /// The microphone check, to be continued at another rate of the input ([`Intake::resume`]).
    pub fn microphone(&self) -> &Microphone {
        &self.microphone
    }

    /// Sets the input gain of the model; see [`FrontEnd::set_gain`].
    pub fn set_gain(&mut self, gain: Gain) {
        self.front.set_gain(gain);
    }

    /// Replaces the limits of the microphone check and the hop, in columns of 10 ms.
    ///
    /// # Errors
    /// [`Error::Window`] when the hop is 0; the limits are replaced all the same.
    pub fn reconfigure(&mut self, limits: Limits, hop_columns: u32) -> Result<(), Error> {
        self.microphone.set_limits(limits);
        self.front.set_hop_columns(hop_columns)
    }
}
