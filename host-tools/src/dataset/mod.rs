//! Recordings on disk: which there are, what they are labelled, which belong together.
