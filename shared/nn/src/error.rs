//! Why a model's network cannot be run. All of these are permanent for a given file and caller.

use core::fmt;

/// What the engine refuses at load. Nothing fails after that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// An operator that YAMNet's int8 part does not have; the number is TFLite's builtin operator code.
    UnsupportedOperator(u32),
    /// A kernel size, stride, padding or tensor shape outside what the kernels do.
    UnsupportedShape,
    /// A scale, zero point, bias or weight outside the range in which the arithmetic is exact.
    UnsupportedQuantisation,
    /// A weight, bias or scale that should be in the file is absent or has the wrong length.
    MissingConstant,
    /// Lent memory is too small: blocks of 64 bytes needed and given.
    Memory {
        /// Blocks needed.
        needed: usize,
        /// Blocks given.
        given: usize,
    },
    /// The kernels asked for are for another processor, or this one lacks the instructions.
    Isa,
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnsupportedOperator(code) => {
                write!(
                    out,
                    "the network uses TFLite operator {code}, which this engine does not run; use YAMNet's int8 file"
                )
            }
            Self::UnsupportedShape => out
                .write_str("the network's shapes are not those of YAMNet's int8 file, the only kind this engine runs"),
            Self::UnsupportedQuantisation => out.write_str(
                "the network's quantisation is outside the range this engine runs exactly; use YAMNet's int8 file",
            ),
            Self::MissingConstant => out.write_str(
                "the network lacks weights, biases or scales, or they have the wrong length; the file is damaged",
            ),
            Self::Memory { needed, given } => {
                write!(
                    out,
                    "the network needs {needed} blocks of 64 bytes and was lent {given}; ask for its needs first"
                )
            }
            Self::Isa => {
                out.write_str("this processor lacks the instructions of the kernels asked for; use the scalar ones")
            }
        }
    }
}

impl core::error::Error for Error {}
