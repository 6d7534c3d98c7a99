//! Recognises HE-AAC, of which the decoder yields only the AAC-LC core: half of the sample rate, and with parametric stereo
//! one of two channels.
//!
//! Spectral band replication (SBR) is stated in the AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1), as the object type or
//! after the configuration of the core; or not at all (implicit signalling), and then it shows in each block of the stream.

/// Object types of SBR and of parametric stereo, which includes it.
const SBR: u32 = 5;
const PS: u32 = 29;

/// Whether an AudioSpecificConfig states SBR.
pub(crate) fn is_stated(config: &[u8]) -> bool {
    stated(&mut Bits { bytes: config, at: 0 }).unwrap_or(false)
}

fn stated(bits: &mut Bits<'_>) -> Option<bool> {
    let object = bits.object_type()?;
    bits.rate()?;
    let channels = bits.take(4)?;
    if matches!(object, SBR | PS) {
        return Some(true);
    }
    // GASpecificConfig of AAC-LC. Channels that a program describes are not decoded anyway.
    let (_length, has_core) = (bits.take(1)?, bits.take(1)?);
    if has_core == 1 {
        bits.take(14)?;
    }
    let extension = bits.take(1)?;
    let is_extended = object == 2 && channels != 0 && extension == 0 && bits.take(11)? == 0x2b7;
    Some(is_extended && bits.object_type()? == SBR && bits.take(1)? == 1)
}

/// Longest fill element, in bytes: 15 and what 8 further bits state.
const LONGEST: usize = 269;

/// Whether a block of AAC (`raw_data_block`, 4.4.2.1) ends with a fill element that holds SBR data.
///
/// Finding it from the start would need a decoder. From the end, the block has zeros up to a whole byte, the end's mark, three
/// ones, and before it a fill element, whose length and kind must agree with its place. Sound agrees by chance in one block
/// of about fifty.
pub(crate) fn ends_a_block(block: &[u8]) -> bool {
    let Some(last) = block.iter().rposition(|byte| *byte != 0) else { return false };
    let ones = 8 * last + 8 - block[last].trailing_zeros() as usize;
    let Some(end) = ones.checked_sub(3) else { return false };
    let is_fill = |count: usize| {
        let is_long = count >= 15;
        let Some(at) = end.checked_sub(8 * count + if is_long { 15 } else { 7 }) else { return false };
        let mut bits = Bits { bytes: block, at };
        bits.take(3) == Some(6)
            && bits.take(4) == Some(count.min(15) as u32)
            && (!is_long || bits.take(8) == Some(count as u32 - 14))
            // SBR data without and with a checksum.
            && matches!(bits.take(4), Some(0xd | 0xe))
    };
    Bits { bytes: block, at: end }.take(3) == Some(7) && (1..=LONGEST).any(is_fill)
}

/// Reads numbers from the most significant bit on.
struct Bits<'a> {
    bytes: &'a [u8],
    /// Position in bits.
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> Option<u32> {
        let mut value = 0;
        for at in self.at..self.at + count {
            value = value << 1 | u32::from(self.bytes.get(at / 8)? >> (7 - at % 8) & 1);
        }
        self.at += count;
        Some(value)
    }

    fn object_type(&mut self) -> Option<u32> {
        match self.take(5)? {
            31 => Some(32 + self.take(6)?),
            object => Some(object),
        }
    }

    /// Passes over a sample rate: a number of a table, or 15 and 24 bits.
    fn rate(&mut self) -> Option<()> {
        if self.take(4)? == 15 {
            self.take(24)?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sbr_is_found_in_every_form_of_the_configuration() {
        // AAC-LC at 44.1 kHz and at 24 kHz, stereo.
        assert!(!is_stated(&[0x12, 0x10]) && !is_stated(&[0x13, 0x10]));
        // Object type 5 at 22.05 to 44.1 kHz, object type 29, and AAC-LC with the extension, with and without SBR.
        assert!(is_stated(&[0x2b, 0x92, 0x08, 0x00]) && is_stated(&[0xeb, 0x8a, 0x08, 0x00]));
        assert!(is_stated(&[0x13, 0x90, 0x56, 0xe5, 0xa0]));
        assert!(!is_stated(&[0x13, 0x90, 0x56, 0xe5, 0x00]));
        assert!(!is_stated(&[]) && !is_stated(&[0xff]));
    }

    /// A block of `before`, a fill element of kind `kind` with `count` bytes, and the end.
    fn block(before: &str, kind: &str, count: usize) -> Vec<u8> {
        let length = if count < 15 { format!("{count:04b}") } else { format!("1111{:08b}", count - 14) };
        let mut bits = format!("{before}110{length}{kind}{}111", "10".repeat(4 * count - 2));
        bits.push_str(&"0".repeat(bits.len().next_multiple_of(8) - bits.len()));
        bits.as_bytes().chunks(8).map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | (bit - b'0'))).collect()
    }

    #[test]
    fn sbr_is_found_at_the_end_of_a_block_of_any_length_and_alignment() {
        for count in [1, 2, 14, 15, 16, 100, 269] {
            for before in ["", "0", "0010110", "00101101011"] {
                assert!(ends_a_block(&block(before, "1101", count)) && ends_a_block(&block(before, "1110", count)));
                // Padding, and dynamic range control.
                assert!(!ends_a_block(&block(before, "0000", count)) && !ends_a_block(&block(before, "1011", count)));
            }
        }
        assert!(!ends_a_block(&[]) && !ends_a_block(&[0; 9]) && !ends_a_block(&[0xe0]));
    }
}
