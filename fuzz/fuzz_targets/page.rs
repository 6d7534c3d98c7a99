//! Searches for bytes that violate a property checked by `bodies/src/page.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_bodies::page::read(bytes));
