//! Searches for bytes that make the reader of model files panic.
#![no_main]

#[path = "../read_model.rs"]
mod read_model;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    read_model::read_model(bytes);
});
