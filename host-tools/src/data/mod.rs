//! What the other layers compute on: recordings on disk, windows with their features, tables of them, splits by group.
//!
//! [`dataset`] reads recordings, [`feature_set`] holds the windows of a data set, [`table`] stores them in Parquet files,
//! [`split`] divides them by group.

pub mod dataset;
pub mod feature_set;
pub mod hash;
pub mod paths;
pub mod split;
pub mod table;
