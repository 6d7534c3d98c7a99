//! What the head and the anomaly score look at: embedding, log-mel statistics, or both.
