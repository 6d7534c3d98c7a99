//! What a device says, shown as it comes: bytes in, a dashboard, text or JSON out.
//!
//! [`source`] reads bytes in a thread of its own and opens a line again that vanished; [`board`] decodes them and keeps what
//! is worth showing; [`view`] draws it. Nothing is ever sent to the device.

pub mod board;
pub mod dashboard;
pub mod link;
pub mod source;
pub mod view;

pub use board::Board;
pub use link::Link;
pub use source::{From, Source};
