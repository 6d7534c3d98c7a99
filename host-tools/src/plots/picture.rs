//! A finished picture, which can be saved as PNG.

use std::path::Path;

use anyhow::Context;

/// An RGB picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

impl Picture {
    /// A picture of `width` x `height` pixels, `rgb` row by row, three bytes a pixel.
    pub(super) fn new(width: u32, height: u32, rgb: Vec<u8>) -> Self {
        debug_assert_eq!(rgb.len(), width as usize * height as usize * 3);
        Self { width, height, rgb }
    }

    /// Width in pixels.
    #[cfg(test)]
    pub(crate) fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    #[cfg(test)]
    pub(crate) fn height(&self) -> u32 {
        self.height
    }

    /// Red, green and blue of the pixel in column `x` and row `y`; `None` outside.
    #[cfg(test)]
    pub(crate) fn pixel(&self, x: u32, y: u32) -> Option<[u8; 3]> {
        if x >= self.width || y >= self.height {
            return None;
        }
        let start = (y as usize * self.width as usize + x as usize) * 3;
        self.rgb.get(start..start + 3)?.try_into().ok()
    }

    /// The picture as the bytes of a PNG file, without time or machine: equal pictures are equal files.
    ///
    /// # Errors
    /// When the encoder fails, as for a picture without pixels.
    pub(crate) fn png(&self) -> anyhow::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width, self.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_filter(png::Filter::Adaptive);
        let mut writer = encoder.write_header().context("cannot begin the PNG")?;
        writer.write_image_data(&self.rgb).context("cannot encode the PNG")?;
        writer.finish().context("cannot end the PNG")?;
        Ok(bytes)
    }

    /// Writes the picture as PNG, completely or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn save(&self, path: &Path) -> anyhow::Result<()> {
        monitor_model::atomic_file::write(path, &self.png()?)
            .with_context(|| format!("cannot write the picture {}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_picture_is_a_png_of_its_size() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/picture.png");
        Picture::new(2, 1, vec![255, 0, 0, 0, 0, 255]).save(&path).unwrap();
        let mut reader =
            png::Decoder::new(std::io::BufReader::new(std::fs::File::open(&path).unwrap())).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height, pixels), (2, 1, vec![255, 0, 0, 0, 0, 255]));
    }
}
