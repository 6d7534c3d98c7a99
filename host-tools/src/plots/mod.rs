//! Pictures, drawn with an embedded font: no system library, no system font, the same bytes everywhere.
//!
//! Each plot takes plain data and returns a [`Picture`], which is saved atomically. `plotters` draws the charts ([`axes`]) on
//! our anti-aliased [`canvas`] through its [`backend`]; [`theme`] holds the common colours and sizes, [`legend`] draws the
//! part above the data. The plots [`history`], [`confusion`], [`scatter`], [`log_mel`] and [`timeline`] use these. Cost: well
//! under a second and 30 MB per picture.

pub mod anomaly;
pub mod axes;
pub mod backend;
pub mod canvas;
pub mod confusion;
pub mod font;
pub mod history;
pub mod legend;
pub mod log_mel;
pub mod picture;
pub mod reliability;
pub mod scatter;
pub mod theme;
pub mod ticks;
pub mod timeline;

pub use picture::Picture;
