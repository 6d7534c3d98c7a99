//! Pictures, drawn with an embedded font: no system library, no system font, the same bytes everywhere.
//!
//! Each plot takes plain data and returns a [`Picture`], which is saved atomically. `plotters` draws the charts ([`axes`]) on
//! our anti-aliased [`canvas`] through its [`backend`]; [`theme`] holds the common colours and sizes, [`legend`] draws the
//! part above the data. The other modules are one plot each. Cost: well under a second and 30 MB per picture.

pub(crate) mod anomaly;
pub(crate) mod axes;
pub(crate) mod backend;
pub(crate) mod canvas;
pub(crate) mod confusion;
pub(crate) mod event_log;
pub(crate) mod font;
pub(crate) mod history;
pub(crate) mod legend;
pub(crate) mod log_mel;
pub(crate) mod picture;
pub(crate) mod reliability;
pub(crate) mod scatter;
mod spectrogram;
pub(crate) mod strengths;
pub(crate) mod theme;
pub(crate) mod ticks;
mod time_ticks;
pub(crate) mod timeline;
mod training_panels;

pub(crate) use picture::Picture;
