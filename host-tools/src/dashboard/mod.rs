//! The live display of a device's reports on its serial line.
//!
//! [`source`] reads bytes in a thread of its own and reconnects a lost line; [`link`] decodes frames; [`board`] keeps the
//! state; [`view`] draws it. Nothing is ever sent to the device.

mod board;
pub mod dashboard;
mod link;
pub mod source;
mod view;

pub use board::{Board, Moment};
pub use link::{Counts, Link};
