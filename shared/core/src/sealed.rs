//! Little-endian bytes that end with their check sum: the form of a model's own entries and of a refit.

use monitor_tflite::Scalars;

/// The check sum of sealed bytes, and of the model that a baseline or a refit belongs to: CRC-32 (ISO HDLC).
pub const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);

/// The bytes end too early, differ from their check sum, or hold a number out of range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damaged;

/// Reads such bytes from front to back. What it returns borrows from them.
#[derive(Debug)]
pub struct Reader<'m>(&'m [u8]);

impl<'m> Reader<'m> {
    /// Begins at the front of bytes that end with their check sum, which is compared and left out.
    ///
    /// # Errors
    /// [`Damaged`].
    pub fn open(sealed: &'m [u8]) -> Result<Self, Damaged> {
        let (body, sum) = sealed.split_last_chunk::<4>().ok_or(Damaged)?;
        if CRC.checksum(body) == u32::from_le_bytes(*sum) { Ok(Self(body)) } else { Err(Damaged) }
    }

    /// Begins at the front of bytes without a check sum.
    pub fn new(bytes: &'m [u8]) -> Self {
        Self(bytes)
    }

    /// Returns what has not been read.
    pub fn rest(&self) -> &'m [u8] {
        self.0
    }

    /// Reads `len` bytes.
    ///
    /// # Errors
    /// [`Damaged`] if fewer are left.
    pub fn bytes(&mut self, len: usize) -> Result<&'m [u8], Damaged> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    /// Reads `N` bytes.
    ///
    /// # Errors
    /// [`Damaged`] if fewer are left.
    pub fn take<const N: usize>(&mut self) -> Result<[u8; N], Damaged> {
        self.bytes(N)?.try_into().map_err(|_| Damaged)
    }

    /// Reads a `u16`.
    ///
    /// # Errors
    /// [`Damaged`] if the bytes end before.
    pub fn u16(&mut self) -> Result<u16, Damaged> {
        self.take().map(u16::from_le_bytes)
    }

    /// Reads a `u32`.
    ///
    /// # Errors
    /// [`Damaged`] if the bytes end before.
    pub fn u32(&mut self) -> Result<u32, Damaged> {
        self.take().map(u32::from_le_bytes)
    }

    /// Reads a finite `f32`.
    ///
    /// # Errors
    /// [`Damaged`] if the bytes end before, or it is infinite or no number.
    pub fn number(&mut self) -> Result<f32, Damaged> {
        finite(f32::from_le_bytes(self.take()?))
    }

    /// Reads a finite `f32` above 0.
    ///
    /// # Errors
    /// As [`Self::number`], or if it is not above 0.
    pub fn positive(&mut self) -> Result<f32, Damaged> {
        self.number().and_then(|number| if number > 0.0 { Ok(number) } else { Err(Damaged) })
    }

    /// Reads `len` finite `f32`.
    ///
    /// # Errors
    /// As [`Self::number`].
    pub fn numbers(&mut self, len: usize) -> Result<Scalars<'m, f32>, Damaged> {
        let numbers = Scalars::new(self.bytes(len.checked_mul(4).ok_or(Damaged)?)?);
        numbers.iter().try_for_each(|number| finite(number).map(drop))?;
        Ok(numbers)
    }

    /// Reads `len` bytes of UTF-8.
    ///
    /// # Errors
    /// [`Damaged`] if fewer are left, or they are no UTF-8.
    pub fn text(&mut self, len: usize) -> Result<&'m str, Damaged> {
        core::str::from_utf8(self.bytes(len)?).map_err(|_| Damaged)
    }
}

fn finite(number: f32) -> Result<f32, Damaged> {
    if number.is_finite() { Ok(number) } else { Err(Damaged) }
}

/// Passes bytes on to `put`, and their check sum at the end.
pub(crate) struct Writer<'c, P> {
    digest: crc::Digest<'c, u32>,
    put: P,
}

impl<P: FnMut(&[u8])> Writer<'_, P> {
    pub(crate) fn new(put: P) -> Self {
        Self { digest: CRC.digest(), put }
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
        (self.put)(bytes);
    }

    pub(crate) fn numbers<'n>(&mut self, numbers: impl IntoIterator<Item = &'n f32>) {
        numbers.into_iter().for_each(|number| self.bytes(&number.to_le_bytes()));
    }

    pub(crate) fn seal(mut self) {
        (self.put)(&self.digest.finalize().to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(parts: &[&[u8]]) -> std::vec::Vec<u8> {
        let mut out = std::vec::Vec::new();
        let mut writer = Writer::new(|bytes: &[u8]| out.extend_from_slice(bytes));
        parts.iter().for_each(|part| writer.bytes(part));
        writer.seal();
        out
    }

    #[test]
    fn what_was_sealed_is_read_back_in_order() {
        let numbers = [1.5_f32, -2.0].map(f32::to_le_bytes).concat();
        let bytes = sealed(&[&7_u16.to_le_bytes(), &9_u32.to_le_bytes(), &numbers, b"text"]);
        let mut reader = Reader::open(&bytes).unwrap();
        assert_eq!((reader.u16(), reader.u32()), (Ok(7), Ok(9)));
        assert!(reader.numbers(2).unwrap().equals(&[1.5, -2.0]));
        assert_eq!((reader.text(4), reader.rest()), (Ok("text"), &[][..]));
        assert_eq!(reader.take::<1>(), Err(Damaged));
    }

    #[test]
    fn a_wrong_sum_and_numbers_out_of_range_are_damage() {
        let mut bytes = sealed(&[b"abc"]);
        bytes[1] ^= 1;
        assert!(Reader::open(&bytes).is_err() && Reader::open(&bytes[..3]).is_err());
        for number in [f32::NAN, f32::INFINITY] {
            assert_eq!(Reader::new(&number.to_le_bytes()).number(), Err(Damaged));
        }
        assert_eq!(Reader::new(&0.0_f32.to_le_bytes()).positive(), Err(Damaged));
        assert!(Reader::new(&[]).numbers(usize::MAX).is_err() && Reader::new(&[0xFF]).text(1).is_err());
    }
}
