//! Pictures, drawn with an embedded font: no system library, no font of the machine, the same bytes everywhere.
//!
//! Each plot takes plain data and yields a [`Picture`], which is saved atomically. `plotters` draws the charts ([`axes`]) on
//! our anti-aliased [`canvas`], which is its [`backend`]; [`theme`] holds the colours and sizes that all pictures share,
//! [`legend`] what stands above the data; on these stand [`history`], [`confusion`], [`scatter`], [`log_mel`] and [`timeline`]. Cost: well under a second and 30 MB a picture.

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
