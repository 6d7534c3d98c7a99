//! One request, one answer. Whatever comes is checked here in full before the library sees it: rmodbus 0.13 indexes past the
//! end of writes that are cut short, and its exception for a function code of 128 and more overflows.

use heapless::Vec;
use rmodbus::ModbusProto;
use rmodbus::consts::ModbusErrorCode;
use rmodbus::server::ModbusFrame;

use super::map::{self, Image};

/// Longest frame in bytes: the head and a PDU of 253 (application protocol, section 4.1).
pub const LONGEST: usize = 260;

/// Bytes of the head up to the unit identifier: transaction, protocol, length, unit.
pub const HEAD: usize = 7;

/// The whole frame's length, by its head; `None` for what is no Modbus, after which nothing can be in step again.
pub fn whole(head: &[u8; LONGEST]) -> Option<usize> {
    let [_, _, 0, 0, high, low, ..] = head else { return None };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    // The unit and a function at least; counted from the unit on.
    (2..=LONGEST + 1 - HEAD).contains(&length).then_some(HEAD - 1 + length)
}

/// Returns the response to a whole frame for the registers of `image`, or `None` if the frame gets no response. Calls
/// `acknowledge` with the causes of alarm that the frame acknowledges; if it is `None`, every write is rejected.
pub fn answer(
    request: &[u8],
    image: impl FnOnce() -> Image,
    acknowledge: Option<&dyn Fn(u32)>,
) -> Option<Vec<u8, LONGEST>> {
    let (unit, pdu) = request.get(HEAD - 1..)?.split_first()?;
    if let Err(code) = check(pdu, acknowledge.is_some()) {
        return exception(request, code);
    }
    let mut answer = Vec::new();
    // Over TCP the address is the device's own: the unit is echoed, whatever it is.
    let mut frame = ModbusFrame::new(*unit, request, ModbusProto::TcpUdp, &mut answer).with_broadcast_units(&[]);
    frame.parse().ok()?;
    if frame.processing_required && frame.readonly {
        frame.process_read(&image()).ok()?;
    } else if frame.processing_required {
        // Only coils that are written with 1 ask for something: what they were before does not matter.
        let mut written = Image::new();
        frame.process_write(&mut written).ok()?;
        if let (None, Some(acknowledge)) = (frame.error, acknowledge) {
            acknowledge(map::causes(&written));
        }
    }
    frame.finalize_response().ok()?;
    Some(answer)
}

/// Whether a PDU is a request that is served, of exactly the length that it should have.
fn check(pdu: &[u8], writable: bool) -> Result<(), ModbusErrorCode> {
    let good = match pdu {
        [1 | 2, rest @ ..] => matches!(rest, [_, _, high, low] if (1..=2000).contains(&number(*high, *low))),
        [3 | 4, rest @ ..] => matches!(rest, [_, _, high, low] if (1..=125).contains(&number(*high, *low))),
        // On is 0xFF00 and off is 0: the library looks.
        [5, rest @ ..] if writable => rest.len() == 4,
        [15, rest @ ..] if writable => matches!(rest, [_, _, high, low, bytes, data @ ..]
            if (1..=1968).contains(&number(*high, *low))
                && data.len() == usize::from(*bytes)
                && data.len() == usize::from(number(*high, *low).div_ceil(8))),
        _ => return Err(ModbusErrorCode::IllegalFunction),
    };
    if good { Ok(()) } else { Err(ModbusErrorCode::IllegalDataValue) }
}

/// A number of two bytes.
const fn number(high: u8, low: u8) -> u16 {
    u16::from_be_bytes([high, low])
}

/// The answer that refuses a request.
fn exception(request: &[u8], code: ModbusErrorCode) -> Option<Vec<u8, LONGEST>> {
    let [transaction_high, transaction_low, _, _, _, _, unit, function, ..] = request else { return None };
    Vec::from_slice(&[*transaction_high, *transaction_low, 0, 0, 0, 3, *unit, function | 0x80, code as u8]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reporting::Snapshot;
    use crate::sinks::modbus::map;

    /// A frame with this PDU, of transaction 0x1234 and unit 0xFF.
    fn frame(pdu: &[u8]) -> std::vec::Vec<u8> {
        let mut frame = vec![0x12, 0x34, 0, 0, 0, pdu.len() as u8 + 1, 0xFF];
        frame.extend(pdu);
        frame
    }

    fn ask(request: &[u8]) -> Option<std::vec::Vec<u8>> {
        answer(request, || map::image(&Snapshot::default()), None).map(|answer| answer.to_vec())
    }

    /// The answer where acknowledging is allowed, and what was acknowledged.
    fn write(request: &[u8]) -> (Option<std::vec::Vec<u8>>, u32) {
        let acknowledged = std::cell::Cell::new(0);
        let answer = answer(request, || map::image(&Snapshot::default()), Some(&|causes| acknowledged.set(causes)));
        (answer.map(|answer| answer.to_vec()), acknowledged.get())
    }

    /// Exception code of the answer to a PDU.
    fn refused(pdu: &[u8]) -> u8 {
        let answer = ask(&frame(pdu)).unwrap();
        assert_eq!((&answer[..7], answer[7], answer.len()), (&frame(&[1, 2])[..7], pdu[0] | 0x80, 9));
        answer[8]
    }

    #[test]
    fn reads_are_answered_with_the_transaction_and_the_unit_that_asked() {
        let answer = ask(&frame(&[4, 0, 0, 0, 2])).unwrap();
        assert_eq!(answer, [0x12, 0x34, 0, 0, 0, 7, 0xFF, 4, 4, 0, 1, 0xFF, 0xFF]);
        // Unit 0, which is a broadcast on a serial line, is not one over TCP.
        let mut request = frame(&[3, 0, 0, 0, 1]);
        request[6] = 0;
        assert_eq!(ask(&request).unwrap().len(), 11);
    }

    #[test]
    fn the_longest_reads_fit_and_longer_ones_are_refused() {
        assert_eq!(ask(&frame(&[4, 0, 0, 0, 125])).unwrap().len(), 259);
        assert_eq!(refused(&[4, 0, 0, 0, 126]), 3);
        assert_eq!(refused(&[3, 0, 0, 0, 0]), 3);
        assert_eq!(refused(&[1, 0, 0, 0x07, 0xD1]), 3);
        assert_eq!(refused(&[2, 0, 0, 0x07, 0xD0]), 2);
    }

    #[test]
    fn addresses_beyond_the_map_are_refused() {
        for function in 1..=4 {
            assert_eq!(refused(&[function, 0xFF, 0xFF, 0, 1]), 2);
            assert_eq!(refused(&[function, 0xFF, 0xFF, 0, 125]), 2);
        }
    }

    #[test]
    fn functions_that_are_not_served_are_refused_by_their_own_number() {
        for function in (0..=255).filter(|function| !(1..=4).contains(function)) {
            assert_eq!(refused(&[function, 0, 0, 0, 1]), 1);
            assert_eq!(refused(&[function]), 1);
        }
    }

    #[test]
    fn requests_cut_short_or_too_long_are_refused_wherever_they_are_cut() {
        for function in 1..=4u8 {
            for len in 1..20 {
                let mut pdu = vec![function, 0, 0, 0, 1];
                pdu.resize(len, 0);
                if len != 5 {
                    assert_eq!(refused(&pdu), 3);
                }
            }
        }
        for len in 0..8 {
            assert_eq!(ask(&frame(&[4, 0, 0, 0, 1])[..len]), None);
        }
    }

    #[test]
    fn coils_that_are_written_with_1_acknowledge_their_causes_where_that_is_allowed() {
        for (pdu, causes) in [
            (&[5, 0, 0, 0xFF, 0][..], u32::MAX),
            (&[5, 0, 0, 0, 0], 0),
            (&[5, 0, 18, 0xFF, 0], 1 << 2),
            (&[15, 0, 16, 0, 4, 1, 0b1001], 0b1001),
            (&[15, 0, 0, 0, 17, 3, 0, 0, 1], 1),
        ] {
            let (answer, acknowledged) = write(&frame(pdu));
            let answer = answer.unwrap();
            assert_eq!((&answer[7..], acknowledged), (&pdu[..5], causes), "{pdu:?}");
            assert_eq!(refused(pdu), 1);
        }
    }

    #[test]
    fn writes_that_cannot_be_are_refused_and_acknowledge_nothing() {
        for (pdu, code) in [
            (&[5][..], 3),
            (&[5, 0, 0, 0xFF], 3),
            (&[5, 0, 0, 0x12, 0x34], 3),
            (&[5, 0xFF, 0xFF, 0xFF, 0], 2),
            (&[15], 3),
            (&[15, 0, 0, 0, 1], 3),
            (&[15, 0, 0, 0, 1, 1], 3),
            (&[15, 0, 0, 0, 1, 255, 1], 3),
            (&[15, 0, 0, 0, 9, 1, 0xFF], 3),
            (&[15, 0, 0, 0, 0, 0], 3),
            (&[15, 0, 31, 0, 2, 1, 3], 2),
            (&[6, 0, 0, 0, 1], 1),
            (&[16, 0, 0, 0, 1, 2, 0, 1], 1),
        ] {
            let (answer, acknowledged) = write(&frame(pdu));
            let answer = answer.unwrap();
            assert_eq!((answer[7], answer[8], answer.len(), acknowledged), (pdu[0] | 0x80, code, 9, 0), "{pdu:?}");
        }
    }

    #[test]
    fn heads_that_are_no_modbus_end_the_connection() {
        let head = |bytes: [u8; 6]| {
            let mut head = [0; LONGEST];
            head[..6].copy_from_slice(&bytes);
            whole(&head)
        };
        assert_eq!(head([1, 2, 0, 0, 0, 6]), Some(12));
        assert_eq!(head([1, 2, 0, 0, 0, 254]), Some(LONGEST));
        for bytes in [[1, 2, 0, 1, 0, 6], [1, 2, 1, 0, 0, 6], [1, 2, 0, 0, 0, 1], [1, 2, 0, 0, 0, 0]] {
            assert_eq!(head(bytes), None);
        }
        for length in [255u16, 256, 6000, u16::MAX] {
            let [high, low] = length.to_be_bytes();
            assert_eq!(head([1, 2, 0, 0, high, low]), None);
        }
    }

    #[test]
    fn random_bytes_are_answered_by_a_whole_frame_or_not_at_all() {
        let mut state = 1u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as u8
        };
        let mut answered = 0;
        for round in 0..100_000 {
            let mut request: std::vec::Vec<u8> = (0..random()).map(|_| random()).collect();
            // Half of them with a good head, and of these half with a function that is served or nearly so.
            if round % 2 == 0 && request.len() > 7 {
                let length = (request.len() - 6) as u16;
                request[2..6].copy_from_slice(&[0, 0, (length >> 8) as u8, length as u8]);
                if round % 4 == 0 {
                    request[7] %= 18;
                    request.truncate(12);
                }
            }
            let asked = if round % 3 == 0 { ask(&request) } else { write(&request).0 };
            let Some(answer) = asked else { continue };
            answered += 1;
            assert!(
                answer.len() <= LONGEST && usize::from(answer[4]) * 256 + usize::from(answer[5]) + 6 == answer.len()
            );
        }
        assert!(answered > 50_000, "{answered}");
    }
}
