//! The properties that the fuzz targets check, one function over bytes for each parser of untrusted bytes.
//!
//! cargo-fuzz searches with these functions (`fuzz/fuzz_targets`); `tests/stable.rs` runs them on stable Rust over seeds, the
//! kept corpus and mutations of both. A function returns for every input. It panics where the code under test panics or a
//! property fails: values survive writing and reading, numbers are finite, memory is bounded.
#![forbid(unsafe_code)]

pub mod config;
pub mod events;
pub mod http;
pub mod link;
pub mod manifest;
pub mod metadata;
pub mod modbus;
pub mod model;
pub mod page;
pub mod recording;
pub mod refit;
pub mod seeds;
pub mod wav;
pub mod wire;

/// A fuzz target.
pub struct Target {
    /// Name of the target and of its folder in the corpus.
    pub name: &'static str,
    /// The function that checks its properties.
    pub body: fn(&[u8]),
    /// Returns valid inputs, encoded by the code that writes this format.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Every target.
pub const TARGETS: [Target; 13] = [
    Target { name: "model", body: read_and_run_model, seeds: seeds::models },
    Target { name: "metadata", body: metadata::read, seeds: seeds::metadata },
    Target { name: "wav", body: wav::read, seeds: seeds::wavs },
    Target { name: "recording", body: recording::read, seeds: seeds::recordings },
    Target { name: "manifest", body: manifest::read, seeds: seeds::manifests },
    Target { name: "config", body: config::read, seeds: seeds::configs },
    Target { name: "wire", body: wire::read, seeds: seeds::frames },
    Target { name: "link", body: link::read, seeds: seeds::streams },
    Target { name: "modbus", body: modbus::read, seeds: seeds::modbus },
    Target { name: "events", body: events::read, seeds: seeds::events },
    Target { name: "refit", body: refit::read, seeds: seeds::refits },
    Target { name: "http", body: http::read, seeds: seeds::requests },
    Target { name: "page", body: page::read, seeds: seeds::page_requests },
];

/// Parses the bytes as a model and runs it on one window if they are one.
pub fn read_and_run_model(bytes: &[u8]) {
    if model::read_model(bytes) {
        model::run_model(bytes);
    }
}
