//! Reads the samples of a file before it is used, where the header alone does not determine what they mean.
//!
//! - **24 bits in 4 bytes** lie in the high end according to `mmreg.h` and in the low end according to ALSA, and `arecord`
//!   of alsa-utils 1.2.14 calls them 32 bits (alsa-utils issue 308). The samples decide where they can: a lowest byte that is not
//!   0 means that not the high end is used; an upper byte that is not the sign means that not the low end is. A plain 32-bit
//!   header over samples whose upper byte is only the sign remains open, as very quiet sound looks the same. It is read as the
//!   header states, with a remark.
//! - **Floats** have full scale 1, but some programs write integers as they are.
//!
//! Cost: 32-bit integers are read up to the first sample that decides, usually within the first block; floats to the end.

use std::io::{self, Read};

use super::convert::to_device;
use super::format::{Coding, Format};
use super::remark::Remark;
use monitor_core::pcm::SampleFormat;

/// Bytes read at once; a multiple of all sizes of samples.
const BLOCK: usize = 1 << 16;

/// What the samples show.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Scan {
    /// The coding in place of the header's.
    pub coding: Option<Coding>,
    /// Factor for all samples; `None` for 1.
    pub factor: Option<f32>,
    /// Share of the samples that are no numbers, 0..=1.
    pub not_numbers: f64,
    pub remarks: Vec<Remark>,
}

impl Scan {
    /// Scans the samples in `source`.
    ///
    /// # Errors
    /// If reading fails.
    pub(super) fn of(source: &mut impl Read, format: &Format) -> io::Result<Self> {
        match format.coding {
            Coding::Device(SampleFormat::S32 | SampleFormat::S24In32) => Ok(Bytes::read(source, format)?.judge(format)),
            Coding::F64 | Coding::Device(SampleFormat::F32) => Ok(Floats::read(source, format)?.judge()),
            _ => Ok(Self::default()),
        }
    }
}

/// Calls `on_samples` with blocks of samples as bytes in the order of little-endian devices, until it returns false.
fn blocks(source: &mut impl Read, format: &Format, mut on_samples: impl FnMut(&[[u8; 4]]) -> bool) -> io::Result<()> {
    let mut bytes = vec![0; BLOCK];
    let one = format.coding.bytes();
    loop {
        let read = super::reader::read_full(source, &mut bytes)?;
        let len = to_device(format, &mut bytes, read - read % one);
        if !on_samples(bytes[..len].as_chunks().0) || read < BLOCK {
            return Ok(());
        }
    }
}

/// Use of the 4 bytes of integers.
#[derive(Debug)]
struct Bytes {
    samples: u64,
    /// Some lowest byte is not 0.
    low_used: bool,
    /// All highest bytes are 0 or 255, as the sign of the byte below is.
    high_is_sign: bool,
    /// All highest bytes are 0, while the sign below is set in some.
    high_is_zero: bool,
    negative_below: bool,
    /// Highest magnitude as 32 bits.
    peak: u32,
}

impl Bytes {
    fn read(source: &mut impl Read, format: &Format) -> io::Result<Self> {
        let mut bytes = Self {
            samples: 0,
            low_used: false,
            high_is_sign: true,
            high_is_zero: true,
            negative_below: false,
            peak: 0,
        };
        let device = format.coding == Coding::Device(SampleFormat::S24In32);
        blocks(source, format, |samples| {
            for &[low, _, third, high] in samples {
                bytes.samples += 1;
                bytes.low_used |= low != 0;
                bytes.negative_below |= third & 0x80 != 0;
                bytes.high_is_sign &= high == if third & 0x80 == 0 { 0 } else { 0xff };
                bytes.high_is_zero &= high == 0;
            }
            let peak = samples.iter().map(|sample| i32::from_le_bytes(*sample).unsigned_abs()).max().unwrap_or(0);
            bytes.peak = bytes.peak.max(peak);
            // Nothing that follows changes what these mean.
            let decided = if device { bytes.low_used } else { !bytes.high_is_sign && !bytes.high_is_zero };
            !decided
        })?;
        Ok(bytes)
    }

    fn judge(&self, format: &Format) -> Scan {
        let mut scan = Scan::default();
        if self.samples == 0 || self.peak == 0 {
            return scan;
        }
        if format.coding == Coding::Device(SampleFormat::S24In32) {
            if !self.low_used && !self.high_is_sign && !self.high_is_zero {
                scan.coding = Some(Coding::Device(SampleFormat::S32));
                scan.remarks.push(Remark::HighBits);
            }
            return scan;
        }
        let low_24 = if self.high_is_zero && self.negative_below {
            // Unsigned 24 bits would be an offset of half the scale; ALSA leaves the unused byte undefined.
            scan.coding = Some(Coding::Device(SampleFormat::S24In32));
            scan.remarks.push(Remark::LowBits { bits: 24 });
            return scan;
        } else {
            self.high_is_sign && self.low_used
        };
        if !low_24 {
            return scan;
        }
        // A lowest byte in use contradicts at most 24 valid bits in the high end.
        match format.valid_bits {
            Some(bits @ 16..=24) if self.peak <= 1 << (bits - 1) => {
                let bits = bits as u8;
                scan.coding = Some(Coding::Low(bits));
                scan.remarks.push(Remark::LowBits { bits });
            }
            _ => {
                let bits = if self.peak <= 1 << 15 { 16 } else { 24 };
                let peak_dbfs = 20.0 * libm::log10f(self.peak as f32 / 2_147_483_648.0);
                scan.remarks.push(Remark::PerhapsLowBits { bits, peak_dbfs });
            }
        }
        scan
    }
}

/// Magnitudes of floats.
#[derive(Debug, Default)]
struct Floats {
    samples: u64,
    not_numbers: u64,
    /// Samples other than 0.
    nonzero: u64,
    /// Samples of at least 1, of more than 8, and beyond the full scale of 16 and of 24 bits.
    from_1: u64,
    above_8: u64,
    above_16_bits: u64,
    above_24_bits: u64,
}

impl Floats {
    fn read(source: &mut impl Read, format: &Format) -> io::Result<Self> {
        let mut floats = Self::default();
        blocks(source, format, |samples| {
            for sample in samples {
                let size = f32::from_le_bytes(*sample).abs();
                floats.samples += 1;
                // False for NaN.
                if size <= SampleFormat::LOUDEST {
                    floats.nonzero += u64::from(size != 0.0);
                    floats.from_1 += u64::from(size >= 1.0);
                    floats.above_8 += u64::from(size > 8.0);
                    floats.above_16_bits += u64::from(size > 32_768.0);
                    floats.above_24_bits += u64::from(size > 8_388_608.0);
                } else {
                    floats.not_numbers += 1;
                }
            }
            true
        })?;
        Ok(floats)
    }

    fn judge(&self) -> Scan {
        let mut scan = Scan::default();
        if self.not_numbers > 0 {
            scan.not_numbers = self.not_numbers as f64 / self.samples as f64;
            scan.remarks.push(Remark::NotNumbers { samples: self.not_numbers, share: scan.not_numbers });
        }
        // Sound of full scale 1 reaches 1 in a few samples at most, and 8 (18 dB above) hardly ever.
        if self.from_1 * 2 >= self.nonzero.max(1) && self.above_8 > 0 {
            // Single outliers do not make a scale.
            let some = self.nonzero / 1000;
            let full_scale = match () {
                () if self.above_24_bits > some => 2_147_483_648.0,
                () if self.above_16_bits > some => 8_388_608.0,
                () => 32_768.0,
            };
            scan.factor = Some(1.0 / full_scale);
            scan.remarks.push(Remark::IntegerUnits { full_scale });
        }
        scan
    }
}
