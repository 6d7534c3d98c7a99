//! What can be wrong with a `.tflite` file.

use core::fmt;

/// Why a file cannot be read. All are permanent: the file itself is at fault, trying again does not help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The file does not begin as a TFLite flatbuffer (identifier `TFL3` at byte 4).
    NotTflite,
    /// The schema version is not 3, the only one that TFLite runtimes read.
    Version(u32),
    /// An offset, length or table at this byte leads outside the file: truncated or damaged.
    OutOfBounds {
        /// Byte of the file (or of the metadata flatbuffer) that leads astray.
        at: usize,
    },
    /// A string at this byte is not terminated UTF-8.
    Text {
        /// Byte of the file where the string begins.
        at: usize,
    },
    /// A part that every model has is not there.
    Missing(&'static str),
    /// More of something than any model for this engine has; a limit that keeps the cost of a check linear.
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many the file says it has.
        count: usize,
        /// How many are accepted.
        limit: usize,
    },
    /// A number that refers to a tensor, buffer or operator code that does not exist.
    Index {
        /// What is referred to.
        what: &'static str,
        /// The number in the file.
        index: i64,
        /// How many there are.
        count: usize,
    },
    /// A tensor's dimension is negative, or its size does not fit the address space.
    Shape {
        /// Index of the tensor.
        tensor: usize,
    },
    /// A constant does not have as many bytes as its shape and type ask for.
    DataSize {
        /// Index of the tensor.
        tensor: usize,
        /// Bytes by shape and type.
        expected: usize,
        /// Bytes in the file.
        found: usize,
    },
    /// Scales and zero points do not fit each other, the shape or the type, or a scale is not a positive finite number.
    Quantisation {
        /// Index of the tensor.
        tensor: usize,
    },
    /// Something the format allows and this reader does not take.
    Unsupported(&'static str),
    /// The TFLite Metadata names a label file that is not in the archive appended to the model.
    LabelFileMissing,
    /// The label file is compressed; TFLite tools store it, and this reader takes no other.
    LabelFileCompressed,
    /// The label file's checksum does not match its contents.
    LabelFileDamaged,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NotTflite => f.write_str("not a TFLite model: the identifier TFL3 is missing at byte 4"),
            Self::Version(v) => write!(f, "TFLite schema version {v}; only version 3 is read"),
            Self::OutOfBounds { at } => {
                write!(
                    f,
                    "damaged or truncated: what byte {at} refers to is outside the file; fetch or export it again"
                )
            }
            Self::Text { at } => write!(f, "damaged: the text at byte {at} is not terminated UTF-8"),
            Self::Missing(what) => write!(f, "incomplete: the model has no {what}"),
            Self::TooMany { what, count, limit } => write!(f, "{count} {what}; at most {limit} are accepted"),
            Self::Index { what, index, count } => {
                write!(f, "damaged: {what} {index} is referred to, but there are {count}")
            }
            Self::Shape { tensor } => write!(f, "tensor {tensor} has a negative dimension or is larger than memory"),
            Self::DataSize { tensor, expected, found } => {
                write!(f, "constant tensor {tensor} has {found} bytes where shape and type ask for {expected}")
            }
            Self::Quantisation { tensor } => {
                write!(f, "tensor {tensor} has scales or zero points that cannot be right")
            }
            Self::Unsupported(what) => write!(f, "the model uses {what}, which is not supported"),
            Self::LabelFileMissing => f.write_str("the label file named in the metadata is not appended to the model"),
            Self::LabelFileCompressed => {
                f.write_str("the appended label file is compressed; append it stored (zip -0) instead")
            }
            Self::LabelFileDamaged => f.write_str("the appended label file does not match its checksum"),
        }
    }
}

impl core::error::Error for Error {}
