//! Round trips, the documented bytes, and streams with anything in them.

use std::{format, string::String, vec, vec::Vec};

use proptest::prelude::*;

use super::*;

const LABELS: &str = "off_state\non_state";

const REJECTED: &str = "firmware: too old";

fn hello() -> Message<'static> {
    Message::Hello(Hello {
        model: "m.tflite",
        model_sha256: [0xAB; 32],
        build: "0.1.0",
        labels: TextList::from_wire(LABELS),
        rate_hz: 48_000,
        hop_us: 480_000,
        rejected_updates: TextList::from_wire(REJECTED),
    })
}

fn verdict(probabilities: &[f32]) -> Message<'_> {
    Message::Verdict(Verdict {
        index: 300,
        start_sample: 2_304_000,
        state: Some(1),
        confidence: 0.75,
        level_dbfs: -32.5,
        spans_gap: false,
        inference_us: 9_000,
        anomaly: None,
        probabilities: Floats::new(probabilities),
    })
}

fn change() -> Message<'static> {
    Message::StateChange(StateChange { index: 300, previous: None, state: Some(1), confidence: 0.75 })
}

fn alarm() -> Message<'static> {
    Message::Alarm(Alarm {
        active: true,
        cause: AlarmCause::State as u8,
        state: Some(1),
        index: 300,
        unacknowledged: true,
        explanation: Explanation::default(),
    })
}

fn health() -> Message<'static> {
    Message::Health(Health {
        frames: 480_000,
        xruns: 1,
        recoveries: 1,
        gaps: 1,
        lost_frames: 24_000,
        windows: 20,
        dropped_windows: 0,
        dropped_reports: 0,
        queue_depth: 0,
        inference_p50_us: 9_000,
        inference_p99_us: 9_500,
        inference_max_us: 11_000,
        cpu_millidegrees: Some(48_312),
        realtime: true,
        capture: CaptureState::Running as u8,
        alarms: 1 << AlarmCause::State as u8,
        refused: refused::MEMORY,
        dropped_blocks: 0,
        late: 3,
        stalls: 0,
        suspends: 0,
        microphone: 8,
        unacknowledged: 1 << AlarmCause::State as u8,
        clock: ClockState::Synchronised as u8,
        warning: true,
    })
}

fn gap() -> Message<'static> {
    Message::Gap(Gap { index: 300, lost_frames: 24_000 })
}

fn acknowledged() -> Message<'static> {
    Message::Acknowledged(Acknowledged { causes: 1, by: AcknowledgedBy::Mqtt as u8, index: 300 })
}

fn warning() -> Message<'static> {
    let band = |from_hz, to_hz, tenths_db| BandChange { from_hz, to_hz, tenths_db };
    let explanation = Explanation {
        detectors: [3, 4, 0, 0],
        level_tenths_db: 0,
        bands: [band(56, 112, 87), band(3117, 3388, -40), BandChange::default()],
    };
    Message::Warning(Warning { active: true, state: Some(1), index: 300, explanation })
}

fn trend() -> Message<'static> {
    Message::Trend(Trend {
        days: 28,
        course: Course::Rising as u8,
        state: Some(1),
        to_warning: Some(DaySpan { earliest: 12, latest: 30 }),
        to_alarm: None,
        drift: Drift::All as u8,
        shift: Shift::Quieter as u8,
    })
}

fn all(probabilities: &[f32]) -> [Message<'_>; 9] {
    [hello(), verdict(probabilities), change(), alarm(), health(), gap(), acknowledged(), warning(), trend()]
}

fn encoded(sequence: u32, message: &Message<'_>) -> Vec<u8> {
    encode(&mut [0; LARGEST_FRAME], sequence, 1_500_000, message).unwrap().to_vec()
}

/// Every outcome as text, since frames borrow the decoder's buffer.
fn decoded(bytes: &[u8]) -> Vec<String> {
    let mut buffer = vec![0; LARGEST_FRAME];
    let mut seen = Vec::new();
    Decoder::new(&mut buffer).push(bytes, |frame| seen.push(format!("{frame:?}")));
    seen
}

#[test]
fn every_kind_of_message_arrives_as_it_was_sent() {
    for (sequence, message) in (7..).zip(all(&[0.25, 0.75])) {
        let mut buffer = [0; LARGEST_FRAME];
        let mut count = 0;
        Decoder::new(&mut buffer).push(&encoded(sequence, &message), |frame| {
            assert_eq!(frame, Ok(Frame { sequence, time_us: 1_500_000, message }));
            count += 1;
        });
        assert_eq!(count, 1);
    }
}

#[test]
fn the_bytes_are_the_documented_ones() {
    let document = include_str!("../../../docs/reference/wire.md");
    let mut examples = document.split("```hex\n").skip(1).map(|rest| {
        let hex = rest.split("```").next().unwrap();
        // Comments run from `|` to the end of the line.
        let digits: Vec<&str> = hex.lines().flat_map(|l| l.split('|').next().unwrap().split_whitespace()).collect();
        digits.iter().map(|two| u8::from_str_radix(two, 16).unwrap()).collect::<Vec<u8>>()
    });
    for (sequence, message) in (0..).zip(all(&[0.25, 0.75])) {
        let written = encoded(sequence, &message);
        let hex: Vec<String> = written.iter().map(|byte| format!("{byte:02X}")).collect();
        assert_eq!(examples.next(), Some(written), "kind {}: {}", message.kind(), hex.join(" "));
    }
    assert_eq!(examples.next(), None);
}

#[test]
fn the_check_sum_is_the_documented_crc() {
    assert_eq!(CRC.checksum(b"123456789"), 0x29B1);
}

#[test]
fn a_kind_of_the_future_is_passed_over_and_the_next_frame_read() {
    let mut stream = encoded(1, &Message::Other { kind: 99, payload: &[1, 0, 2] });
    stream.extend(encoded(2, &change()));
    let seen = decoded(&stream);
    assert!(seen[0].contains("Other { kind: 99, payload: [1, 0, 2] }"), "{seen:?}");
    assert!(seen[1].contains("StateChange"), "{seen:?}");
}

#[test]
fn a_hello_of_the_first_release_is_read_as_one_where_all_that_was_offered_is_used() {
    let Message::Hello(now) = hello() else { unreachable!() };
    let mut room = [0; 160];
    let full = postcard::to_slice(&now, &mut room).unwrap();
    let old = full.len() - 1 - REJECTED.len();
    let seen = decoded(&encoded(0, &Message::Other { kind: 1, payload: &full[..old] }));
    assert!(seen[0].contains(&format!("{:?}", Hello { rejected_updates: TextList::EMPTY, ..now })), "{seen:?}");
    for cut in [old - 1, full.len() - 1] {
        let seen = decoded(&encoded(0, &Message::Other { kind: 1, payload: &full[..cut] }));
        assert!(seen[0].contains("Payload"), "{seen:?}");
    }
}

#[test]
fn a_reader_of_the_first_release_passes_over_what_a_hello_has_at_its_end() {
    let Message::Hello(now) = hello() else { unreachable!() };
    let mut room = [0; 160];
    let full = postcard::to_slice(&now, &mut room).unwrap();
    type First<'a> = (&'a str, [u8; 32], &'a str, &'a str, u32, u32);
    let (first, rest) = postcard::take_from_bytes::<First<'_>>(full).unwrap();
    assert_eq!(first, (now.model, now.model_sha256, now.build, LABELS, now.rate_hz, now.hop_us));
    assert_eq!(rest.len(), 1 + REJECTED.len());
}

#[test]
fn health_of_the_first_release_is_read_with_zeros_for_what_it_lacks() {
    let Message::Health(now) = health() else { unreachable!() };
    let mut room = [0; 160];
    let full = postcard::to_slice(&now, &mut room).unwrap();
    // Ten fields of one byte each have come since.
    let seen = decoded(&encoded(0, &Message::Other { kind: 5, payload: &full[..full.len() - 10] }));
    let old =
        Health { alarms: 0, refused: 0, late: 0, microphone: 0, unacknowledged: 0, clock: 0, warning: false, ..now };
    assert!(seen[0].contains(&format!("{old:?}")), "{seen:?}");
    let seen = decoded(&encoded(0, &Message::Other { kind: 5, payload: &full[..full.len() - 11] }));
    assert!(seen[0].contains("Payload"), "{seen:?}");
}

#[test]
fn an_alarm_of_the_first_release_is_read_as_one_that_needs_no_acknowledgement() {
    let Message::Alarm(now) = alarm() else { unreachable!() };
    let mut room = [0; 32];
    let full = postcard::to_slice(&now, &mut room).unwrap();
    let before = &full[..full.len() - EXPLANATION];
    let seen = decoded(&encoded(0, &Message::Other { kind: 4, payload: &before[..before.len() - 1] }));
    assert!(seen[0].contains(&format!("{:?}", Alarm { unacknowledged: false, ..now })), "{seen:?}");
    let seen = decoded(&encoded(0, &Message::Other { kind: 4, payload: &before[..before.len() - 3] }));
    assert!(seen[0].contains("Payload"), "{seen:?}");
}

/// Bytes of an explanation that names nothing.
const EXPLANATION: usize = 14;

#[test]
fn a_warning_of_a_sender_without_explanations_names_nothing() {
    let now = Warning { active: true, state: Some(1), index: 300, explanation: Explanation::default() };
    let mut room = [0; 32];
    let full = postcard::to_slice(&now, &mut room).unwrap();
    let seen = decoded(&encoded(0, &Message::Other { kind: 8, payload: &full[..full.len() - EXPLANATION] }));
    assert!(seen[0].contains(&format!("{now:?}")), "{seen:?}");
    let seen = decoded(&encoded(0, &Message::Other { kind: 8, payload: &full[..full.len() - EXPLANATION - 1] }));
    assert!(seen[0].contains("Payload"), "{seen:?}");
}

#[test]
fn fields_of_the_future_at_the_end_are_ignored() {
    let Message::Gap(fields) = gap() else { unreachable!() };
    let mut payload = [0; 64];
    let known = postcard::to_slice(&fields, &mut payload).unwrap().len();
    payload[known..known + 3].copy_from_slice(&[1, 2, 3]);
    let longer = Message::Other { kind: kind::GAP, payload: &payload[..known + 3] };
    assert_eq!(decoded(&encoded(0, &longer)), decoded(&encoded(0, &gap())));
}

#[test]
fn another_version_is_named() {
    let mut buffer = [0; 64];
    let len = cobs::encode(&body_with_version(9), &mut buffer);
    buffer[len] = 0;
    assert_eq!(decoded(&buffer[..=len]), ["Err(Version(9))"]);
}

fn body_with_version(version: u8) -> Vec<u8> {
    let mut body = vec![version, kind::GAP, 0, 0];
    body.extend(CRC.checksum(&body).to_le_bytes());
    body
}

#[test]
fn a_flipped_bit_is_noticed_whichever_it_is() {
    let frame = encoded(3, &verdict(&[0.25, 0.75]));
    for bit in 0..8 * (frame.len() - 1) {
        let mut bad = frame.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(decoded(&bad).iter().all(|seen| seen.starts_with("Err")), "bit {bit}");
    }
}

#[test]
fn a_stream_without_an_end_of_frame_counts_as_one_damage_and_decoding_continues() {
    let mut buffer = [0; 64];
    let mut decoder = Decoder::new(&mut buffer);
    let mut seen = Vec::new();
    for _ in 0..1000 {
        decoder.push(&[0x55; 100], |_| unreachable!());
    }
    let mut rest = vec![0];
    rest.extend(encoded(1, &gap()));
    decoder.push(&rest, |frame| seen.push(frame.map(|f| f.sequence)));
    assert_eq!(seen, [Err(Damage::TooLong), Ok(1)]);
}

#[test]
fn a_buffer_that_is_too_small_is_an_error_at_every_size() {
    let message = verdict(&[0.25, 0.75]);
    let needed = encoded(0, &message).len();
    let mut buffer = [0; 256];
    for size in 0..needed {
        assert_eq!(encode(&mut buffer[..size], 0, 1_500_000, &message), Err(Error::BufferTooSmall));
    }
    assert!(encode(&mut buffer[..needed], 0, 1_500_000, &message).is_ok());
}

#[test]
fn the_largest_model_fits_the_largest_frame() {
    let labels = vec!["a label of thirty characters.."; 521].join("\n");
    let Message::Hello(hello) = hello() else { unreachable!() };
    let mut buffer = [0; LARGEST_FRAME];
    assert!(
        encode(
            &mut buffer,
            u32::MAX,
            u64::MAX,
            &Message::Hello(Hello { labels: TextList::from_wire(&labels), ..hello })
        )
        .is_ok()
    );
    assert!(encode(&mut buffer, u32::MAX, u64::MAX, &verdict(&[0.1; 521])).is_ok());
}

proptest! {
    #[test]
    fn whatever_comes_before_the_next_frame_after_a_zero_is_read(
        mut garbage in prop::collection::vec(any::<u8>(), 0..2000),
        chunk in 1usize..100,
    ) {
        garbage.push(0);
        garbage.extend(encoded(5, &health()));
        let mut buffer = [0; LARGEST_FRAME];
        let mut decoder = Decoder::new(&mut buffer);
        let mut last = None;
        for bytes in garbage.chunks(chunk) {
            decoder.push(bytes, |frame| last = Some(frame.map(|f| f.sequence)));
        }
        prop_assert_eq!(last, Some(Ok(5)));
    }

    #[test]
    fn no_payload_whatever_makes_the_decoder_panic(
        kind in 0u8..10,
        payload in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let seen = decoded(&encoded(0, &Message::Other { kind, payload: &payload }));
        prop_assert_eq!(seen.len(), 1);
    }

    #[test]
    fn probabilities_arrive_bit_for_bit(values in prop::collection::vec(prop::num::f32::ANY, 0..521)) {
        let bytes = encoded(0, &verdict(&values));
        let mut buffer = [0; LARGEST_FRAME];
        let mut arrived = Vec::new();
        Decoder::new(&mut buffer).push(&bytes, |frame| {
            if let Ok(Frame { message: Message::Verdict(verdict), .. }) = frame {
                arrived.extend(verdict.probabilities.iter().map(f32::to_bits));
            }
        });
        prop_assert_eq!(arrived, values.iter().map(|v| v.to_bits()).collect::<Vec<_>>());
    }
}
