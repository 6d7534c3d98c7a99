//! Writes the trained model as an ordinary TFLite file.
