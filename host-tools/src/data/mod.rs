//! What the other layers compute on: recordings on disk, windows with their features, tables of them, splits by group.
//!
//! [`dataset`] reads recordings, [`feature_set`] holds the windows of a data set, [`table`] stores them in Parquet files,
//! [`split`] divides them by group. [`columns`] and [`sound_part`] read a recording as a spectrogram and as a part of its sound.

pub(crate) mod columns;
pub(crate) mod dataset;
pub(crate) mod feature_set;
pub(crate) mod hash;
pub(crate) mod paths;
pub(crate) mod sound_part;
pub(crate) mod split;
pub(crate) mod table;
