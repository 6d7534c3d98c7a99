//! Converts samples in place to a format of sound devices, which the core's decoder takes.

use super::container::Order;
use super::format::{Coding, Format};

/// Converts the first `len` bytes, whole frames of the file, and returns the number of bytes that they are afterwards.
/// `bytes` has room for them.
pub(super) fn to_device(format: &Format, bytes: &mut [u8], len: usize) -> usize {
    let coding = format.coding;
    if format.order == Order::Big && coding.bytes() > 1 {
        bytes[..len].chunks_exact_mut(coding.bytes()).for_each(<[u8]>::reverse);
    }
    match coding {
        Coding::U8 => widen(bytes, len, |byte| (i16::from(byte) - 128) << 8),
        Coding::ALaw => widen(bytes, len, a_law),
        Coding::MuLaw => widen(bytes, len, mu_law),
        Coding::F64 => narrow(bytes, len),
        Coding::Low(bits) => {
            for sample in bytes[..len].as_chunks_mut().0 {
                *sample = (i32::from_le_bytes(*sample) << (32 - u32::from(bits))).to_le_bytes();
            }
            len
        }
        Coding::Device(_) => len,
    }
}

/// From 1 to 2 bytes, from last to first.
fn widen(bytes: &mut [u8], len: usize, sample: impl Fn(u8) -> i16) -> usize {
    for at in (0..len).rev() {
        let [low, high] = sample(bytes[at]).to_le_bytes();
        (bytes[2 * at], bytes[2 * at + 1]) = (low, high);
    }
    2 * len
}

/// From 8 to 4 bytes, from first to last. Values beyond the range of `f32` become infinite, which the decoder counts.
fn narrow(bytes: &mut [u8], len: usize) -> usize {
    for at in 0..len / 8 {
        let mut double = [0; 8];
        double.copy_from_slice(&bytes[8 * at..8 * at + 8]);
        bytes[4 * at..4 * at + 4].copy_from_slice(&(f64::from_le_bytes(double) as f32).to_le_bytes());
    }
    len / 2
}

/// The 13 bits of an A-law code in the high bits of 16 (ITU-T G.711, table 1).
fn a_law(code: u8) -> i16 {
    let code = code ^ 0x55;
    let (segment, step) = (code >> 4 & 7, i16::from(code & 15) << 4);
    let size = match segment {
        0 => step + 8,
        segment => (step + 0x108) << (segment - 1),
    };
    if code & 0x80 == 0 { -size } else { size }
}

/// The 14 bits of a mu-law code in the high bits of 16 (ITU-T G.711, table 2).
fn mu_law(code: u8) -> i16 {
    let code = !code;
    let size = ((i16::from(code & 15) << 3) + 0x84) << (code >> 4 & 7);
    if code & 0x80 == 0 { size - 0x84 } else { 0x84 - size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn companded_codes_have_the_values_of_g711() {
        // G.711: the largest A-law value is 4032 of 4096, the largest mu-law value 8031 of 8192; silence is 8 and 0 here.
        assert_eq!((a_law(0xaa), a_law(0x2a), a_law(0xd5), a_law(0x55)), (32_256, -32_256, 8, -8));
        assert_eq!((mu_law(0x80), mu_law(0), mu_law(0xff), mu_law(0x7f)), (32_124, -32_124, 0, 0));
        for law in [a_law, mu_law] {
            let mut values: Vec<i16> = (0..=255).map(law).collect();
            values.sort_unstable();
            assert!(values.iter().zip(values.iter().rev()).all(|(low, high)| *low == -high));
        }
    }
}
