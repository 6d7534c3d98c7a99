//! The line that a window is reported by, the same in every program.
