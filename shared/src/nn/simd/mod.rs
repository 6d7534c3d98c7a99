//! What needs `unsafe`: nothing else in this crate does.
#![allow(unsafe_code)]

mod block;

pub use block::Block;
