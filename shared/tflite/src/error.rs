//! Errors of the `.tflite` reader.

/// Why a file cannot be read. Every variant is permanent: the file itself is at fault, so a retry cannot succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The file does not begin as a TFLite flatbuffer (identifier `TFL3` at byte 4).
    #[error(
        "not a TFLite model: the identifier TFL3 is missing at byte 4; use the .tflite file that `host-tools train` wrote"
    )]
    NotTflite,
    /// The schema version is not 3, the only one that TFLite runtimes read.
    #[error("TFLite schema version {0}; only version 3 is read")]
    Version(u32),
    /// An offset, length or table at this byte refers to a place outside the file: the file is truncated or damaged.
    #[error("damaged or truncated: what byte {at} refers to is outside the file; fetch or export it again")]
    OutOfBounds {
        /// Byte of the file (or of the metadata flatbuffer) that holds the bad reference.
        at: usize,
    },
    /// A string at this byte is not terminated UTF-8.
    #[error("damaged: the text at byte {at} is not terminated UTF-8")]
    Text {
        /// Byte of the file where the string begins.
        at: usize,
    },
    /// A part that every model has is missing.
    #[error("incomplete: the model has no {0}")]
    Missing(&'static str),
    /// More items of one kind than any model for this engine has. The limits keep the cost of the checks linear.
    #[error("{count} {what}; at most {limit} are accepted")]
    TooMany {
        /// Kind of item.
        what: &'static str,
        /// Count stated by the file.
        count: usize,
        /// Largest accepted count.
        limit: usize,
    },
    /// A reference to a tensor, buffer or operator code that does not exist.
    #[error("damaged: {what} {index} is referred to, but there are {count}")]
    Index {
        /// Kind of item referred to.
        what: &'static str,
        /// Index stored in the file.
        index: i64,
        /// Number of items that exist.
        count: usize,
    },
    /// A tensor's dimension is negative, or its size does not fit the address space.
    #[error("tensor {tensor} has a negative dimension or is larger than memory")]
    Shape {
        /// Index of the tensor.
        tensor: usize,
    },
    /// A constant's length differs from what its shape and type require.
    #[error("constant tensor {tensor} has {found} bytes where shape and type ask for {expected}")]
    DataSize {
        /// Index of the tensor.
        tensor: usize,
        /// Bytes required by shape and type.
        expected: usize,
        /// Bytes in the file.
        found: usize,
    },
    /// Scales and zero points do not match each other, the shape or the type, or a scale is not positive and finite.
    #[error("tensor {tensor} has scales or zero points that cannot be right")]
    Quantisation {
        /// Index of the tensor.
        tensor: usize,
    },
    /// A construct that the format allows and this reader does not support.
    #[error("the model uses {0}, which is not supported")]
    Unsupported(&'static str),
    /// The TFLite Metadata names a label file that is not in the archive appended to the model.
    #[error(
        "the label file named in the metadata is not appended to the model; the end of the file is missing: copy or export it again"
    )]
    LabelFileMissing,
    /// The label file is compressed. TFLite tools store it uncompressed, and this reader supports only that.
    #[error("the appended label file is compressed; append it stored (zip -0) instead")]
    LabelFileCompressed,
    /// The label file's checksum does not match its contents.
    #[error("the appended label file does not match its checksum")]
    LabelFileDamaged,
}
