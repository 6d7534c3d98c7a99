//! Every window of a data set as one row of features, computed by the signal chain of the device.
//!
//! Each recording is a stream of its own: its first window starts with its first sample. Recordings are processed in
//! parallel and gathered in their order, so the result does not depend on the number of cores. Cost: the network, about a
//! millisecond per window and core, where the features need it; memory, 4 bytes per value, once: recordings are gathered in
//! their order while the others are computed.

mod augment;
mod extract;
mod gain;
mod input;
mod options;
mod process;
mod progress;
#[cfg(test)]
mod tests;

pub(crate) use augment::{Augmented, augment};
pub(crate) use input::{InputOptions, columns, hop};
pub(crate) use options::FeatureOptions;
pub(crate) use process::{Window, process};
