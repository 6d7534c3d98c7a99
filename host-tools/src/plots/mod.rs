//! Pictures, drawn with an embedded font: no system library needed.
