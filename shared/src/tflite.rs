//! A verified reader of `.tflite` files: every offset checked, a bad file is an error.
