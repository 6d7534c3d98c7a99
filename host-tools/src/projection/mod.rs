//! Windows in two dimensions, and a score of how well their classes are separated.
//!
//! Input is standardised, as for the heads, so that neither a loud band nor a part of the embedding with large variance
//! dominates. Everything is seeded or deterministic: the same windows give the same pictures.

mod pca;
mod sample;
mod silhouette;
mod spectra;
mod tsne;

pub use pca::pca;
pub use sample::sample;
pub use silhouette::{interpretation, silhouette};
pub use spectra::spectra;
pub use tsne::tsne;
