//! Decodes frames from an arbitrary stream of bytes.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Alarm, CRC, Header, Health, Hello, Message, TextList, VERSION, Warning, kind};

/// A frame that arrived whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame<'a> {
    /// Counts the sender's frames; wraps.
    pub sequence: u32,
    /// The sender's monotonic clock in microseconds.
    pub time_us: u64,
    /// The payload.
    pub message: Message<'a>,
}

/// Why bytes between two zeros are not a frame. All are transient: decoding continues with the next frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// Longer than the decoder's buffer: garbage, or a frame for a larger buffer.
    #[error("more bytes without an end of frame than the buffer takes")]
    TooLong,
    /// Not COBS, or too short to be a frame.
    #[error("bytes that are no frame")]
    Framing,
    /// The check sum does not match.
    #[error("a frame whose check sum does not match")]
    CheckSum,
    /// A frame of another layout: the sender is newer than this reader.
    #[error("a frame of protocol version {0}, this reader supports {VERSION}: update it")]
    Version(u8),
    /// A frame whose payload does not have the fields of its kind.
    #[error("a frame of kind {kind} without the fields of that kind")]
    Payload {
        /// The kind.
        kind: u8,
    },
}

/// Assembles frames in a buffer of the caller, [`super::LARGEST_FRAME`] bytes to take all.
#[derive(Debug)]
pub struct Decoder<'b> {
    buffer: &'b mut [u8],
    len: usize,
    too_long: bool,
}

impl<'b> Decoder<'b> {
    /// A decoder that waits for its first frame.
    pub fn new(buffer: &'b mut [u8]) -> Self {
        Self { buffer, len: 0, too_long: false }
    }

    /// Processes the next bytes of the stream. Calls `each` with every frame that they complete, or with the reason why the
    /// bytes between two zeros are not a frame. Consecutive zeros are skipped.
    pub fn push(&mut self, bytes: &[u8], mut each: impl FnMut(Result<Frame<'_>, Damage>)) {
        for &byte in bytes {
            if byte != 0 {
                match self.buffer.get_mut(self.len) {
                    Some(place) => {
                        *place = byte;
                        self.len += 1;
                    }
                    None => self.too_long = true,
                }
                continue;
            }
            let len = core::mem::take(&mut self.len);
            if core::mem::take(&mut self.too_long) {
                each(Err(Damage::TooLong));
            } else if len > 0 {
                each(frame(&mut self.buffer[..len]));
            }
        }
    }
}

/// Decodes the bytes between two zeros.
fn frame(bytes: &mut [u8]) -> Result<Frame<'_>, Damage> {
    let len = cobs::decode_in_place(bytes).map_err(|_| Damage::Framing)?;
    let (body, crc) = bytes[..len].split_last_chunk::<2>().ok_or(Damage::Framing)?;
    if CRC.checksum(body) != u16::from_le_bytes(*crc) {
        return Err(Damage::CheckSum);
    }
    match body.first() {
        Some(&VERSION) => {}
        Some(&other) => return Err(Damage::Version(other)),
        None => return Err(Damage::Framing),
    }
    let (header, payload) = postcard::take_from_bytes::<Header>(body).map_err(|_| Damage::Framing)?;
    Ok(Frame { sequence: header.sequence, time_us: header.time_us, message: message(header.kind, payload)? })
}

fn message(kind: u8, payload: &[u8]) -> Result<Message<'_>, Damage> {
    Ok(match kind {
        kind::HELLO => Message::Hello(hello(payload)?),
        kind::VERDICT => Message::Verdict(fields(kind, payload)?),
        kind::STATE_CHANGE => Message::StateChange(fields(kind, payload)?),
        kind::ALARM => Message::Alarm(grown::<OldestAlarm, Alarm>(kind, payload)?),
        kind::HEALTH => Message::Health(grown::<OldestHealth, Health>(kind, payload)?),
        kind::GAP => Message::Gap(fields(kind, payload)?),
        kind::ACKNOWLEDGED => Message::Acknowledged(fields(kind, payload)?),
        kind::WARNING => Message::Warning(grown::<OldestWarning, Warning>(kind, payload)?),
        kind::TREND => Message::Trend(fields(kind, payload)?),
        _ => Message::Other { kind, payload },
    })
}

/// Decodes the fields of this version; ignores fields that a newer sender has added after them.
fn fields<'a, T: Deserialize<'a>>(kind: u8, payload: &'a [u8]) -> Result<T, Damage> {
    postcard::take_from_bytes(payload).map(|(fields, _)| fields).map_err(|_| Damage::Payload { kind })
}

/// Decodes a hello; that of an older sender ends before `rejected_updates`.
fn hello(payload: &[u8]) -> Result<Hello<'_>, Damage> {
    let damage = |_| Damage::Payload { kind: kind::HELLO };
    let (oldest, rest) = postcard::take_from_bytes::<OldestHello<'_>>(payload).map_err(damage)?;
    let (model, model_sha256, build, labels, rate_hz, hop_us) = oldest;
    let rejected_updates = if rest.is_empty() { TextList::EMPTY } else { fields(kind::HELLO, rest)? };
    Ok(Hello { model, model_sha256, build, labels, rate_hz, hop_us, rejected_updates })
}

/// Decodes a kind that has gained fields since `Oldest`: fields that an older sender does not send are 0, a zero byte each.
fn grown<Oldest: DeserializeOwned, Now: DeserializeOwned>(kind: u8, payload: &[u8]) -> Result<Now, Damage> {
    let mut bytes = [0; LONGEST];
    let known = payload.len().min(LONGEST);
    // The fields of the first release must be present.
    postcard::take_from_bytes::<Oldest>(payload).map_err(|_| Damage::Payload { kind })?;
    bytes[..known].copy_from_slice(&payload[..known]);
    postcard::take_from_bytes(&bytes).map(|(fields, _)| fields).map_err(|_| Damage::Payload { kind })
}

/// The fields of a hello in the first release, by their types.
type OldestHello<'a> = (&'a str, [u8; 32], &'a str, TextList<'a>, u32, u32);

/// The fields of an alarm in the first release, by their types.
type OldestAlarm = (bool, u8, Option<u16>, u64);

/// The fields of a warning in the first version with this kind, by their types.
type OldestWarning = (bool, Option<u16>, u64);

/// The fields of health in the first release, by their types.
type OldestHealth = (((u64, u32, u32, u32, u64, u64, u32, u32), (u16, u32, u32, u32)), (Option<i32>, bool, u8));

/// Upper bound of the encoded length of the kinds that have gained fields.
const LONGEST: usize = 160;
