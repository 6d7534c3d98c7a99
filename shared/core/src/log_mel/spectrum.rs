//! Magnitude spectrum of one windowed frame.

use super::{BINS, FFT, HANN, WINDOW, fft};

/// Returns the magnitudes of bins 0 to 256 of the 512-point transform of the Hann-windowed samples, unscaled.
///
/// Square roots are correctly rounded, and sums and products have a fixed order, so the result is the same on every target.
pub(super) fn magnitudes(samples: &[f32; WINDOW]) -> [f32; BINS] {
    let (mut re, mut im) = ([0.0; FFT / 2], [0.0; FFT / 2]);
    let (pairs, weights) = (samples.as_chunks::<2>().0, HANN.as_chunks::<2>().0);
    for (point, (pair, weights)) in pairs.iter().zip(weights).enumerate() {
        (re[point], im[point]) = (pair[0] * weights[0], pair[1] * weights[1]);
    }
    let (mut magnitudes, [first, last]) = fft::squared_magnitudes(&re, &im);
    monitor_nn::square_roots(&mut magnitudes);
    magnitudes[0] = first.abs();
    magnitudes[FFT / 2] = last.abs();
    magnitudes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One bin of the transform by its definition, in f64.
    fn by_definition(samples: &[f32; WINDOW], bin: usize) -> f64 {
        let (mut re, mut im) = (0.0, 0.0);
        for (n, (&sample, &weight)) in samples.iter().zip(&HANN).enumerate() {
            let angle = core::f64::consts::TAU * (bin * n % FFT) as f64 / FFT as f64;
            re += f64::from(sample) * f64::from(weight) * angle.cos();
            im -= f64::from(sample) * f64::from(weight) * angle.sin();
        }
        re.hypot(im)
    }

    #[test]
    fn every_bin_is_within_a_millionth_of_the_largest_of_the_definition() {
        let samples: [f32; WINDOW] = core::array::from_fn(|n| if n / 7 % 2 == 0 { 1.0 } else { -0.6 });
        let magnitudes = magnitudes(&samples);
        let largest = magnitudes.iter().copied().fold(0.0, f32::max);
        for (bin, &magnitude) in magnitudes.iter().enumerate() {
            let error = (f64::from(magnitude) - by_definition(&samples, bin)).abs();
            assert!(error < 1e-6 * f64::from(largest), "bin {bin}: error {error}, largest {largest}");
        }
    }

    #[test]
    fn the_instruction_and_the_library_give_the_same_square_root() {
        for i in 0..100_000_u32 {
            let x = f32::from_bits(i.wrapping_mul(42_949) & 0x7fff_ffff);
            assert!(x.sqrt().to_bits() == libm::sqrtf(x).to_bits() || x.is_nan(), "{x}");
        }
    }
}
