//! The engine on the test network against LiteRT's reference kernels, bit for bit, on every instruction set of this machine.
#![allow(clippy::unwrap_used, reason = "a test")]

mod classifiers;
mod golden;
mod layers;
mod network;
