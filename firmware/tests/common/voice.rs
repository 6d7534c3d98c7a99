//! Sounds at 16 kHz: a machine, and somebody who speaks.
#![allow(dead_code, unreachable_pub)] // Each test program uses its part.

use std::f32::consts::TAU;

/// Noise and a whine with harmonics, as of a motor.
pub fn machine(count: usize) -> Vec<f32> {
    let mut state = 1u32;
    (0..count)
        .map(|n| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (state >> 16) as f32 / 32_768.0 - 1.0;
            let whine = |harmonic: f32| (TAU * 120.0 * harmonic * n as f32 / 16_000.0).sin() / harmonic;
            0.01 * (noise + whine(1.0) + whine(2.0) + whine(3.0))
        })
        .collect()
}

/// Vowels by a source of pulses with a falling pitch and three formants each, four syllables a second with pauses.
pub fn speech(count: usize) -> Vec<f32> {
    const VOWELS: [[f32; 3]; 4] =
        [[730., 1090., 2440.], [270., 2290., 3010.], [300., 870., 2240.], [530., 1840., 2480.]];
    let mut phase = 0.0;
    let mut filters = [[0.0f32; 2]; 3];
    (0..count)
        .map(|n| {
            let (syllable, within) = (n / 4000, (n % 4000) as f32 / 4000.0);
            phase += (130.0 - 30.0 * within + 8.0 * (syllable % 3) as f32) / 16_000.0;
            let pulse = if phase >= 1.0 { 1.0 } else { 0.0 };
            phase %= 1.0;
            let loud = if within < 0.8 { (within / 0.8 * TAU / 2.0).sin() } else { 0.0 };
            let mut sum = 0.0;
            for (place, (state, hz)) in filters.iter_mut().zip(VOWELS[syllable % 4]).enumerate() {
                // A resonance of 80 Hz width.
                let radius = (-TAU / 2.0 * 80.0 / 16_000.0_f32).exp();
                let next = pulse + 2.0 * radius * (TAU * hz / 16_000.0).cos() * state[0] - radius * radius * state[1];
                *state = [next, state[0]];
                sum += next / (1.0 + 2.0 * place as f32);
            }
            sum * loud * 0.08
        })
        .collect()
}
