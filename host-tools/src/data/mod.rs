//! What the other layers compute on: recordings on disk, windows with their features, tables of them, splits by group.
//!
//! [`dataset`] reads recordings, [`feature_set`] holds the windows of a data set, [`table`] stores them in Parquet files,
//! [`split`] divides them by group.

pub(crate) mod dataset;
pub(crate) mod feature_set;
pub(crate) mod hash;
pub(crate) mod paths;
pub(crate) mod split;
pub(crate) mod table;
