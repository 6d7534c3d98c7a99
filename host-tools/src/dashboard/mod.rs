//! The live display of a device's reports on its serial line.
//!
//! [`source`] reads bytes in a thread of its own and reconnects a lost line; [`link`] decodes frames; [`board`] keeps the
//! state; [`view`] draws it; [`live`] is the loop. Nothing is ever sent to the device.

mod board;
mod link;
pub(crate) mod live;
pub(crate) mod source;
mod view;

pub(crate) use board::SILENCE;
pub use board::{Board, Moment};
pub use link::{Counts, Link};
