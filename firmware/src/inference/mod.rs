//! Sound in, events out: the inference thread and all it needs.
//!
//! [`audio`] gives blocks of mono samples, from the ring of capture or from a file; [`listen()`] drives the monitor with them;
//! [`setup`] is what a reload replaces; [`progress`] is what the other threads see.

pub mod audio;
pub mod baseline;
pub mod control;
pub mod counters;
pub mod health;
pub mod progress;
pub mod rejected_updates;
pub mod setup;
pub mod signature;
pub mod times;

mod alarm;
mod listen;

pub use audio::{AudioBlock, AudioFile, AudioInput};
pub use listen::{Listening, listen};
pub use progress::Progress;
pub use setup::{Setup, SetupError, now_ns};
pub use times::Times;
