//! Splits by group: no group is ever on two sides.
