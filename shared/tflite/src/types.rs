//! Element types and operator codes.

use core::fmt;

use super::op_names::NAMES;

/// Type of a tensor's elements (`enum TensorType` of the schema).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TensorType {
    /// 32-bit float.
    Float32,
    /// 32-bit signed integer.
    Int32,
    /// 8-bit unsigned integer.
    UInt8,
    /// 64-bit signed integer.
    Int64,
    /// One byte, 0 or 1.
    Bool,
    /// 16-bit signed integer.
    Int16,
    /// Pair of 32-bit floats, real and imaginary.
    Complex64,
    /// 8-bit signed integer.
    Int8,
    /// A type that this engine does not use, by its number in the schema.
    Other(u8),
}

impl TensorType {
    /// Returns the type with this number in the schema.
    pub(crate) fn from_code(code: u8) -> Self {
        match code {
            0 => Self::Float32,
            2 => Self::Int32,
            3 => Self::UInt8,
            4 => Self::Int64,
            6 => Self::Bool,
            7 => Self::Int16,
            8 => Self::Complex64,
            9 => Self::Int8,
            other => Self::Other(other),
        }
    }

    /// Returns the number in the schema.
    pub fn code(self) -> u8 {
        match self {
            Self::Float32 => 0,
            Self::Int32 => 2,
            Self::UInt8 => 3,
            Self::Int64 => 4,
            Self::Bool => 6,
            Self::Int16 => 7,
            Self::Complex64 => 8,
            Self::Int8 => 9,
            Self::Other(code) => code,
        }
    }

    /// Returns the bytes per element; `None` for types that this engine does not use.
    pub fn bytes(self) -> Option<usize> {
        match self {
            Self::UInt8 | Self::Bool | Self::Int8 => Some(1),
            Self::Int16 => Some(2),
            Self::Float32 | Self::Int32 => Some(4),
            Self::Int64 | Self::Complex64 => Some(8),
            Self::Other(_) => None,
        }
    }
}

impl fmt::Display for TensorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Float32 => "f32",
            Self::Int32 => "i32",
            Self::UInt8 => "u8",
            Self::Int64 => "i64",
            Self::Bool => "bool",
            Self::Int16 => "i16",
            Self::Complex64 => "c64",
            Self::Int8 => "i8",
            Self::Other(_) => "other",
        })
    }
}

/// Operator code (`enum BuiltinOperator` of the schema).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuiltinOp(pub u32);

#[allow(missing_docs, reason = "the names are those of the schema")]
impl BuiltinOp {
    pub const ADD: Self = Self(0);
    pub const CONCATENATION: Self = Self(2);
    pub const CONV_2D: Self = Self(3);
    pub const DEPTHWISE_CONV_2D: Self = Self(4);
    pub const DEQUANTIZE: Self = Self(6);
    pub const FULLY_CONNECTED: Self = Self(9);
    pub const LOGISTIC: Self = Self(14);
    pub const MUL: Self = Self(18);
    pub const RESHAPE: Self = Self(22);
    pub const SOFTMAX: Self = Self(25);
    pub const PAD: Self = Self(34);
    pub const GATHER: Self = Self(36);
    pub const MEAN: Self = Self(40);
    pub const SUB: Self = Self(41);
    pub const DIV: Self = Self(42);
    pub const STRIDED_SLICE: Self = Self(45);
    pub const SPLIT: Self = Self(49);
    pub const LOG: Self = Self(73);
    pub const SQRT: Self = Self(75);
    pub const SQUARE: Self = Self(92);
    pub const SQUARED_DIFFERENCE: Self = Self(99);
    pub const QUANTIZE: Self = Self(114);
    pub const RFFT2D: Self = Self(131);
    pub const COMPLEX_ABS: Self = Self(135);
}

impl BuiltinOp {
    /// Returns the name in the schema; `None` for codes newer than this reader.
    pub fn name(self) -> Option<&'static str> {
        NAMES.get(self.0 as usize).copied()
    }
}

impl fmt::Display for BuiltinOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "operator {}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operator_codes_and_names_are_those_of_the_schema() {
        assert_eq!(BuiltinOp::CONV_2D.name(), Some("CONV_2D"));
        assert_eq!(BuiltinOp::SQUARED_DIFFERENCE.name(), Some("SQUARED_DIFFERENCE"));
        assert_eq!(BuiltinOp::RFFT2D.name(), Some("RFFT2D"));
        assert_eq!(BuiltinOp::COMPLEX_ABS.name(), Some("COMPLEX_ABS"));
        assert_eq!(BuiltinOp::QUANTIZE.name(), Some("QUANTIZE"));
        assert_eq!(BuiltinOp(100_000).name(), None);
    }

    #[test]
    fn a_type_keeps_its_code() {
        for code in 0..=u8::MAX {
            assert_eq!(TensorType::from_code(code).code(), code);
        }
    }
}
