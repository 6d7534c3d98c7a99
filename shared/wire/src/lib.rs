//! The frames that the device sends over a serial line, a pipe or a file, and how they are read back.
//!
//! A frame is `COBS( header payload crc ) 0x00`: the zero byte occurs nowhere else, so a reader that joins late or receives
//! garbage resynchronises at the next zero. Header and payload are [postcard](https://postcard.jamesmunns.com/wire-format);
//! the check sum is CRC-16/IBM-3740 (polynomial 0x1021, initial value 0xFFFF, nothing reflected or inverted; also known as
//! CCITT-FALSE), low byte first, over header and payload. `docs/reference/wire.md` describes every byte and its examples
//! are tested.
//!
//! Changes that keep the [`VERSION`]: new kinds (older readers decode them as [`Message::Other`]), and new fields at the end
//! of a payload (older readers ignore them).
//!
//! Nothing here allocates: the encoder writes into the caller's buffer, the decoder assembles frames in one.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]
// See docs/development/decisions/casts.md.
#![warn(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss
)]

mod decode;
mod encode;
mod explanation;
mod floats;
mod message;
#[cfg(test)]
mod tests;
mod text_list;
mod trend;

pub use decode::{Damage, Decoder, Frame};
pub use encode::{Error, encode};
pub use explanation::{BandChange, Explanation};
pub use floats::Floats;
pub use message::{
    Acknowledged, AcknowledgedBy, Alarm, AlarmCause, CaptureState, ClockState, Gap, Health, Hello, Message,
    StateChange, Verdict, Warning, refused,
};
pub use text_list::{TextList, TextSource};
pub use trend::{Course, DaySpan, Drift, Shift, Trend};

/// The version of the frame's layout, its first byte.
pub const VERSION: u8 = 1;

/// A buffer of this size takes every frame there is, YAMNet's own 521 classes included.
pub const LARGEST_FRAME: usize = 16 * 1024;

/// CRC-16/IBM-3740: `binascii.crc_hqx(data, 0xFFFF)` in Python.
const CRC: crc::Crc<u16> = crc::Crc::<u16>::new(&crc::CRC_16_IBM_3740);

/// The kinds of payload, the frame's second byte.
mod kind {
    pub const HELLO: u8 = 1;
    pub const VERDICT: u8 = 2;
    pub const STATE_CHANGE: u8 = 3;
    pub const ALARM: u8 = 4;
    pub const HEALTH: u8 = 5;
    pub const GAP: u8 = 6;
    pub const ACKNOWLEDGED: u8 = 7;
    /// The warning was raised or ended.
    pub const WARNING: u8 = 8;
    /// The course of the daily medians.
    pub const TREND: u8 = 9;
}

/// The fields before the payload.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
struct Header {
    version: u8,
    kind: u8,
    sequence: u32,
    time_us: u64,
}
