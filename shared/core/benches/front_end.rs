//! Cost of the signal chain in front of the network, in nanoseconds per column and per input sample.
//!
//! `make bench` prints the minimum of many runs, because other load on the machine only adds time.

use std::hint::black_box;
use std::time::Instant;

use monitor_core::log_mel::{HOP, LogMel};
use monitor_core::pcm::{Channel, Decoder, SampleFormat};
use monitor_core::resample::Resampler;
use monitor_core::stats;
use monitor_core::window::COLUMNS;

/// Returns the minimum time of one run, in nanoseconds.
fn minimum_ns(mut run: impl FnMut()) -> f64 {
    (0..200)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_nanos() as f64
        })
        .fold(f64::INFINITY, f64::min)
}

/// Machine-like test signal: hum and noise, 16 kHz mono.
fn sound(len: usize) -> Vec<f32> {
    let mut state = 7_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 16_777_216.0 - 0.5
    };
    (0..len).map(|n| 0.3 * (n as f32 * 0.05).sin() + 0.1 * noise()).collect()
}

fn main() {
    let bytes = vec![0x35; 48_000 * 2];
    let mut samples = vec![0.0; 48_000];
    let mut decoder = Decoder::new(SampleFormat::S16, 1, Channel::Average).expect("valid");
    let ns = minimum_ns(|| {
        black_box(decoder.decode(black_box(&bytes), &mut samples));
    });
    println!("pcm      S16 mono           {:8.2} ns per sample", ns / 48_000.0);

    for rate in [8_000, 11_025, 44_100, 44_101, 48_000, 96_000, 192_000, 384_000] {
        let input = sound(rate as usize / 10);
        let mut storage = vec![0.0; Resampler::storage_len(rate).expect("in range")];
        let design = minimum_ns(|| {
            black_box(Resampler::new(rate, black_box(&mut storage)).expect("enough memory"));
        });
        let mut resampler = Resampler::new(rate, &mut storage).expect("enough memory");
        let mut sum = 0.0;
        let ns = minimum_ns(|| resampler.push(black_box(&input), |sample| sum += sample));
        black_box(sum);
        println!(
            "resample {rate:>6} Hz          {:8.2} ns per input sample, designed in {:.2} ms",
            ns / input.len() as f64,
            design / 1e6
        );
    }

    let input = sound(48 * HOP);
    let mut front_end = LogMel::new();
    let mut columns = 0;
    let ns = minimum_ns(|| {
        front_end.push(black_box(&input), |column| {
            black_box(column);
            columns += 1;
        });
    });
    println!("log_mel                     {:8.0} ns per column", ns / 48.0);

    let patch = core::array::from_fn(|j| core::array::from_fn(|band| (j * band % 13) as f32 - 7.0));
    let mut out = [0.0; stats::LEN];
    let ns = minimum_ns(|| stats::log_mel_stats(black_box(&patch), &mut out));
    println!("stats                       {ns:8.0} ns per window of {COLUMNS} columns");
}
