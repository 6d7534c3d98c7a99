//! The faults of a factory, applied to the real program: one test per fault. `docs/development/reliability.md` lists all
//! faults, including those of sound devices (`tests/recovery.rs`) and others with tests elsewhere.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

#[path = "../common/mod.rs"]
mod common;
mod disk;
mod kill_at;
mod killed;
mod sound;
mod system;
