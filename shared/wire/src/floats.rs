//! A list of floats that is read where it lies: on the wire it is a byte string of 4 bytes each, low byte first.

use core::fmt;

use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A borrowed list of floats, from memory (to encode) or from a frame (decoded).
#[derive(Clone, Copy)]
pub struct Floats<'a>(Inner<'a>);

#[derive(Clone, Copy)]
enum Inner<'a> {
    Memory(&'a [f32]),
    /// A whole number of 4-byte values.
    Wire(&'a [u8]),
}

impl<'a> Floats<'a> {
    /// The list that lies in memory.
    pub fn new(values: &'a [f32]) -> Self {
        Self(Inner::Memory(values))
    }

    /// How many floats there are.
    pub fn len(&self) -> usize {
        match self.0 {
            Inner::Memory(values) => values.len(),
            Inner::Wire(bytes) => bytes.len() / 4,
        }
    }

    /// Whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The floats in order.
    pub fn iter(&self) -> impl Iterator<Item = f32> + use<'a> {
        let (values, bytes) = match self.0 {
            Inner::Memory(values) => (values, &[][..]),
            Inner::Wire(bytes) => (&[][..], bytes),
        };
        let wire = bytes.as_chunks::<4>().0.iter().map(|&four| f32::from_le_bytes(four));
        values.iter().copied().chain(wire)
    }
}

impl PartialEq for Floats<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl fmt::Debug for Floats<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Serialize for Floats<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Element by element: the same bytes as a byte string, without a copy to make one of.
        let mut bytes = serializer.serialize_seq(Some(self.len() * 4))?;
        for value in self.iter() {
            for byte in value.to_le_bytes() {
                bytes.serialize_element(&byte)?;
            }
        }
        bytes.end()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Floats<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = <&'de [u8]>::deserialize(deserializer)?;
        if bytes.len() % 4 != 0 {
            return Err(serde::de::Error::invalid_length(bytes.len(), &"a multiple of 4 bytes"));
        }
        Ok(Self(Inner::Wire(bytes)))
    }
}
