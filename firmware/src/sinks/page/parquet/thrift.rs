//! Thrift's compact protocol: the part of it that the metadata of Parquet need.
//!
//! Source: <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>.

/// Types of fields and of elements.
const INT32: u8 = 5;
const INT64: u8 = 6;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// A struct that is being written. Fields have ascending numbers, at most 15 apart.
#[derive(Debug, Default)]
pub(super) struct Struct {
    bytes: Vec<u8>,
    last: u8,
}

impl Struct {
    /// Adds a field with a number of 32 bits.
    pub(super) fn int32(mut self, field: u8, value: i32) -> Self {
        self.begin(field, INT32);
        zigzag(&mut self.bytes, value.into());
        self
    }

    /// Adds a field with a number of 64 bits.
    pub(super) fn int64(mut self, field: u8, value: i64) -> Self {
        self.begin(field, INT64);
        zigzag(&mut self.bytes, value);
        self
    }

    /// Adds a field with a text.
    pub(super) fn text(mut self, field: u8, value: &str) -> Self {
        self.begin(field, BINARY);
        binary(&mut self.bytes, value);
        self
    }

    /// Adds a field with a struct.
    pub(super) fn structure(mut self, field: u8, value: Self) -> Self {
        self.begin(field, STRUCT);
        self.bytes.extend(value.finish());
        self
    }

    /// Adds a field with a list of structs.
    pub(super) fn structures(mut self, field: u8, values: Vec<Self>) -> Self {
        self.list(field, STRUCT, values.len());
        values.into_iter().for_each(|value| self.bytes.extend(value.finish()));
        self
    }

    /// Adds a field with a list of one text.
    pub(super) fn one_text(mut self, field: u8, value: &str) -> Self {
        self.list(field, BINARY, 1);
        binary(&mut self.bytes, value);
        self
    }

    /// Adds a field with a list of numbers of 32 bits.
    pub(super) fn numbers(mut self, field: u8, values: &[i32]) -> Self {
        self.list(field, INT32, values.len());
        values.iter().for_each(|value| zigzag(&mut self.bytes, (*value).into()));
        self
    }

    /// Its bytes.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.bytes.push(0);
        self.bytes
    }

    fn begin(&mut self, field: u8, kind: u8) {
        debug_assert!((1..16).contains(&(field - self.last)));
        self.bytes.push((field - self.last) << 4 | kind);
        self.last = field;
    }

    fn list(&mut self, field: u8, kind: u8, len: usize) {
        self.begin(field, LIST);
        if len < 15 {
            self.bytes.push((len as u8) << 4 | kind);
        } else {
            self.bytes.push(0xF0 | kind);
            varint(&mut self.bytes, len as u64);
        }
    }
}

/// Seven bits a byte, the lowest first; all bytes but the last have the highest bit.
pub(super) fn varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// The sign in the lowest bit.
fn zigzag(bytes: &mut Vec<u8>, value: i64) {
    varint(bytes, ((value << 1) ^ (value >> 63)) as u64);
}

fn binary(bytes: &mut Vec<u8>, value: &str) {
    varint(bytes, value.len() as u64);
    bytes.extend_from_slice(value.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_fields_are_known_by_their_distance() {
        let inner = Struct::default().int32(3, -1);
        let outer = Struct::default().int64(1, 300).structure(2, inner).text(7, "ab").numbers(8, &[1, 64]);
        // 300 is 600 with the sign, in two bytes; -1 is 1; 64 is 128.
        let expected = [0x16, 0xD8, 0x04, 0x1C, 0x35, 0x01, 0, 0x58, 2, b'a', b'b', 0x19, 0x25, 2, 0x80, 0x01, 0];
        assert_eq!(outer.finish(), expected);
    }

    #[test]
    fn a_long_list_states_its_length_after_its_type() {
        let bytes = Struct::default().numbers(1, &[0; 15]).finish();
        assert_eq!(bytes[..3], [0x19, 0xF5, 15]);
        assert_eq!(bytes.len(), 3 + 15 + 1);
    }
}
