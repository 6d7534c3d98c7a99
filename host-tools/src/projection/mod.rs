//! Windows in two dimensions, and a figure for how well their classes stay apart.
//!
//! All of it looks at standardised features, as the heads do, so that neither a loud band nor a busy part of the embedding
//! outweighs the rest. Everything is seeded or has no chance in it: the same windows give the same pictures.

mod pca;
mod sample;
mod silhouette;
mod spectra;
mod tsne;

pub use pca::{Pca, pca};
pub use sample::sample;
pub use silhouette::{interpretation, silhouette};
pub use spectra::spectra;
pub use tsne::{Tsne, tsne};
