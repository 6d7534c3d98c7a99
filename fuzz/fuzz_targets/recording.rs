//! Searches for bytes that violate a property checked by `bodies/src/wav.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_bodies::recording::read(bytes));
