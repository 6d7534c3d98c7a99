//! The wire decoder: any bytes, and any payloads in frames with a correct checksum, which no search would find.

use monitor_model::line::Line;
use monitor_wire::{Decoder, Frame, LARGEST_FRAME, Message, TextList, encode};

/// Decodes the bytes as they are, then as payloads of valid frames: kind, length, payload, repeated.
pub fn read(bytes: &[u8]) {
    decode(bytes);
    let mut stream = Vec::new();
    let (mut rest, mut buffer) = (bytes, vec![0; LARGEST_FRAME]);
    let mut made = 0;
    while let [kind, len, after @ ..] = rest {
        let (payload, after) = after.split_at(usize::from(*len).min(after.len()));
        let message = Message::Other { kind: *kind, payload };
        stream.extend_from_slice(encode(&mut buffer, made, u64::from(made) << 40, &message).expect("it fits"));
        (rest, made) = (after, made + 1);
    }
    decode(&stream);
}

/// Every accepted frame can be encoded, and decodes to the same message.
fn decode(stream: &[u8]) {
    let mut buffer = [0; 2048];
    let mut again = vec![0; LARGEST_FRAME];
    Decoder::new(&mut buffer).push(stream, |decoded| {
        let Ok(frame) = decoded else { return };
        format_both(&frame);
        let sent = encode(&mut again, frame.sequence, frame.time_us, &frame.message).expect("it fits").to_vec();
        let mut other = vec![0; LARGEST_FRAME];
        let mut seen = 0;
        Decoder::new(&mut other).push(&sent, |decoded| {
            let received = decoded.expect("an encoded frame decodes");
            // By their text: NaN is not equal to itself.
            assert_eq!(format!("{received:?}"), format!("{frame:?}"));
            seen += 1;
        });
        assert_eq!(seen, 1);
    });
}

/// Formats a frame as text and as JSON.
fn format_both(frame: &Frame<'_>) {
    let line = Line { frame: *frame, labels: TextList::new(&["off", "on"]) };
    let text = line.to_string();
    assert!(!text.is_empty());
    serde_json::to_string(&line).expect("every frame has a line of JSON");
}
