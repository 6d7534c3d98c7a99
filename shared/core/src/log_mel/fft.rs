//! Fourier transform of [`FFT`] real values, in the order of operations of `microfft::real::rfft_512`, and so with its results,
//! bit for bit.
//!
//! The real values are the alternating real and imaginary parts of half as many complex ones, whose transform is taken apart at the
//! end. Real and imaginary parts are in separate arrays and the loops run over adjacent elements, so that compilers vectorise them.
//! The first two stages come before the reordering by reversed bits, which then moves four elements at a time.

use super::{BINS, FFT};

include!(concat!(env!("OUT_DIR"), "/fft_tables.rs"));

/// Complex points.
const POINTS: usize = FFT / 2;
/// A quarter of them.
const QUARTER: usize = POINTS / 4;

/// Real or imaginary parts of all points.
pub(super) type Parts = [f32; POINTS];

/// Each `t` below [`QUARTER`] with its bits reversed.
static REVERSED: [u8; QUARTER] = {
    let mut all = [0; QUARTER];
    let mut t = 0_u8;
    while (t as usize) < QUARTER {
        all[t as usize] = t.reverse_bits() >> (u8::BITS - QUARTER.ilog2());
        t += 1;
    }
    all
};

/// Returns the squared magnitudes of bins 1 to 255 of the values `re[0], im[0], re[1], im[1], ...`, and the real-valued bins 0 and 256.
pub(super) fn squared_magnitudes(re: &Parts, im: &Parts) -> ([f32; BINS], [f32; 2]) {
    let (mut out_re, mut out_im) = ([0.0; POINTS], [0.0; POINTS]);
    transforms_of_four((re, im), (&mut out_re, &mut out_im));
    stage::<4>(&mut out_re, &mut out_im);
    stage::<8>(&mut out_re, &mut out_im);
    stage::<16>(&mut out_re, &mut out_im);
    stage::<32>(&mut out_re, &mut out_im);
    stage::<64>(&mut out_re, &mut out_im);
    stage::<128>(&mut out_re, &mut out_im);
    (squares(&out_re, &out_im), [out_re[0] + out_im[0], out_re[0] - out_im[0]])
}

/// Transforms each four values that are a quarter apart. The results of each `t` come to the place that is `t` with its bits reversed.
fn transforms_of_four((re, im): (&Parts, &Parts), (out_re, out_im): (&mut Parts, &mut Parts)) {
    let (out_re, out_im) = (out_re.as_chunks_mut::<4>().0, out_im.as_chunks_mut::<4>().0);
    for t in 0..QUARTER {
        let value = |quarter: usize| (re[quarter * QUARTER + t], im[quarter * QUARTER + t]);
        let (a, b, c, d) = (value(0), value(1), value(2), value(3));
        let (sum, difference) = ((a.0 + c.0, a.1 + c.1), (a.0 - c.0, a.1 - c.1));
        let (other, turned) = ((b.0 + d.0, b.1 + d.1), (b.1 - d.1, -(b.0 - d.0)));
        let place = usize::from(REVERSED[t]);
        out_re[place] = [sum.0 + other.0, difference.0 + turned.0, sum.0 - other.0, difference.0 - turned.0];
        out_im[place] = [sum.1 + other.1, difference.1 + turned.1, sum.1 - other.1, difference.1 - turned.1];
    }
}

/// Joins transforms of `M` values, each two into one of `2 M`.
fn stage<const M: usize>(re: &mut Parts, im: &mut Parts) {
    let (Some(cos), Some(minus_sin)) = (COS[M..].first_chunk::<M>(), MINUS_SIN[M..].first_chunk::<M>()) else { return };
    let (re, im) = (re.as_chunks_mut::<M>().0.as_chunks_mut::<2>().0, im.as_chunks_mut::<M>().0.as_chunks_mut::<2>().0);
    for ([re, re_of_odd], [im, im_of_odd]) in re.iter_mut().zip(im) {
        for k in 0..M {
            let turned_re = cos[k] * re_of_odd[k] - minus_sin[k] * im_of_odd[k];
            let turned_im = cos[k] * im_of_odd[k] + minus_sin[k] * re_of_odd[k];
            (re_of_odd[k], im_of_odd[k]) = (re[k] - turned_re, im[k] - turned_im);
            (re[k], im[k]) = (re[k] + turned_re, im[k] + turned_im);
        }
    }
}

/// Takes the transform of complex values apart into that of the real ones, and squares the magnitudes of bins 1 to 255.
fn squares(re: &Parts, im: &Parts) -> [f32; BINS] {
    const MIDDLE: usize = POINTS / 2;
    let mut squares = [0.0; BINS];
    let square = |re: f32, im: f32| re * re + im * im;
    squares[MIDDLE] = square(re[MIDDLE], -im[MIDDLE]);
    let mut mirrored = [0.0; MIDDLE];
    for k in 1..MIDDLE {
        let (cos, minus_sin) = (COS[POINTS + k], MINUS_SIN[POINTS + k]);
        let (sum_re, sum_im) = ((re[k] + re[POINTS - k]) / 2.0, (im[k] + im[POINTS - k]) / 2.0);
        let (difference_re, difference_im) = ((re[k] - re[POINTS - k]) / 2.0, (im[k] - im[POINTS - k]) / 2.0);
        squares[k] = square(
            sum_re + cos * sum_im + minus_sin * difference_re,
            difference_im + minus_sin * sum_im - cos * difference_re,
        );
        mirrored[k] = square(
            sum_re - cos * sum_im - minus_sin * difference_re,
            -difference_im + minus_sin * sum_im - cos * difference_re,
        );
    }
    for k in 1..MIDDLE {
        squares[POINTS - k] = mirrored[k];
    }
    squares
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn squared_magnitudes_are_those_of_microfft_bit_for_bit(
            values in prop::collection::vec(prop_oneof![8 => -1.0_f32..1.0, 1 => Just(0.0), 1 => -1e-20_f32..1e-20], FFT),
        ) {
            let (mut re, mut im) = ([0.0; POINTS], [0.0; POINTS]);
            for (index, two) in values.as_chunks::<2>().0.iter().enumerate() {
                [re[index], im[index]] = *two;
            }
            let mut points: [f32; FFT] = values.try_into().unwrap();
            let spectrum = microfft::real::rfft_512(&mut points);
            let (found, real) = squared_magnitudes(&re, &im);
            for bin in 1..POINTS {
                let expected = spectrum[bin].re * spectrum[bin].re + spectrum[bin].im * spectrum[bin].im;
                prop_assert_eq!(found[bin].to_bits(), expected.to_bits(), "bin {}", bin);
            }
            // microfft stores the two real-valued bins in its first element.
            prop_assert_eq!(real, [spectrum[0].re, spectrum[0].im]);
        }
    }
}
