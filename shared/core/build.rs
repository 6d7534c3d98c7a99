//! Generates the constants of the log-mel front end: Hann window and mel weights (`log_mel_tables.rs`), and the factors of the Fourier
//! transform (`fft_tables.rs`).
//!
//! The values are computed and equal those inside the base model bit for bit (a test compares them if the base model is
//! available). They are computed at build time so that the device neither contains the f64 code nor runs it at start-up.

use std::fmt::Write;
use std::path::PathBuf;

/// Sample rate of the front end in Hz.
const RATE_HZ: f64 = 16_000.0;
/// Samples of one window (25 ms).
const WINDOW: usize = 400;
/// Points of the FFT.
const FFT: usize = 512;
/// Mel bands.
const BANDS: usize = 64;
/// Lower edge of the first band in Hz.
const LOW_HZ: f64 = 125.0;
/// Upper edge of the last band in Hz.
const HIGH_HZ: f64 = 7_500.0;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let folder = std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR for build scripts");
    for (name, source) in [("log_mel_tables.rs", tables()), ("fft_tables.rs", fft_tables())] {
        let path = PathBuf::from(&folder).join(name);
        std::fs::write(&path, source).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
    }
}

/// Returns the generated source of `COS` and `MINUS_SIN`: at `m + k`, real and imaginary part of `exp(-i pi k / m)` for `k` below
/// `m`, where `m` is a power of two up to half of the transform.
fn fft_tables() -> String {
    // Exact where the functions' results are rounded: at a quarter of a turn.
    let quarter = |k: usize, m: usize| 2 * k == m;
    let angle = |k: usize, m: usize| std::f64::consts::PI * k as f64 / m as f64;
    let cos = |k: usize, m: usize| if quarter(k, m) { 0.0 } else { libm::cos(angle(k, m)) as f32 };
    let minus_sin = |k: usize, m: usize| if k == 0 { 0.0 } else { -libm::sin(angle(k, m)) as f32 };
    let all = |part: &dyn Fn(usize, usize) -> f32| -> Vec<f32> {
        let parts = (0..FFT.ilog2()).flat_map(|log2| (0..1 << log2).map(move |k| (k, 1 << log2)));
        std::iter::once(0.0).chain(parts.map(|(k, m)| part(k, m))).collect()
    };
    let mut source = String::new();
    array(&mut source, "Real parts of the factors.", "", "COS", "f32", &all(&cos));
    array(&mut source, "Imaginary parts of the factors.", "", "MINUS_SIN", "f32", &all(&minus_sin));
    source
}

/// Returns the generated source: `HANN`, and for each band the range of bins with a positive weight (`FIRST_BIN`, `OFFSETS`, `WEIGHTS`).
fn tables() -> String {
    let mel = mel_weights();
    let mut first_bin = Vec::new();
    let mut offsets = vec![0];
    let mut weights = Vec::new();
    for row in &mel {
        let first = row.iter().position(|&w| w > 0.0).expect("every band covers a bin");
        let last = row.iter().rposition(|&w| w > 0.0).expect("every band covers a bin");
        first_bin.push(first);
        weights.extend_from_slice(&row[first..=last]);
        offsets.push(weights.len());
    }
    let hann: Vec<f32> = (0..WINDOW).map(hann).collect();
    let mut source = String::new();
    array(&mut source, "Periodic Hann window, 400 samples, as stored in the base model.", "pub", "HANN", "f32", &hann);
    array(&mut source, "First bin of each band with a positive weight.", "", "FIRST_BIN", "u16", &first_bin);
    array(
        &mut source,
        "Index in `WEIGHTS` of each band's first weight, and the total count.",
        "",
        "OFFSETS",
        "u16",
        &offsets,
    );
    array(&mut source, "Positive weights, band after band.", "", "WEIGHTS", "f32", &weights);
    source
}

/// Appends one constant array. Debug formatting of f32 gives the shortest text that parses to the same bits.
fn array<T: std::fmt::Debug>(source: &mut String, doc: &str, vis: &str, name: &str, kind: &str, values: &[T]) {
    writeln!(source, "/// {doc}\n{vis} static {name}: [{kind}; {}] = {values:?};", values.len()).expect("text grows");
}

/// Returns the HTK mel weights `[band][bin]`: `tf.signal.linear_to_mel_weight_matrix` in f64, cast to f32 at the end.
fn mel_weights() -> Vec<Vec<f32>> {
    let step = (mel(HIGH_HZ) - mel(LOW_HZ)) / (BANDS + 1) as f64;
    let edge = |i: usize| if i == BANDS + 1 { mel(HIGH_HZ) } else { mel(LOW_HZ) + i as f64 * step };
    let weight = |band: usize, bin: usize| {
        let (low, centre, high) = (edge(band), edge(band + 1), edge(band + 2));
        let at = mel(bin as f64 * (RATE_HZ / FFT as f64));
        let rising = (at - low) / (centre - low);
        let falling = (high - at) / (high - centre);
        rising.min(falling).max(0.0) as f32
    };
    // Bin 0 (the mean of the signal) is not on the mel scale.
    (0..BANDS).map(|band| (0..=FFT / 2).map(|bin| if bin == 0 { 0.0 } else { weight(band, bin) }).collect()).collect()
}

/// Converts a frequency in Hz to the HTK mel scale.
fn mel(hz: f64) -> f64 {
    1127.0 * libm::log(1.0 + hz / 700.0)
}

/// Returns sample `n` of `tf.signal.hann_window(400)`, with every step in f32 as TensorFlow folded it into the base model.
fn hann(n: usize) -> f32 {
    let turn = (2.0 * std::f64::consts::PI) as f32;
    0.5 - 0.5 * eigen_cos(turn * n as f32 / WINDOW as f32)
}

/// Cosine of `x >= 0` by Eigen's `psincos_float` without fused multiply-add: TensorFlow's kernel, and the only cosine found
/// that reproduces every bit of the stored window. Source: Eigen 3.4, `GenericPacketMathFunctions.h`.
fn eigen_cos(x: f32) -> f32 {
    const TWO_OVER_PI: f32 = 0.636_619_75;
    const HALF_PI_PARTS: [f32; 4] = [-1.570_312_5, -0.000_483_989_72, 1.628_650_4e-7, 5.564_431_6e-11];
    const COS: [f32; 5] = [2.437_226_6e-5, -0.001_388_652, 0.041_666_62, -0.5, 1.0];
    const SIN: [f32; 3] = [-0.000_195_923_4, 0.008_332_687, -0.166_666_62];
    let quarter = (x * TWO_OVER_PI).round_ties_even();
    let x = HALF_PI_PARTS.iter().fold(x, |x, part| quarter * part + x);
    let square = x * x;
    let polynomial = |terms: &[f32]| terms[1..].iter().fold(terms[0], |sum, term| sum * square + term);
    let (cos, sin) = (polynomial(&COS), polynomial(&SIN) * square * x + x);
    match quarter as u32 % 4 {
        0 => cos,
        1 => -sin,
        2 => -cos,
        _ => sin,
    }
}
