//! Why the tables cannot be used.

use core::fmt;

/// All of these are permanent: the model must be exported again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// A layout that this version does not support.
    Schema(u16),
    /// Truncated, corrupted, or with values out of range.
    Damaged,
}

impl From<crate::sealed::Damaged> for Error {
    fn from(_: crate::sealed::Damaged) -> Self {
        Self::Damaged
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Schema(found) => write!(
                f,
                "the anomaly tables have schema {found}, this version supports up to {}; train the model again with the host-tools of \
                 this version, or update this program",
                super::tables::SCHEMA
            ),
            Self::Damaged => f.write_str("the anomaly tables are damaged; train the model again"),
        }
    }
}

impl core::error::Error for Error {}
