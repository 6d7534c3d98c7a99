//! The device's program: see `firmware --help`.

fn main() {}
