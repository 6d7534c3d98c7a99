//! Why a pipeline cannot be made.

use core::fmt;

use crate::{resample, window};

/// All of these are fatal for the configuration at hand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Error {
    /// The input rate cannot be brought to 16 kHz, or the storage lent for it is too short.
    Resample(resample::Error),
    /// The hop between windows is not possible.
    Window(window::Error),
    /// The arena is too short: blocks of 64 bytes.
    Arena {
        /// Blocks needed.
        needed: usize,
        /// Blocks given.
        given: usize,
    },
    /// The classifier gives more probabilities than a verdict holds.
    Classes(usize),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resample(error) => error.fmt(f),
            Self::Window(error) => error.fmt(f),
            Self::Arena { needed, given } => {
                write!(f, "the model needs {needed} blocks of working memory and was lent {given}")
            }
            Self::Classes(found) => write!(f, "the model has {found} classes, more than can be reported"),
        }
    }
}

impl core::error::Error for Error {}

impl From<resample::Error> for Error {
    fn from(error: resample::Error) -> Self {
        Self::Resample(error)
    }
}
