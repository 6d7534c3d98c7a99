//! YAMNet's front end, streaming: one column of 64 log-mel bands per 160 samples.
