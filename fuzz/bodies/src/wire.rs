//! The wire decoder: any bytes, and any payloads in frames whose check sum is right, which no search would find.

use monitor_model::line::Line;
use monitor_wire::{Decoder, Frame, LARGEST_FRAME, Message, encode};

/// Decodes the bytes as they are, then as the payloads of well-made frames: kind, length, payload, and so on.
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

/// Every frame that is taken is one that can be sent, and says the same when it is.
fn decode(stream: &[u8]) {
    let mut buffer = [0; 2048];
    let mut again = vec![0; LARGEST_FRAME];
    Decoder::new(&mut buffer).push(stream, |decoded| {
        let Ok(frame) = decoded else { return };
        say(&frame);
        let sent = encode(&mut again, frame.sequence, frame.time_us, &frame.message).expect("it fits").to_vec();
        let mut other = vec![0; LARGEST_FRAME];
        let mut seen = 0;
        Decoder::new(&mut other).push(&sent, |decoded| {
            let heard = decoded.expect("what is sent is taken");
            // By their words: floats that are no numbers are not equal to themselves.
            assert_eq!(format!("{heard:?}"), format!("{frame:?}"));
            seen += 1;
        });
        assert_eq!(seen, 1);
    });
}

/// In both of its forms for people and machines.
fn say(frame: &Frame<'_>) {
    let line = Line { frame: *frame, labels: "off\non" };
    let text = line.to_string();
    assert!(!text.is_empty());
    serde_json::to_string(&line).expect("every frame has a line of JSON");
}
