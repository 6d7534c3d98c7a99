//! The weeks behind the score: daily medians of each state, when a rising one reaches a level, and whether the model still fits.
//!
//! ```text
//! windows -> histogram of a day and state -> median -> forecast  score rises: days to a level
//!                                                   -> drift     all states shift at once
//! ```
//!
//! Positions of the score ([`crate::anomaly::score`]) are followed rather than the score: of a fault that doubles the score in
//! equal times they are a straight line. Nothing here has a clock or allocates; the device keeps the days.

mod cusum;
mod drift;
mod forecast;
mod histogram;
mod slope;

pub use drift::{Drift, DriftFollower, STATES, Shift};
pub use forecast::{Course, DaysTo, forecast};
pub use histogram::{BINS, LEVEL, POSITION, Scale, position};
pub use slope::{Day, MAX_DAYS, MIN_DAYS, Slope};
