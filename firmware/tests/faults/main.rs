//! What goes wrong in a factory, done to the real program: one test per fault. `docs/reliability.md` has the table of all
//! faults, those of sound devices (`tests/recovery.rs`) and others that have tests elsewhere included.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

#[path = "../common/mod.rs"]
mod common;
mod disk;
mod kill_at;
mod killed;
mod sound;
mod system;
