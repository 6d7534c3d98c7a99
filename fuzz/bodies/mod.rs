//! What reads bytes that anybody may have written, each as a plain function over bytes: cargo-fuzz searches with it
//! (`fuzz_targets/`), and `firmware/tests/fuzz_bodies.rs` runs it on stable Rust over seeds, the kept corpus and
//! mutations of both.
//!
//! A body returns whatever the bytes are. It panics where something is wrong: a panic of the code it calls, or a promise
//! that does not hold (what was read can be written and read again; numbers are finite; memory is bounded).

pub mod config;
pub mod events;
pub mod http;
pub mod link;
pub mod manifest;
pub mod metadata;
pub mod modbus;
pub mod model;
pub mod seeds;
pub mod wav;
pub mod wire;

/// A body and its name, which is that of the fuzz target and of the corpus' folder.
pub struct Target {
    /// The name.
    pub name: &'static str,
    /// The body.
    pub body: fn(&[u8]),
    /// Valid inputs, made by code.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Every body.
pub const TARGETS: [Target; 10] = [
    Target { name: "model", body: read_and_run_model, seeds: seeds::models },
    Target { name: "metadata", body: metadata::read, seeds: seeds::metadata },
    Target { name: "wav", body: wav::read, seeds: seeds::wavs },
    Target { name: "manifest", body: manifest::read, seeds: seeds::manifests },
    Target { name: "config", body: config::read, seeds: seeds::configs },
    Target { name: "wire", body: wire::read, seeds: seeds::frames },
    Target { name: "link", body: link::read, seeds: seeds::streams },
    Target { name: "modbus", body: modbus::read, seeds: seeds::modbus },
    Target { name: "events", body: events::read, seeds: seeds::events },
    Target { name: "http", body: http::read, seeds: seeds::requests },
];

/// Reads the bytes as a model and, if they are one, runs it.
pub fn read_and_run_model(bytes: &[u8]) {
    if model::read_model(bytes) {
        model::run_model(bytes);
    }
}
