//! Measures the resampler as a black box: levels, aliases, images, counts, timing.

use monitor_core::resample::{Error, Resampler};
use proptest::prelude::*;
use std::f64::consts::TAU;

/// Common rates, and some that have no common divisor with 16 kHz.
const RATES: [u32; 18] = [
    8000, 8001, 11_025, 12_000, 15_999, 16_001, 22_050, 24_000, 32_000, 44_100, 44_101, 48_000, 88_200, 96_000,
    100_003, 176_400, 192_000, 384_000,
];

/// Returns the whole output for a whole input.
fn resample(rate: u32, input: &[f32]) -> Vec<f32> {
    let mut storage = vec![f32::NAN; Resampler::storage_len(rate).expect("a rate in range")];
    let mut resampler = Resampler::new(rate, &mut storage).expect("enough memory");
    let mut output = Vec::new();
    resampler.push(input, |sample| output.push(sample));
    resampler.finish(|sample| output.push(sample));
    output
}

/// Returns 0.2 s of a sine of amplitude 1.
fn sine(rate: u32, hz: f64) -> Vec<f32> {
    (0..rate / 5).map(|n| (TAU * hz * f64::from(n) / f64::from(rate)).sin() as f32).collect()
}

/// Response to a sine, away from the ends of the stream.
struct Response {
    /// Amplitude of the same frequency, in dB.
    level_db: f64,
    /// Phase shift, in radians.
    phase: f64,
    /// RMS of all other components relative to the sine's, in dB.
    rest_db: f64,
}

fn measure(rate: u32, hz: f64) -> Response {
    let output = resample(rate, &sine(rate, hz));
    let middle = 400..output.len() - 400;
    // A Hann weight separates the two components of the fit if the middle is not a whole number of periods long.
    let length = middle.len() as f64;
    let weight = |j: usize| 1.0 - (TAU * (j - middle.start) as f64 / length).cos();
    let angle = |j: usize| TAU * hz * j as f64 / 16_000.0;
    let (mut ss, mut sc, mut cc, mut sy, mut cy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for j in middle.clone() {
        let (s, c) = angle(j).sin_cos();
        let (w, y) = (weight(j), f64::from(output[j]));
        ss += w * s * s;
        sc += w * s * c;
        cc += w * c * c;
        sy += w * s * y;
        cy += w * c * y;
    }
    let determinant = ss * cc - sc * sc;
    let (in_phase, quadrature) = ((sy * cc - cy * sc) / determinant, (cy * ss - sy * sc) / determinant);
    let rest: f64 = middle
        .clone()
        .map(|j| (f64::from(output[j]) - in_phase * angle(j).sin() - quadrature * angle(j).cos()).powi(2))
        .sum();
    Response {
        level_db: 20.0 * in_phase.hypot(quadrature).log10(),
        phase: quadrature.atan2(in_phase),
        rest_db: 10.0 * (2.0 * rest / length).log10(),
    }
}

/// Frequencies from `low` to `high` Hz, both included.
fn sweep(low: f64, high: f64) -> impl Iterator<Item = f64> {
    (0..=24).map(move |i| low + (high - low) * f64::from(i) / 24.0)
}

/// Returns the start of the stop band in Hz: half the lower of the two rates.
fn edge(rate: u32) -> f64 {
    f64::from(rate.min(16_000)) / 2.0
}

#[test]
fn sines_of_the_pass_band_keep_their_level_within_a_tenth_of_a_decibel_and_their_phase() {
    let mut worst = 0.0_f64;
    for rate in RATES {
        for hz in sweep(20.0, 7.0 / 8.0 * edge(rate)) {
            let response = measure(rate, hz);
            worst = worst.max(response.level_db.abs());
            assert!(response.level_db.abs() < 0.1, "{rate} Hz, sine {hz}: {} dB", response.level_db);
            assert!(response.phase.abs() < 1e-3, "{rate} Hz, sine {hz}: moved by {} rad", response.phase);
        }
    }
    println!("largest ripple {worst:.2e} dB");
}

#[test]
fn images_of_the_pass_band_are_80_decibels_down() {
    let mut worst = -200.0_f64;
    for rate in RATES {
        for hz in sweep(20.0, 7.0 / 8.0 * edge(rate)) {
            let rest = measure(rate, hz).rest_db;
            worst = worst.max(rest);
            assert!(rest < -80.0, "{rate} Hz, sine {hz}: {rest} dB");
        }
    }
    println!("largest image {worst:.1} dB");
}

#[test]
fn sines_from_8_kilohertz_are_80_decibels_down_and_do_not_alias() {
    let mut worst = -200.0_f64;
    for rate in RATES.into_iter().filter(|&rate| rate > 16_000) {
        for hz in sweep(8000.0, f64::from(rate) / 2.0 - 1.0).chain(sweep(8000.0, (f64::from(rate) / 2.0).min(9000.0))) {
            let output = resample(rate, &sine(rate, hz));
            let middle = &output[400..output.len() - 400];
            // Against the mean square of a sine, which is a half.
            let square = middle.iter().map(|&y| f64::from(y).powi(2)).sum::<f64>() / middle.len() as f64;
            let level = 10.0 * (2.0 * square).log10();
            worst = worst.max(level);
            assert!(level < -80.0, "{rate} Hz, sine {hz}: {level} dB");
        }
    }
    println!("largest alias {worst:.1} dB");
}

#[test]
fn images_of_the_transition_band_below_16_kilohertz_are_80_decibels_down() {
    // Above half the input rate there are only images; a sine just below it is mirrored just above it.
    for rate in RATES.into_iter().filter(|&rate| rate < 15_000) {
        for hz in sweep(7.0 / 8.0 * edge(rate), edge(rate) - 20.0) {
            let response = measure(rate, hz);
            assert!(response.rest_db < -80.0, "{rate} Hz, sine {hz}: {} dB", response.rest_db);
        }
    }
}

#[test]
fn sixteen_kilohertz_passes_unchanged() {
    let input = sine(16_000, 7900.0);
    assert_eq!(resample(16_000, &input), input);
    assert_eq!(Resampler::storage_len(16_000), Ok(0));
}

#[test]
fn an_impulse_keeps_its_time() {
    for rate in [8000, 32_000, 48_000, 96_000, 192_000, 384_000] {
        let mut input = vec![0.0; rate as usize / 10];
        input[rate as usize / 20] = 1.0;
        let output = resample(rate, &input);
        let largest = (0..output.len()).max_by(|&a, &b| output[a].total_cmp(&output[b])).unwrap();
        assert_eq!((output.len(), largest), (1600, 800), "{rate} Hz");
    }
}

#[test]
fn rates_out_of_range_and_too_little_memory_are_refused_with_the_remedy() {
    assert_eq!(Resampler::storage_len(7999), Err(Error::Rate { hz: 7999 }));
    assert_eq!(Resampler::storage_len(384_001), Err(Error::Rate { hz: 384_001 }));
    let needed = Resampler::storage_len(48_000).unwrap();
    let mut storage = vec![0.0; needed - 1];
    let error = Resampler::new(48_000, &mut storage).unwrap_err();
    assert_eq!(error, Error::Storage { needed, lent: needed - 1 });
    assert!(error.to_string().contains(&needed.to_string()));
}

/// Deterministic white noise.
fn noise(len: usize) -> Vec<f32> {
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    (0..len).map(|_| next()).collect()
}

/// A common rate or any other.
fn any_rate() -> impl Strategy<Value = u32> {
    prop_oneof![prop::sample::select(RATES.to_vec()), 8000_u32..=384_000]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn output_does_not_depend_on_the_size_of_the_blocks(
        rate in any_rate(), cuts in prop::collection::vec(0_usize..6000, 0..10), rerun in any::<bool>(),
    ) {
        let input = noise(6000);
        let mut cuts = cuts;
        cuts.extend([0, input.len()]);
        cuts.sort_unstable();
        let mut storage = vec![f32::NAN; Resampler::storage_len(rate).unwrap()];
        let mut resampler = Resampler::new(rate, &mut storage).unwrap();
        if rerun {
            // A reset discards the earlier stream.
            resampler.push(&[0.7; 5000], |_| ());
            resampler.reset();
        }
        let mut output = Vec::new();
        for cut in cuts.windows(2) {
            resampler.push(&input[cut[0]..cut[1]], |sample| output.push(sample));
        }
        resampler.finish(|sample| output.push(sample));
        prop_assert_eq!(output, resample(rate, &input));
    }

    #[test]
    fn the_number_of_output_samples_is_exact_for_any_rate_and_length(rate in any_rate(), len in 0_usize..20_000) {
        let mut storage = vec![0.0; Resampler::storage_len(rate).unwrap()];
        let mut resampler = Resampler::new(rate, &mut storage).unwrap();
        let (mut pushed, mut finished) = (0_u64, 0_u64);
        resampler.push(&vec![0.0; len], |_| pushed += 1);
        let look_ahead = resampler.look_ahead();
        resampler.finish(|_| finished += 1);
        let samples = |input: usize| (input as u64 * 16_000).div_ceil(u64::from(rate));
        prop_assert_eq!(pushed, samples(len.saturating_sub(look_ahead)));
        prop_assert_eq!(pushed + finished, samples(len));
    }
}
