//! Faults of the system: a stepped clock, a changed model file, no memory, a slow processor.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use test_needs::needs;

use crate::common::model::loudness_model;
use crate::common::place::{Place, status_of};
use crate::common::program::{Program, firmware, output, parse, verdicts};

/// The library folder of Debian's package `faketime`.
fn faketime() -> &'static Path {
    let places = ["/usr/lib/x86_64-linux-gnu/faketime", "/usr/lib/aarch64-linux-gnu/faketime"];
    places.map(Path::new).into_iter().find(|place| place.exists()).expect("the package faketime is needed")
}

#[needs(faketime)]
#[test]
fn a_clock_stepped_back_and_forward_has_no_effect() {
    let faketime = faketime();
    let place = Place::new("", 8, 1.0);
    let offset = place.path("offset");
    let step = |by: &str| {
        // Written atomically: the library reads it at every call that reads the clock.
        monitor_model::atomic_file::write(&offset, by.as_bytes()).unwrap();
    };
    step("+0");
    let mut command = place.run(&["--stdin", "--realtime"]);
    command
        .env("LD_PRELOAD", faketime.join("libfaketimeMT.so.1"))
        .env("FAKETIME_TIMESTAMP_FILE", &offset)
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("DONT_FAKE_MONOTONIC", "1");
    let mut program = Program::start(command);
    program.feed(place.wav());
    let year = 365 * 86_400;
    let now = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    for (by, seconds) in [("-365d", -year), ("+365d", year), ("+0", 0)] {
        step(by);
        // The program sees the step, and `health` takes its status neither for outdated nor for a future one.
        let stepped = |status: &serde_json::Value| {
            (status["unix_s"].as_i64().unwrap() - now() as i64 - seconds).abs() < 100 && status["windows"] != 0
        };
        program.wait(by, |_| status_of(&place.status()).is_some_and(|status| stepped(&status)));
        let (code, text, stderr) =
            output(Command::new(firmware()).arg("health").arg("--config").arg(place.path("monitor.toml")));
        assert_eq!(code, Some(0), "{by}: {text}{stderr}");
    }
    let (status, _, lines, stderr) = program.end();
    assert!(status.success(), "{stderr}");
    // 8 s less a window, every 0.25 s, and all times in order.
    assert_eq!(verdicts(&lines).len(), 29);
    let times: Vec<f64> = lines.iter().map(|line| line["time_s"].as_f64().unwrap()).collect();
    assert!(times.is_sorted() && times.last().unwrap() < &60.0, "{times:?}");
    let last = lines.last().unwrap();
    assert!(last["gaps"] == 0 && last["dropped_windows"] == 0 && last["dropped_reports"] == 0, "{last}");
}

#[test]
fn a_model_file_truncated_or_swapped_while_running_has_no_effect_until_a_valid_one_is_loaded() {
    let place = Place::new("", 30, 1.0);
    let program = place.run_on_stdin();
    let more = |program: &Program| {
        let before = program.reports("verdict").len();
        program.wait("more windows", |program| program.reports("verdict").len() >= before + 4);
    };
    more(&program);
    let good = std::fs::read(place.model()).unwrap();
    // Truncated in place, as by an interrupted copy; replaced by another file; and emptied.
    for (how, bytes) in [("truncated", &good[..good.len() / 2]), ("swapped", &b"no model"[..]), ("empty", &[])] {
        std::fs::write(place.model(), bytes).unwrap();
        more(&program);
        let refusals = program.stderr().matches("model.tflite").count();
        program.signal(Signal::SIGHUP);
        program.wait(how, |program| program.stderr().matches("model.tflite").count() > refusals);
        more(&program);
        let hello = program.reports("hello").pop().unwrap();
        assert_eq!(
            hello["labels"],
            serde_json::json!(["off_state", "on_state"]),
            "{how}: the old model is still active"
        );
        assert!(
            hello["rejected_updates"][0].as_str().unwrap().contains("model.tflite"),
            "{how}: gives the reason: {hello}"
        );
    }
    std::fs::write(place.model(), loudness_model("quiet", "loud")).unwrap();
    program.signal(Signal::SIGHUP);
    program.wait("the new model", |program| program.reports("state").iter().any(|line| line["state"] == "loud"));
    program.signal(Signal::SIGTERM);
    let (status, _, lines, stderr) = program.end();
    assert!(status.success(), "{stderr}");
    assert!(lines.last().unwrap()["dropped_windows"] == 0 && lines.last().unwrap()["gaps"] == 0);
    let hello = lines.iter().rfind(|line| line["kind"] == "hello").unwrap();
    assert_eq!(hello["rejected_updates"], serde_json::json!([]), "the valid model is used");
}

#[test]
fn no_memory_at_the_start_ends_the_program_with_an_error_or_a_signal() {
    let place = Place::new("", 2, 1.0);
    let (mut refused, mut ran) = (0, 0);
    // KiB of address space, from less than the libraries need to enough for the program.
    for kib in [4_000, 8_000, 9_000, 9_500, 10_000, 10_500, 11_000, 11_500, 12_000, 16_000, 64_000, 1_000_000] {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -c 0; ulimit -v {kib}; exec \"$@\""), "sh"]);
        command.arg(firmware()).args(["run", "--config"]).arg(place.path("monitor.toml"));
        let (code, lines, stderr) = output(command.arg("--wav").arg(place.wav()));
        println!("{kib} KiB: exit code {code:?} {}", stderr.lines().next().unwrap_or_default());
        if code == Some(0) {
            // Complete: 2 s less a window, one every 0.25 s.
            assert_eq!(verdicts(&parse(&lines)).len(), 5, "{kib} KiB");
            ran += 1;
        } else {
            assert!(code.is_none() || !stderr.is_empty(), "{kib} KiB: exit code {code:?} without a message");
            assert!(!stderr.contains("panicked"), "{kib} KiB: {stderr}");
            refused += 1;
        }
    }
    assert!(refused > 0 && ran > 0, "{refused} refused, {ran} ran");
}

#[test]
fn a_processor_ten_times_slower_drops_only_whole_windows_and_counts_them() {
    let place = Place::new("", 6, 1.0);
    let mut program = place.run_on_stdin();
    let pid = Pid::from_raw(program.child.id() as i32);
    // The program runs a tenth of the time.
    while program.child.try_wait().unwrap().is_none() {
        kill(pid, Signal::SIGSTOP).unwrap();
        std::thread::sleep(Duration::from_millis(45));
        kill(pid, Signal::SIGCONT).unwrap();
        std::thread::sleep(Duration::from_millis(5));
    }
    let (status, _, lines, stderr) = program.end();
    assert!(status.success(), "{stderr}");
    let last = lines.last().unwrap();
    let dropped = last["dropped_windows"].as_u64().unwrap() as usize;
    // 6 s less a window, one every 0.25 s: each was reported or counted; no sound was lost.
    assert_eq!((verdicts(&lines).len() + dropped, &last["gaps"]), (21, &serde_json::json!(0)), "{last}");
}
