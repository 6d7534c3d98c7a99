//! A request to the Modbus server: as it is, and behind a correct header, which a search would seldom find.

use firmware::reporting::Snapshot;
use firmware::sinks::modbus::{frame, map};

/// Answers the bytes as a frame, and as the PDU behind a correct header.
pub fn read(bytes: &[u8]) {
    let mut head = [0; frame::LONGEST];
    let len = bytes.len().min(frame::LONGEST);
    head[..len].copy_from_slice(&bytes[..len]);
    if let Some(whole) = frame::whole(&head) {
        assert!((frame::HEAD + 1..=frame::LONGEST).contains(&whole));
        answer(&head[..whole]);
    }
    let pdu = &bytes[..bytes.len().min(frame::LONGEST - frame::HEAD)];
    let [high, low] = (pdu.len() as u16 + 1).to_be_bytes();
    answer(&[&[0, 7, 0, 0, high, low, 1], pdu].concat());
}

fn answer(request: &[u8]) {
    for acknowledge in [None, Some(&(|_: u32| {}) as &dyn Fn(u32))] {
        let Some(answer) = frame::answer(request, || map::image(&Snapshot::default()), acknowledge) else { continue };
        let length = usize::from(u16::from_be_bytes([answer[4], answer[5]]));
        assert_eq!((&answer[..4], length), (&request[..4], answer.len() - 6), "{answer:?}");
    }
}
