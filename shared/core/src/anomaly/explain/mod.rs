//! What moved in the sound when a warning or an alarm was raised.
//!
//! ```text
//! s      = mean spectrum of the last seconds, 72 bands in dB          running
//! r      = the most similar mean spectrum of normal sound              normal
//! level  = lower quartile over the bands of s - r
//! z_b    = (s_b - r_b - level) / deviation of unseen normal sound
//! band   = the band of the largest |z|, 2 and up, with its neighbours down to half of it; then the next, up to three
//! ```
//!
//! A change of the level of all bands is named as such and is in no band. A detector may also raise a warning by what no mean
//! level shows, such as a modulation; then no band stands out. Cost: 43,000 multiplications a window; 300 bytes of state; no
//! allocation.

mod explanation;
mod normal;
mod running;
mod spectrum;

pub use explanation::{BandChange, Explanation, MOST_BANDS};
pub use normal::{Departure, NormalSpectra};
pub use running::SpectrumMean;
pub use spectrum::{SPECTRUM_LEN, Spectrum, spectrum};
