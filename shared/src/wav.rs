//! Reads WAV files in blocks of mono samples, behind a header check.
