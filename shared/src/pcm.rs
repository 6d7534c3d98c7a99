//! Raw device samples of any format and channel count to mono `f32`.
