//! Windows in two dimensions, and a score of how well their classes are separated.
//!
//! Input is standardised, as for the heads, so that neither a loud band nor a part of the embedding with large variance
//! dominates. Everything is seeded or deterministic: the same windows give the same pictures.

mod pca;
mod sample;
mod silhouette;
mod spectra;
mod tsne;

pub(crate) use pca::pca;
pub(crate) use sample::sample;
pub(crate) use silhouette::{interpretation, silhouette};
pub(crate) use spectra::spectra;
pub(crate) use tsne::tsne;
