//! The last 96 log-mel columns in a fixed ring; says when a window is due.
