//! Errors of the engine.

/// Why a network cannot be run. All errors occur while a model is loaded or memory is lent, and are permanent for a given
/// file and caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// An operator that YAMNet's int8 part does not contain; the number is TFLite's builtin operator code.
    #[error("the network uses TFLite operator {0}, which this engine does not run; use YAMNet's int8 file")]
    UnsupportedOperator(u32),
    /// A kernel size, stride, padding or tensor shape that the kernels do not support.
    #[error("the network's shapes are not those of YAMNet's int8 file, the only kind this engine runs")]
    UnsupportedShape,
    /// A scale, zero point, bias or weight outside the range in which the arithmetic is exact.
    #[error("the network's quantisation is outside the range this engine runs exactly; use YAMNet's int8 file")]
    UnsupportedQuantisation,
    /// Weights, biases or scales are missing or have the wrong length.
    #[error("the network lacks weights, biases or scales, or they have the wrong length; the file is damaged")]
    MissingConstant,
    /// The memory lent is too small. Lengths are in blocks of 64 bytes.
    #[error("the network needs {needed} blocks of 64 bytes and was lent {given}; ask for its needs first")]
    Memory {
        /// Blocks needed.
        needed: usize,
        /// Blocks given.
        given: usize,
    },
    /// The requested kernels are for another architecture, or this processor lacks their instructions.
    #[error("this processor lacks the instructions of the kernels asked for; use the scalar ones")]
    Isa,
}
