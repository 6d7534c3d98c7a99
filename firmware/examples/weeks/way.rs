//! What changes between the machine and the model: microphone and room.

use std::fmt;

use monitor_sound::filters::Follow;
use monitor_sound::rng::amplitude;

use super::machine::RATE_HZ;

/// Above it a tilt acts, in Hz.
const TILT_HZ: f64 = 2000.0;

/// Echoes of a wall that is near: delay in samples (1 to 5 ms) and amplitude.
const ECHOES: [(usize, f32); 3] = [(16, 0.6), (37, -0.5), (75, 0.4)];

/// A change on the way of the sound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Way {
    /// Another gain, in dB.
    Gain(f64),
    /// Another response: a first-order shelf of so many dB above [`TILT_HZ`].
    Tilt(f64),
    /// A wall near the microphone.
    Wall,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gain(db) => write!(f, "gain {db:+} dB"),
            Self::Tilt(db) => write!(f, "{db:+} dB above 2 kHz"),
            Self::Wall => write!(f, "wall"),
        }
    }
}

impl Way {
    /// All that are measured.
    pub const ALL: [Self; 5] = [Self::Gain(6.0), Self::Gain(-6.0), Self::Tilt(6.0), Self::Tilt(-6.0), Self::Wall];

    /// The sound after the change.
    pub fn of(self, sound: &[f32]) -> Vec<f32> {
        match self {
            Self::Gain(db) => sound.iter().map(|x| (f64::from(*x) * amplitude(db)) as f32).collect(),
            Self::Tilt(db) => {
                let mut low = Follow::new(f64::from(RATE_HZ), 1.0 / (std::f64::consts::TAU * TILT_HZ), 0.0);
                let shelved = |x: &f32| {
                    let x = f64::from(*x);
                    let low = low.next(x);
                    (low + amplitude(db) * (x - low)) as f32
                };
                sound.iter().map(shelved).collect()
            }
            Self::Wall => {
                let before = |at: usize, delay: usize| at.checked_sub(delay).map_or(0.0, |at| sound[at]);
                let echoes = |at: usize| ECHOES.iter().map(|(delay, by)| by * before(at, *delay)).sum::<f32>();
                (0..sound.len()).map(|at| sound[at] + echoes(at)).collect()
            }
        }
    }
}
