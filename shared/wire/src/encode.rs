//! From a message to the bytes of a frame.

use postcard::ser_flavors::{Cobs, Flavor, Slice};
use serde::Serialize;

use super::{CRC, Header, Message, VERSION};

/// Writes a frame into `buffer` and returns its bytes, the ending zero included.
///
/// `sequence` counts frames, also those that never reach the reader, so that it can count losses; it wraps. `time_us` is
/// monotonic, in microseconds since any fixed moment (the program's start).
///
/// # Errors
/// When the buffer is too small: [`super::LARGEST_FRAME`] suffices for all.
pub fn encode<'b>(
    buffer: &'b mut [u8],
    sequence: u32,
    time_us: u64,
    message: &Message<'_>,
) -> Result<&'b mut [u8], Error> {
    let header = Header { version: VERSION, kind: message.kind(), sequence, time_us };
    match message {
        Message::Hello(payload) => frame(buffer, header, payload),
        Message::Verdict(payload) => frame(buffer, header, payload),
        Message::StateChange(payload) => frame(buffer, header, payload),
        Message::Alarm(payload) => frame(buffer, header, payload),
        Message::Health(payload) => frame(buffer, header, payload),
        Message::Gap(payload) => frame(buffer, header, payload),
        Message::Acknowledged(payload) => frame(buffer, header, payload),
        Message::Warning(payload) => frame(buffer, header, payload),
        Message::Trend(payload) => frame(buffer, header, payload),
        Message::Other { payload, .. } => frame(buffer, header, &Raw(payload)),
    }
}

/// Header, payload, check sum, COBS in one pass.
fn frame<'b>(buffer: &'b mut [u8], header: Header, payload: &impl Serialize) -> Result<&'b mut [u8], Error> {
    let cobs = Cobs::try_new(Slice::new(buffer)).map_err(|_| Error::BufferTooSmall)?;
    let checked = Checked { inner: cobs, digest: CRC.digest() };
    postcard::serialize_with_flavor(&(header, payload), checked).map_err(|_| Error::BufferTooSmall)
}

/// Bytes as they are, without a length.
struct Raw<'a>(&'a [u8]);

impl Serialize for Raw<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeTuple;
        let mut bytes = serializer.serialize_tuple(self.0.len())?;
        for byte in self.0 {
            bytes.serialize_element(byte)?;
        }
        bytes.end()
    }
}

/// Appends the check sum of all that passed.
struct Checked<F> {
    inner: F,
    digest: crc::Digest<'static, u16>,
}

impl<F: Flavor> Flavor for Checked<F> {
    type Output = F::Output;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.digest.update(&[byte]);
        self.inner.try_push(byte)
    }

    fn finalize(mut self) -> postcard::Result<Self::Output> {
        for byte in self.digest.finalize().to_le_bytes() {
            self.inner.try_push(byte)?;
        }
        self.inner.finalize()
    }
}

/// Why a frame was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The caller's buffer does not take the frame; permanent for this message and buffer.
    #[error("the buffer does not take the frame; {} bytes suffice for all", super::LARGEST_FRAME)]
    BufferTooSmall,
}
