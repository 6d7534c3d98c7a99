//! Every fault of a sound device, played by a scripted one: checks what capture does, counts and passes to the reader.

use std::sync::Arc;
use std::time::Duration;

use firmware::capture::capture_loop::CaptureLoop;
use firmware::capture::pcm::PcmState;
use firmware::capture::ring::{Reader, ring};
use firmware::capture::scripted::Call::{Available, Open, Prepare, Read, Resume, Start, Stop};
use firmware::capture::scripted::Step::{
    Burst, Fails, Frames, Nothing, Pass, Respec, ShortRead, Spurious, State, WaitFails,
};
use firmware::capture::scripted::{Call, Scripted, Step};
use firmware::capture::{CaptureConfig, CaptureStatus, CounterValues, DeviceState, StreamSpec};
use monitor_core::pcm::SampleFormat;
use nix::errno::Errno;

/// 480 frames are 10 ms.
const SPEC: StreamSpec =
    StreamSpec { format: SampleFormat::S32, channels: 1, rate: 48_000, period_frames: 480, buffer_frames: 9600 };

/// What the reader received.
#[derive(Debug, Default)]
struct Received {
    frames: u64,
    /// Frame number and length of each gap.
    gaps: Vec<(u64, u64)>,
    /// The rate of each block that differs from the one before.
    rates: Vec<u32>,
}

struct Outcome {
    received: Received,
    counters: CounterValues,
    script: Scripted,
}

/// A device with these periods of 10 ms stalls after a second.
fn config() -> CaptureConfig {
    CaptureConfig { stall_periods: 100, ..CaptureConfig::default() }
}

/// Plays `steps` to the end. Asserts in every case that each sample equals its frame number, that no gap is missing, and
/// that the counters agree with what the reader received.
fn play(steps: impl IntoIterator<Item = Step>) -> Outcome {
    let status = Arc::new(CaptureStatus::default());
    let (writer, reader) = ring(8 << 20, Duration::from_secs(100_000), Arc::clone(&status));
    let script = Scripted::new(SPEC, steps, &status);
    CaptureLoop::new(&config(), script.clone(), script.clone(), writer, Arc::clone(&status)).run();
    let received = read_all(reader);
    let counters = status.counters.values();
    assert_eq!(received.frames, counters.frames);
    assert_eq!(received.gaps.len() as u64, counters.gaps);
    assert_eq!(received.gaps.iter().map(|gap| gap.1).sum::<u64>(), counters.lost_frames);
    assert_eq!((counters.dropped_blocks, status.device()), (0, DeviceState::Stopped));
    Outcome { received, counters, script }
}

fn read_all(mut reader: Reader) -> Received {
    let mut received = Received::default();
    let mut next = 0;
    while let Some(block) = reader.read() {
        if block.lost_before > 0 {
            received.gaps.push((next, block.lost_before));
        }
        assert_eq!(block.first_frame, next + block.lost_before);
        if received.rates.last() != Some(&block.spec.rate) {
            received.rates.push(block.spec.rate);
        }
        for (frame, bytes) in block.bytes.chunks_exact(block.spec.frame_bytes()).enumerate() {
            let sample = i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            if received.rates.len() == 1 {
                assert_eq!(sample as u64, block.first_frame + frame as u64, "after {:?}", received.gaps);
            }
            received.frames += 1;
        }
        next = block.first_frame + (block.bytes.len() / block.spec.frame_bytes()) as u64;
    }
    received
}

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn an_undisturbed_device_is_captured_without_a_gap() {
    let outcome = play([Frames(480); 1000]);
    assert_eq!((outcome.received.frames, outcome.received.gaps), (480_000, vec![]));
    assert_eq!(outcome.script.calls(), [Open, Start, Stop]);
    let expected = CounterValues { frames: 480_000, ..CounterValues::default() };
    assert_eq!(outcome.counters, expected);
}

#[test]
fn epipe_prepares_and_restarts_the_device() {
    let outcome =
        play([Frames(480), Pass(ms(300)), State(PcmState::Overrun), WaitFails(Errno::EPIPE), Frames(480), Frames(480)]);
    assert_eq!(outcome.script.calls(), [Open, Start, Prepare, Start, Stop]);
    assert_eq!(outcome.received.gaps, [(480, 14_400)]);
    assert_eq!((outcome.counters.xruns, outcome.counters.recoveries), (1, 1));
}

#[test]
fn epipe_while_reading_discards_the_partial_copy() {
    let outcome =
        play([Frames(480), State(PcmState::Overrun), Fails(Read, Errno::EPIPE), Frames(480), Frames(480), Frames(480)]);
    assert_eq!(outcome.received.gaps, [(480, 480)]);
    assert_eq!((outcome.counters.xruns, outcome.received.frames), (1, 3 * 480));
}

#[test]
fn estrpipe_resumes_where_the_device_can() {
    let asleep = [Frames(480), Pass(ms(5000)), State(PcmState::Suspended), WaitFails(Errno::ESTRPIPE)];
    let outcome = play(asleep.into_iter().chain([Frames(480)]));
    assert_eq!(outcome.script.calls(), [Open, Start, Resume, Stop]);
    assert_eq!(outcome.received.gaps, [(480, 240_000)]);
    assert_eq!((outcome.counters.suspends, outcome.counters.recoveries), (1, 1));
}

#[test]
fn estrpipe_waits_while_the_device_is_not_yet_awake() {
    let outcome = play([
        Frames(480),
        State(PcmState::Suspended),
        Fails(Resume, Errno::EAGAIN),
        Fails(Resume, Errno::EAGAIN),
        WaitFails(Errno::ESTRPIPE),
        Frames(480),
    ]);
    assert_eq!(outcome.script.calls(), [Open, Start, Resume, Resume, Resume, Stop]);
    assert_eq!(outcome.received.gaps, [(480, 960)]);
}

#[test]
fn estrpipe_restarts_where_the_device_cannot_resume() {
    let asleep = [Frames(480), Pass(ms(100)), State(PcmState::Suspended), Fails(Resume, Errno::ENOSYS)];
    let outcome = play(asleep.into_iter().chain([WaitFails(Errno::ESTRPIPE), Frames(480)]));
    assert_eq!(outcome.script.calls(), [Open, Start, Resume, Prepare, Start, Stop]);
    assert_eq!(outcome.received.gaps, [(480, 4800)]);
}

#[test]
fn endless_eagain_is_a_stall_and_does_not_spin() {
    let outcome = play([Frames(480)].into_iter().chain([WaitFails(Errno::EAGAIN); 450]).chain([Frames(480)]));
    // 450 quarters of a period are more than the hundred periods after which the device is restarted.
    assert_eq!(outcome.script.calls(), [Open, Start, Stop, Prepare, Start, Stop]);
    assert_eq!((outcome.counters.stalls, outcome.received.gaps.len()), (1, 1));
    assert!(outcome.script.elapsed() > ms(1100));
}

#[test]
fn endless_wake_ups_without_frames_are_a_stall_and_do_not_spin() {
    let outcome = play([Frames(480)].into_iter().chain([Spurious; 450]).chain([Frames(480)]));
    assert_eq!((outcome.counters.stalls, outcome.received.gaps.len()), (1, 1));
    assert!(outcome.script.elapsed() > ms(1100));
}

#[test]
fn eagain_while_reading_is_retried() {
    let outcome = play([Frames(480), Fails(Available, Errno::EAGAIN), Frames(480), Frames(480)]);
    assert_eq!((outcome.received.frames, outcome.received.gaps), (3 * 480, vec![]));
}

#[test]
fn a_stall_restarts_the_device_and_a_lasting_one_reopens_it() {
    let outcome = play([Frames(480)].into_iter().chain([Nothing; 320]).chain([Frames(480)]));
    let calls = outcome.script.calls();
    // 320 waits of 20 ms: five restarts a second apart, then a new device.
    assert_eq!(calls.iter().filter(|&&call| call == Prepare).count(), 5);
    assert_eq!(calls.iter().filter(|&&call| call == Open).count(), 2);
    assert_eq!((outcome.counters.stalls, outcome.counters.reopens, outcome.received.gaps.len()), (6, 1, 1));
}

#[test]
fn enodev_reopens_the_same_device_with_back_off_without_limit() {
    let absent = [Fails(Open, Errno::ENODEV); 50];
    let outcome = play([Frames(480)].into_iter().chain(absent).chain([WaitFails(Errno::ENODEV), Frames(480)]));
    assert_eq!(outcome.script.calls(), [&[Open, Start][..], &[Open; 51], &[Start, Stop]].concat());
    // 0.1 + 0.2 + 0.4 + 0.8 + 1.6 + 3.2 s, then 5 s each: 51 pauses in all.
    assert_eq!(outcome.received.gaps, [(480, 48 * (6_300 + 45 * 5_000))]);
    assert_eq!((outcome.counters.failed_opens, outcome.counters.reopens), (50, 1));
}

#[test]
fn a_device_whose_state_is_gone_is_reopened_whatever_error_it_returns() {
    let outcome = play([Frames(480), State(PcmState::Gone), WaitFails(Errno::EIO), Frames(480)]);
    assert_eq!(outcome.script.calls(), [Open, Start, Open, Start, Stop]);
    assert_eq!(outcome.received.gaps, [(480, 4800)]);
}

#[test]
fn a_device_that_returns_with_another_rate_is_accepted() {
    let back = StreamSpec { rate: 44_100, period_frames: 441, ..SPEC };
    let outcome = play([Frames(480), Respec(back), WaitFails(Errno::ENODEV), Frames(441)]);
    assert_eq!(outcome.received.rates, [48_000, 44_100]);
    // The pause of 100 ms, in frames of the new rate.
    assert_eq!(outcome.received.gaps, [(480, 4410)]);
}

#[test]
fn pollerr_without_errno_is_diagnosed_from_the_state() {
    let overrun = play([Frames(480), Pass(ms(50)), State(PcmState::Overrun), WaitFails(Errno::EIO), Frames(480)]);
    assert_eq!((overrun.counters.xruns, &overrun.received.gaps[..]), (1, &[(480, 2400)][..]));
    let unknown = play([Frames(480), Pass(ms(50)), WaitFails(Errno::EIO), Frames(480)]);
    assert_eq!(unknown.script.calls(), [Open, Start, Stop, Prepare, Start, Stop]);
    assert_eq!((unknown.counters.device_errors, unknown.received.gaps.len()), (1, 1));
}

#[test]
fn endless_pollerr_does_not_spin() {
    let outcome = play([Frames(480)].into_iter().chain([WaitFails(Errno::EIO); 60]).chain([Frames(480)]));
    // Every sixth error reopens, after a pause.
    assert_eq!(outcome.counters.reopens, 10);
    assert!(outcome.script.elapsed() > Duration::from_secs(20), "{:?}", outcome.script.elapsed());
}

#[test]
fn short_reads_are_continued() {
    let outcome = play([ShortRead(7), Frames(480), ShortRead(100), Frames(480), Frames(480)]);
    assert_eq!((outcome.received.frames, outcome.received.gaps), (3 * 480, vec![]));
}

#[test]
fn endless_empty_reads_are_a_stall_and_do_not_spin() {
    let nothing = [ShortRead(0), Spurious];
    let steps = [Frames(480), ShortRead(0), Frames(480)].into_iter().chain(nothing.into_iter().cycle().take(900));
    // The last empty read is still pending.
    let steps = steps.chain([Frames(480), Frames(480)]);
    let outcome = play(steps);
    assert_eq!((outcome.counters.stalls, outcome.received.gaps.len()), (1, 1));
    assert!(outcome.script.elapsed() > ms(1000), "{:?}", outcome.script.elapsed());
}

#[test]
fn a_device_faster_than_real_time_is_throttled() {
    let outcome = play([Burst(960); 400]);
    assert_eq!((outcome.received.frames, outcome.received.gaps), (400 * 960, vec![]));
    // Apart from a few in each second, each read delivered 20 ms of sound and was followed by 10 ms of sleep.
    assert!(outcome.script.elapsed() > ms(3000), "{:?}", outcome.script.elapsed());
}

#[test]
fn a_late_wake_up_is_counted_but_loses_nothing() {
    let outcome = play([Frames(480), Frames(4800), Frames(480)]);
    assert_eq!((outcome.counters.late, outcome.received.frames, outcome.received.gaps), (1, 5760, vec![]));
}

#[test]
fn sound_missing_without_an_error_is_detected_and_placed_within_two_seconds() {
    let steps = [Frames(480); 250].into_iter().chain([Pass(ms(200))]).chain([Frames(480); 250]);
    let status = Arc::new(CaptureStatus::default());
    let (writer, mut reader) = ring(8 << 20, Duration::from_secs(1000), Arc::clone(&status));
    let script = Scripted::new(SPEC, steps, &status);
    CaptureLoop::new(&config(), script.clone(), script, writer, Arc::clone(&status)).run();
    let mut gaps = Vec::new();
    while let Some(block) = reader.read() {
        if block.lost_before > 0 {
            gaps.push((block.first_frame, block.lost_before));
        }
    }
    let (at, lost) = gaps[0];
    assert_eq!((gaps.len(), lost, status.counters.values().lost_frames), (1, 9600, 9600));
    assert!((250 * 480..450 * 480 + 9600).contains(&at), "{at}");
}

#[test]
fn capture_waits_for_a_device_absent_or_busy_at_boot() {
    for errno in [Errno::ENOENT, Errno::EBUSY] {
        let status = Arc::new(CaptureStatus::default());
        let script = Scripted::new(SPEC, [Fails(Open, errno), Fails(Open, errno), Nothing, Frames(480)], &status);
        // The script starts at the first wait; the failures must be set before.
        let mut early = script.clone();
        let _ = firmware::capture::Pcm::wait(&mut early, Duration::ZERO);
        let (writer, reader) = ring(1 << 20, Duration::from_secs(1000), Arc::clone(&status));
        let steps = [Call::Open, Call::Open, Call::Open];
        CaptureLoop::new(&CaptureConfig::default(), script.clone(), script.clone(), writer, Arc::clone(&status)).run();
        assert_eq!(script.calls()[..3], steps);
        let received = read_all(reader);
        assert_eq!((status.counters.values().failed_opens, received.frames, received.gaps), (2, 480, vec![]));
    }
}

#[test]
fn the_message_about_an_absent_device_contains_the_remedy() {
    use firmware::capture::PcmError;
    let text = |errno| DeviceState::Absent { error: PcmError::new("snd_pcm_open", errno), detail: String::new() };
    assert!(text(Errno::ENOENT).to_string().contains("`firmware devices`"));
    assert!(text(Errno::EBUSY).to_string().contains("fuser"));
    assert!(text(Errno::EACCES).to_string().contains("group `audio`"));
}
