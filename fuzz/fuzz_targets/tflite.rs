//! Searches for bytes that make the reader of model files or the engine behind it panic.
#![no_main]

#[path = "../read_model.rs"]
mod read_model;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if read_model::read_model(bytes) {
        read_model::run_model(bytes);
    }
});
