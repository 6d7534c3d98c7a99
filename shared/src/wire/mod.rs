//! The frames that the device sends: postcard, CRC-16, COBS.
