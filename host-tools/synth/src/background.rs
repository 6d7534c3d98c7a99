//! Background sound: the hall, mains hum, a distant fan, metallic impacts, speech.

use super::rotor::wrap;
use super::tones::{Harmonics, sine};
use monitor_sound::filters::{Band, Biquad, Follow, Wander};
use monitor_sound::rng::Rng;

/// Seconds between events, on average.
const EVENT_EVERY_S: f64 = 4.0;

/// The background of one place and day.
#[derive(Debug, Clone)]
pub(crate) struct Background {
    rate: f64,
    /// Bands of the hall's noise with their levels: low bands are stronger.
    hall: [(Band, f64); 4],
    drift: Wander,
    hum: (Harmonics, f64, f64, f64),
    fan: (Harmonics, f64, f64, f64),
    clank: (Biquad, f64),
    voice: Voice,
}

/// Distant speech: a band of noise in syllables.
#[derive(Debug, Clone)]
struct Voice {
    band: Band,
    swell: Follow,
    syllable: f64,
    syllable_hz: f64,
    samples_left: u64,
}

impl Background {
    /// Draws a place; its background has an RMS of about 1.
    pub(crate) fn draw(rate: f64, rng: &mut Rng) -> Self {
        let hall = [(90.0, 0.0), (300.0, -7.0), (1_000.0, -15.0), (4_000.0, -22.0)]
            .map(|(hz, decibels)| (Band::new(rate, hz, 0.6), rng.decibels(decibels - 3.0, decibels + 2.0)));
        let clank_hz = rng.range(700.0, 4_000.0);
        let clank_q = rng.range(15.0, 50.0);
        Self {
            rate,
            hall,
            drift: Wander::new(rate, 0.3),
            hum: (Harmonics::new([1.0, 0.6, 0.3, 0.3, 0.1, 0.2]), rng.decibels(-20.0, -4.0), 50.0, rng.unit()),
            fan: (Harmonics::new([1.0, 0.5, 0.3]), rng.decibels(-24.0, -8.0), rng.range(90.0, 420.0), rng.unit()),
            clank: (
                Biquad::band_pass(rate, clank_hz, clank_q),
                clank_q * rate / (2.0 * std::f64::consts::PI * clank_hz),
            ),
            voice: Voice {
                band: Band::new(rate, rng.range(450.0, 900.0), 0.7),
                swell: Follow::new(rate, 0.04, 0.0),
                syllable: 0.0,
                syllable_hz: rng.range(3.0, 5.5),
                samples_left: 0,
            },
        }
    }

    /// Returns the next sample.
    pub(crate) fn next(&mut self, rng: &mut Rng) -> f64 {
        let hall: f64 = self.hall.iter_mut().map(|(band, level)| *level * band.next(rng)).sum();
        let mut sound = hall * (1.0 + 0.15 * self.drift.next(rng)).max(0.2);
        for (harmonics, level, hz, turns) in [&mut self.hum, &mut self.fan] {
            *turns = wrap(*turns + *hz / self.rate);
            sound += *level * harmonics.at(*turns);
        }
        let event = rng.chance(1.0 / (EVENT_EVERY_S * self.rate));
        let mut strike = 0.0;
        if event {
            if rng.chance(0.6) {
                strike = self.clank.1 * rng.range(0.5, 4.0);
            } else {
                self.voice.samples_left = (self.rate * rng.range(0.6, 2.0)) as u64;
            }
        }
        sound + self.clank.0.next(strike) + self.voice.next(self.rate, rng)
    }
}

impl Voice {
    fn next(&mut self, rate: f64, rng: &mut Rng) -> f64 {
        self.syllable = wrap(self.syllable + self.syllable_hz / rate);
        let speaking = self.samples_left > 0 && sine(self.syllable) > -0.2;
        self.samples_left = self.samples_left.saturating_sub(1);
        self.swell.next(f64::from(u8::from(speaking))) * 1.2 * self.band.next(rng)
    }
}
