//! What the model file carries beyond TFLite: our own Metadata entry.
