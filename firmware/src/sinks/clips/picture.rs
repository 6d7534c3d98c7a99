//! The picture of a sound: its log-mel spectrogram as a PNG file.

use std::io;

use monitor_core::log_mel::{BANDS, Column};
use monitor_core::resample::Error;
use monitor_model::palette::SPECTROGRAM;

use crate::sinks::columns::for_each_column;

/// Columns of 10 ms of which each column of a coarse picture is the mean. In a quarter of a second there are a syllable and
/// more: neither words nor pitch can be restored from it.
const COARSE: usize = 25;

/// Width of the picture in pixels, about; height of a band.
const WIDTH: usize = 640;
const BAND: usize = 4;

/// Levels so far below the loudest are darkest, in natural logarithms of magnitudes: 60 dB.
const RANGE: f32 = 3.0 * core::f32::consts::LN_10;

/// The columns of a spectrogram, each the mean of several columns of the front end.
pub(in crate::sinks) struct Picture {
    columns: Vec<Column>,
}

impl Picture {
    /// Of mono samples at `rate_hz`, with a quarter of a second a column.
    ///
    /// # Errors
    /// When the rate is outside 8 to 384 kHz.
    pub(in crate::sinks) fn coarse<P: AsRef<[f32]>>(
        rate_hz: u32,
        parts: impl IntoIterator<Item = P>,
    ) -> Result<Self, Error> {
        let (mut columns, mut sum, mut count) = (Vec::new(), [0.0; BANDS], 0);
        for_each_column(rate_hz, parts, |column| {
            sum.iter_mut().zip(column).for_each(|(sum, value)| *sum += value / COARSE as f32);
            count += 1;
            if count == COARSE {
                columns.push(std::mem::replace(&mut sum, [0.0; BANDS]));
                count = 0;
            }
        })?;
        Ok(Self { columns })
    }

    /// One for tests of what pictures are sent to: every level, and no sound.
    #[cfg(feature = "notify")]
    pub(in crate::sinks) fn for_test() -> Self {
        let column = |at: usize| std::array::from_fn(|band| RANGE * (at + band) as f32 / (2 * BANDS) as f32);
        Self { columns: (0..BANDS).map(column).collect() }
    }

    /// The picture as a PNG file: time to the right, 125 Hz at the bottom to 7500 Hz, louder is lighter.
    ///
    /// # Errors
    /// For a sound that is shorter than a column.
    pub(in crate::sinks) fn png(&self) -> io::Result<Vec<u8>> {
        let loudest = self.columns.iter().flatten().fold(f32::NEG_INFINITY, |most, value| most.max(*value));
        let level = |value: f32| (((value - loudest) / RANGE + 1.0).clamp(0.0, 1.0) * 255.0) as u8;
        let wide = (WIDTH / self.columns.len().max(1)).max(1);
        let mut pixels = Vec::with_capacity(self.columns.len() * wide * BANDS * BAND);
        for band in (0..BANDS).rev() {
            let row: Vec<u8> =
                self.columns.iter().flat_map(|column| std::iter::repeat_n(level(column[band]), wide)).collect();
            (0..BAND).for_each(|_| pixels.extend_from_slice(&row));
        }
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, (self.columns.len() * wide) as u32, (BANDS * BAND) as u32);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_palette(palette());
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&pixels)?;
        writer.finish()?;
        Ok(file)
    }
}

/// 256 colours of three bytes.
fn palette() -> Vec<u8> {
    let colour = |index: usize| {
        let (low, share) = (index * 7 / 255, index * 7 % 255);
        let [(r, g, b), (to_r, to_g, to_b)] = [low, (low + 1).min(7)].map(|at| SPECTROGRAM[at]);
        [(r, to_r), (g, to_g), (b, to_b)]
            .map(|(from, to)| ((usize::from(from) * (255 - share) + usize::from(to) * share) / 255) as u8)
    };
    (0..256).flat_map(colour).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_a_light_line_at_its_band_and_each_quarter_of_a_second_a_column() {
        let tone = |n| (n as f32 * 1000.0 * std::f32::consts::TAU / 16_000.0).sin() * 0.3;
        let sound: Vec<f32> = (0..64_000).map(tone).collect();
        let file = Picture::coarse(16_000, sound.chunks(1000)).unwrap().png().unwrap();
        let mut reader = png::Decoder::new(io::Cursor::new(&file)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        // 4 s are 399 columns of the front end, and 15 whole ones of the picture.
        assert_eq!((info.width, info.height), (15 * (640 / 15) as u32, 256));
        let at = |row: usize| pixels[row * info.width as usize + 300];
        let lightest = (0..256).max_by_key(|row| at(*row)).unwrap();
        let [mel, low, high] = [1000.0, 125.0, 7500.0].map(|hz: f32| (1.0 + hz / 700.0).ln());
        let expected = 255.0 * (1.0 - (mel - low) / (high - low));
        assert!((lightest as f32 - expected).abs() < 12.0, "{lightest} {expected}");
        assert_eq!((at(lightest), at(0)), (255, 0));
        assert!(file.len() < 20_000, "{}", file.len());
    }

    #[test]
    fn a_sound_of_less_than_a_column_is_an_error_and_no_panic() {
        assert!(Picture::coarse(16_000, [&[0.0; 100][..]]).unwrap().png().is_err());
    }

    #[test]
    fn colours_grow_lighter_from_the_first_stop_to_the_last() {
        let colours = palette();
        assert_eq!((&colours[..3], &colours[765..]), (&[8, 6, 30][..], &[252, 244, 190][..]));
        let light = |index: usize| colours[index * 3..][..3].iter().map(|part| u32::from(*part)).sum::<u32>();
        assert!((1..256).all(|index| light(index) >= light(index - 1)));
    }
}
