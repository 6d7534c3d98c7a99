//! The live display of a device's reports on its serial line, and of many devices' at a broker.
//!
//! [`source`] reads bytes in a thread of its own and reconnects a lost line; [`link`] decodes frames; [`board`] keeps the
//! state; [`view`] draws it; [`live`] is the loop. [`devices`] is the loop for a broker, [`screen`] its state, [`device_list`] and
//! [`device_view`] draw it. Nothing is ever sent to a device.

mod board;
mod device_list;
mod device_view;
pub(crate) mod devices;
mod link;
pub(crate) mod live;
mod screen;
pub(crate) mod source;
mod view;

pub(crate) use board::SILENCE;
pub use board::{Board, Moment};
pub use link::{Counts, Link};
