//! Searches for bytes that violate a property checked by `bodies/src/model.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_bodies::read_and_run_model(bytes));
