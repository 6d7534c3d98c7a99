//! Any sample rate to 16 kHz: streaming, anti-aliased, polyphase.
