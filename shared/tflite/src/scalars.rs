//! Vectors of little-endian numbers inside the file, read in place.
//!
//! Their alignment is not guaranteed (a flatbuffer may begin at any address), so they are decoded number by number instead
//! of being cast to a slice.

use core::marker::PhantomData;

/// A number stored as little-endian bytes.
pub trait Scalar: Copy + Default {
    /// Bytes per number.
    const SIZE: usize;
    /// Decodes one number. Returns `None` unless `bytes` has exactly [`Self::SIZE`] bytes.
    fn from_le(bytes: &[u8]) -> Option<Self>;
}

macro_rules! scalar {
    ($($t:ty),*) => {$(
        impl Scalar for $t {
            const SIZE: usize = size_of::<$t>();
            fn from_le(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(<$t>::from_le_bytes)
            }
        }
    )*};
}
scalar!(u8, i8, u16, i16, u32, i32, u64, i64, f32);

/// A vector of `T` in the file. A copy copies a reference.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Scalars<'a, T> {
    raw: &'a [u8],
    kind: PhantomData<T>,
}

impl<'a, T: Scalar> Scalars<'a, T> {
    /// Creates a view of the numbers in `raw`; bytes after the last whole number are ignored.
    pub fn new(raw: &'a [u8]) -> Self {
        Self { raw: &raw[..raw.len() - raw.len() % T::SIZE], kind: PhantomData }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.raw.len() / T::SIZE
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// Returns element `i`; `None` past the end.
    pub fn get(&self, i: usize) -> Option<T> {
        let from = i.checked_mul(T::SIZE)?;
        T::from_le(self.raw.get(from..from.checked_add(T::SIZE)?)?)
    }

    /// Iterates over all elements in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = T> + Clone + use<'a, T> {
        // Every chunk has the size of one number, so the default is never used.
        self.raw.chunks_exact(T::SIZE).map(|raw| T::from_le(raw).unwrap_or_default())
    }

    /// Returns the bytes as stored in the file.
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Returns whether the elements are exactly `expected`.
    pub fn equals(&self, expected: &[T]) -> bool
    where
        T: PartialEq,
    {
        self.len() == expected.len() && self.iter().zip(expected).all(|(a, b)| a == *b)
    }
}

impl<T: Scalar + core::fmt::Debug> core::fmt::Debug for Scalars<'_, T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.iter().take(16)).finish()?;
        if self.len() > 16 { write!(f, " (16 of {})", self.len()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_from_any_address() {
        let bytes = [0u8, 1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 7];
        let values = Scalars::<i32>::new(&bytes[1..]);
        assert!(values.equals(&[1, -2]));
        assert_eq!(values.get(2), None);
        assert_eq!(values.get(usize::MAX), None);
    }
}
