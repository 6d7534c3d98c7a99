//! Capture through the real libasound: a ramp that counts up by one per frame arrives without a break in any format, both
//! unpaced and in real time. After a stop of the process the gap has the reported length.

#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod common;

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{Devices, ramp};
use firmware::capture::{self, CaptureConfig, FormatChoice};
use monitor_core::pcm::SampleFormat;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

/// The part of each test that opens the device: a separate process, configured through the environment, that prints its
/// measurements as one line of JSON.
#[test]
#[ignore = "the other tests run it"]
fn probe() {
    let Ok(device) = env::var("PROBE_DEVICE") else { return };
    let number = |name: &str| env::var(name).unwrap().parse::<u64>().unwrap();
    let format = if env::var("PROBE_FORMAT").unwrap() == "S16_LE" { FormatChoice::S16 } else { FormatChoice::S32 };
    let config = CaptureConfig {
        device,
        format,
        rate: number("PROBE_RATE") as u32,
        channels: number("PROBE_CHANNELS") as u16,
        priority: number("PROBE_PRIORITY") as u8,
        ring_kib: 65_536,
        backlog_ms: 60_000,
        ..CaptureConfig::default()
    };
    let (capture, mut reader) = capture::start(&config).unwrap();
    let wanted = number("PROBE_FRAMES");
    assert!(reader.wait(Duration::from_secs(20)), "{}", capture.status().device());
    println!("\nlistening");
    let (mut frames, mut breaks, mut gaps, mut last) = (0, 0, Vec::new(), None);
    while frames < wanted && reader.wait(Duration::from_secs(5)) {
        let Some(block) = reader.read() else { continue };
        let samples = block.spec.format.bytes_per_sample();
        for (at, frame) in block.bytes.chunks_exact(block.spec.frame_bytes()).enumerate() {
            let value = match block.spec.format {
                SampleFormat::S16 => u32::from(u16::from_le_bytes([frame[0], frame[1]])),
                _ => u32::from_le_bytes([frame[0], frame[1], frame[2], frame[3]]),
            };
            breaks += u64::from(frame.chunks_exact(samples).any(|sample| sample != &frame[..samples]));
            let step = last.map_or(1, |last: u32| match block.spec.format {
                SampleFormat::S16 => u32::from((value as u16).wrapping_sub(last as u16)),
                _ => value.wrapping_sub(last),
            });
            if at == 0 && block.lost_before > 0 {
                gaps.push(json!({ "reported": block.lost_before, "actual": step - 1 }));
            } else {
                breaks += u64::from(step != 1);
            }
            last = Some(value);
            frames += 1;
            if frames == wanted {
                break;
            }
        }
    }
    let status = capture.status();
    let device = status.device().to_string();
    let counters = capture.stop();
    println!("{}", json!({ "frames": frames, "breaks": breaks, "gaps": gaps, "device": device, "counters": counters }));
}

/// The command that runs the probe; `priority` 0 keeps it off the real-time scheduler.
fn probe_command(devices: &Devices, format: &str, rate: u32, channels: u16, frames: u32, priority: u8) -> Command {
    let mut command = devices.command(env::current_exe().unwrap());
    command.args(["--exact", "probe", "--include-ignored", "--nocapture", "--test-threads=1"]);
    for (name, value) in [
        ("DEVICE", "ramp".to_owned()),
        ("FORMAT", format.to_owned()),
        ("RATE", rate.to_string()),
        ("CHANNELS", channels.to_string()),
        ("FRAMES", frames.to_string()),
        ("PRIORITY", priority.to_string()),
    ] {
        command.env(format!("PROBE_{name}"), value);
    }
    command.stdout(Stdio::piped());
    command
}

/// The standard output of `command`.
fn printed(mut command: Command) -> String {
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

/// Finds the probe's measurements in its output.
fn report(text: &str) -> Value {
    // The test harness prints lines of its own around it.
    let line = text.lines().find_map(|line| Some(&line[line.find('{')?..=line.rfind('}')?]));
    serde_json::from_str(line.unwrap_or_else(|| panic!("no report: {text}"))).unwrap()
}

#[test]
fn a_ramp_arrives_without_a_break_in_every_format_rate_and_channel_count() {
    for format in ["S16_LE", "S32_LE"] {
        for channels in [1, 2] {
            for rate in [16_000, 44_100, 48_000] {
                let frames = 2 * rate;
                let devices = Devices::new().unpaced("ramp", &ramp(format, frames, channels));
                let report = report(&printed(probe_command(&devices, format, rate, channels, frames, 0)));
                let case = format!("{format}, {channels} channels, {rate} Hz: {report}");
                assert_eq!((&report["frames"], &report["breaks"]), (&json!(frames), &json!(0)), "{case}");
                assert_eq!(report["gaps"], json!([]), "{case}");
                assert!(report["device"].as_str().unwrap().starts_with(&format!("{format}, {rate} Hz, {channels} ch")));
            }
        }
    }
}

/// Duration of the real-time test: 30 s in CI, 5 s otherwise.
fn seconds() -> u32 {
    if env::var("CI").is_ok_and(|ci| ci == "true") { 30 } else { 5 }
}

#[test]
fn in_real_time_a_ramp_arrives_without_a_break_and_without_an_overrun() {
    let frames = seconds() * 48_000;
    let devices = Devices::new().paced("ramp", &ramp("S16_LE", frames + 48_000, 1), "S16_LE", 48_000, 1);
    let begin = Instant::now();
    let report = report(&printed(probe_command(&devices, "S16_LE", 48_000, 1, frames, 80)));
    assert!(begin.elapsed().as_secs_f64() > f64::from(seconds()) - 0.1, "not in real time");
    assert_eq!((&report["frames"], &report["breaks"]), (&json!(frames), &json!(0)), "{report}");
    assert_eq!((&report["gaps"], &report["counters"]["xruns"]), (&json!([]), &json!(0)), "{report}");
}

#[test]
fn a_stop_of_half_a_second_causes_one_overrun_and_one_gap_of_the_reported_length() {
    let frames = 4 * 48_000;
    let devices = Devices::new().paced("ramp", &ramp("S32_LE", 8 * 48_000, 1), "S32_LE", 48_000, 1);
    let mut child = probe_command(&devices, "S32_LE", 48_000, 1, frames, 80).spawn().unwrap();
    let pid = Pid::from_raw(child.id() as i32);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line == "listening"));
    std::thread::sleep(Duration::from_millis(1000));
    kill(pid, Signal::SIGSTOP).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    kill(pid, Signal::SIGCONT).unwrap();
    let report = report(&lines.collect::<Vec<_>>().join("\n"));
    child.wait().unwrap();
    assert_eq!((&report["frames"], &report["breaks"]), (&json!(frames), &json!(0)), "{report}");
    let counters = &report["counters"];
    assert_eq!(
        (&counters["xruns"], &counters["gaps"], &counters["recoveries"]),
        (&json!(1), &json!(1), &json!(1)),
        "{report}"
    );
    let gaps = report["gaps"].as_array().unwrap();
    assert_eq!(gaps.len(), 1, "{report}");
    let (reported, actual) = (gaps[0]["reported"].as_i64().unwrap(), gaps[0]["actual"].as_i64().unwrap());
    assert!(actual > 48 * 450, "{report}");
    // The length is measured by the clock alone, so a late wake-up limits its accuracy.
    assert!((reported - actual).abs() < 48 * 50, "{report}");
}
