//! The real program on recordings: signals, reload, outputs that block or disappear.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod common;

use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::model::loudness_model;
use common::place::{Place, status_of};
use common::program::{Program, firmware, output, parse, verdicts, wait};
use monitor_wire::{Decoder, LARGEST_FRAME};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

#[test]
fn the_states_of_a_recording_and_their_changes_are_reported() {
    let place = Place::new("[alarm]\nstates = [\"on_state\"]\n", 3, 3.0);
    let (code, text, stderr) = output(&mut place.run(&["--wav", place.wav().to_str().unwrap()]));
    assert_eq!(code, Some(0), "{stderr}");
    let lines = parse(&text);
    let changes: Vec<&str> =
        lines.iter().filter(|line| line["kind"] == "state").map(|line| line["state"].as_str().unwrap()).collect();
    assert_eq!(changes, ["off_state", "on_state", "off_state"]);
    let alarms: Vec<bool> =
        lines.iter().filter(|line| line["kind"] == "alarm").map(|line| line["active"].as_bool().unwrap()).collect();
    assert_eq!(alarms, [true, false]);
    assert_eq!(lines[0]["kind"], "hello");
    let last = lines.last().unwrap();
    assert_eq!(
        (&last["kind"], last["frames"].as_u64(), &last["capture"]),
        (&"health".into(), Some(432_000), &"ended".into())
    );
    // Every window, in order: 9 s less a window, one every 0.25 s.
    let starts: Vec<f64> = verdicts(&lines).iter().map(|verdict| verdict.start_s).collect();
    assert_eq!(starts.len(), 33);
    assert!(starts.iter().enumerate().all(|(index, start)| *start == 0.25 * index as f64), "{starts:?}");
}

#[test]
fn sigterm_stops_within_a_second_and_the_last_counters_are_reported() {
    let place = Place::new("", 20, 1.0);
    let program = place.run_on_stdin();
    program.wait("windows", |program| program.reports("verdict").len() >= 2);
    program.signal(Signal::SIGTERM);
    let (status, took, lines, _) = program.end();
    assert!(status.success());
    assert!(took < Duration::from_secs(1), "{took:?}");
    let last = lines.last().unwrap();
    assert_eq!(last["kind"], "health");
    assert_eq!(last["windows"].as_u64().unwrap() as usize, verdicts(&lines).len());
    // No status file is left that could be taken for one of a running program.
    assert!(!place.status().exists());
}

#[test]
fn sigterm_stops_within_a_second_while_no_sound_arrives() {
    let place = Place::new("", 1, 1.0);
    // Standard input stays open and silent.
    let program = Program::start(place.run(&["--stdin"]));
    std::thread::sleep(Duration::from_millis(500));
    program.signal(Signal::SIGTERM);
    let (_, took, _, _) = program.end();
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[test]
fn sighup_loads_a_new_model_and_configuration_between_two_windows_and_loses_no_sample() {
    let place = Place::new("", 4, 2.5);
    let program = place.run_on_stdin();
    program.wait("windows", |program| program.reports("verdict").len() >= 3);
    std::fs::write(place.model(), loudness_model("quiet", "loud")).unwrap();
    place.configure("[decision]\nconfidence = 0.7\n");
    program.signal(Signal::SIGHUP);
    program.wait("the new model", |program| program.reports("hello").len() == 2);
    // An invalid model and an invalid configuration change nothing.
    std::fs::write(place.model(), b"nonsense").unwrap();
    program.signal(Signal::SIGHUP);
    program.wait("a message about the model", |program| program.stderr().contains("stay"));
    place.configure("[decision]\nconfidenc = 0.7\n");
    program.signal(Signal::SIGHUP);
    program.wait("a message about the key", |program| program.stderr().contains("confidenc"));
    let (status, _, lines, stderr) = program.end();
    assert!(status.success(), "{stderr}");
    let labels: Vec<&Value> = lines.iter().filter(|line| line["kind"] == "hello").map(|line| &line["labels"]).collect();
    let (old, new) = (&serde_json::json!(["off_state", "on_state"]), &serde_json::json!(["quiet", "loud"]));
    // Two more hellos report the rejected updates; they still describe the active model.
    assert_eq!(labels, [old, new, new, new]);
    // The same windows as without the reload: 10 s less a window, one every 0.25 s.
    let starts: Vec<f64> = verdicts(&lines).iter().map(|verdict| verdict.start_s).collect();
    assert_eq!(starts.len(), 37);
    assert!(starts.iter().enumerate().all(|(index, start)| *start == 0.25 * index as f64), "{starts:?}");
    let last = lines.last().unwrap();
    assert_eq!((last["gaps"].as_u64(), last["dropped_windows"].as_u64()), (Some(0), Some(0)));
}

#[test]
fn a_reader_that_sleeps_delays_neither_monitoring_nor_the_stop() {
    let place = Place::new("", 10, 1.0);
    let mut command = place.run(&["--stdin", "--realtime", "--hop", "0.1"]);
    let wav = File::open(place.wav()).unwrap();
    // A pipe with the smallest capacity that is never read.
    let (read, write) = nix::unistd::pipe().unwrap();
    nix::fcntl::fcntl(&write, nix::fcntl::FcntlArg::F_SETPIPE_SZ(4096)).unwrap();
    let mut child = command.stdin(Stdio::from(wav)).stdout(Stdio::from(write)).stderr(Stdio::null()).spawn().unwrap();
    wait(
        || status_of(&place.status()).is_some_and(|status| status["dropped_reports"].as_u64().unwrap() > 0),
        || format!("reports to be dropped: {:?}", status_of(&place.status())),
    );
    let windows = |place: &Place| status_of(&place.status()).map_or(0, |status| status["windows"].as_u64().unwrap());
    let before = windows(&place);
    wait(|| windows(&place) > before, || "more windows".into());
    kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM).unwrap();
    let start = Instant::now();
    child.wait().unwrap();
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    drop(read);
}

#[test]
fn a_reader_that_has_closed_the_pipe_does_not_stop_monitoring() {
    let place = Place::new("", 10, 1.0);
    let mut command = place.run(&["--stdin", "--realtime"]);
    let (read, write) = nix::unistd::pipe().unwrap();
    drop(read);
    let wav = File::open(place.wav()).unwrap();
    let mut child = command.stdin(Stdio::from(wav)).stdout(Stdio::from(write)).stderr(Stdio::null()).spawn().unwrap();
    let windows = |place: &Place| status_of(&place.status()).map_or(0, |status| status["windows"].as_u64().unwrap());
    wait(|| windows(&place) >= 6, || "windows".into());
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn frames_arrive_on_the_serial_line() {
    let pty = nix::pty::openpty(None, None).unwrap();
    let line = nix::unistd::ttyname(&pty.slave).unwrap();
    let place = Place::new(&format!("[serial]\ndevice = {line:?}\n"), 2, 2.0);
    let mut program = Program::start(place.run(&["--stdin", "--realtime"]));
    program.feed(place.wav());
    let mut master = File::from(pty.master);
    let (mut kinds, mut buffer, mut some) = (Vec::new(), vec![0; LARGEST_FRAME], [0; 1024]);
    let mut decoder = Decoder::new(&mut buffer);
    // Hello, verdict, state change and health.
    while ![1, 2, 3, 5].iter().all(|kind| kinds.contains(kind)) {
        let count = master.read(&mut some).unwrap();
        decoder.push(&some[..count], |frame| kinds.push(frame.unwrap().message.kind()));
    }
    assert_eq!(kinds[0], 1);
}

#[test]
fn a_full_disk_does_not_stop_monitoring() {
    // Standard output on a full disk, and a status file below a path that is a regular file.
    let place = Place::new("", 4, 1.0);
    std::fs::write(place.path("no-folder"), "").unwrap();
    let listen = std::fs::read_to_string(place.path("monitor.toml")).unwrap();
    let status = place.path("no-folder/status.json");
    std::fs::write(
        place.path("monitor.toml"),
        listen.replace(place.status().to_str().unwrap(), status.to_str().unwrap()),
    )
    .unwrap();
    // Only the serial line still delivers reports.
    let (mut master, line) = pty();
    let text = std::fs::read_to_string(place.path("monitor.toml")).unwrap();
    std::fs::write(place.path("monitor.toml"), text + &format!("[serial]\ndevice = {line:?}\n")).unwrap();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut command = place.run(&["--stdin", "--realtime"]);
    let wav = File::open(place.wav()).unwrap();
    let child = command.stdin(Stdio::from(wav)).stdout(Stdio::from(full)).stderr(Stdio::piped()).spawn().unwrap();
    let (verdicts, last) = read_line_to_the_end(&mut master);
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(stderr.contains("standard output: ") && stderr.contains("status file "), "{stderr}");
    // 4 s less a window, one every 0.25 s: the serial line received all of them.
    assert_eq!(verdicts, 13);
    assert!(last.dropped_reports > 13, "{last:?}");
    assert_eq!((last.dropped_windows, last.gaps), (0, 0));
}

/// The reader's end of a serial line, and the path of its device.
fn pty() -> (File, std::path::PathBuf) {
    use nix::fcntl::OFlag;
    // Not inherited: otherwise the program would keep its own line open after the unplugging.
    let master = nix::pty::posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).unwrap();
    nix::pty::grantpt(&master).unwrap();
    nix::pty::unlockpt(&master).unwrap();
    let device = nix::pty::ptsname_r(&master).unwrap().into();
    (File::from(std::os::fd::OwnedFd::from(master)), device)
}

/// Reads frames until the other end is closed; returns the number of verdicts and the last health report.
fn read_line_to_the_end(master: &mut File) -> (u32, monitor_wire::Health) {
    use monitor_wire::Message;
    let (mut verdicts, mut last) = (0, monitor_wire::Health::default());
    let (mut buffer, mut some) = (vec![0; LARGEST_FRAME], [0; 1024]);
    let mut decoder = Decoder::new(&mut buffer);
    let mut begun = false;
    loop {
        match master.read(&mut some) {
            Ok(0) => break,
            Ok(count) => {
                begun = true;
                decoder.push(&some[..count], |frame| match frame.unwrap().message {
                    Message::Verdict(_) => verdicts += 1,
                    Message::Health(health) => last = health,
                    _ => {}
                });
            }
            // EIO: no process has the line open, as before the program opens it.
            Err(_) if !begun => std::thread::sleep(Duration::from_millis(5)),
            Err(_) => break,
        }
    }
    (verdicts, last)
}

#[test]
fn an_unplugged_serial_line_drops_reports_and_is_reopened_when_it_returns() {
    let place = Place::new("", 8, 1.0);
    let line = place.path("ttyUSB");
    let plug = || {
        let (master, device) = pty();
        std::os::unix::fs::symlink(device, &line).unwrap();
        master
    };
    place.configure(&format!("[serial]\ndevice = {line:?}\n"));
    let mut master = plug();
    let program = place.run_on_stdin();
    let mut some = [0; 64];
    let mut read = |master: &mut File| {
        // EIO until the program has opened it.
        while !master.read(&mut some).is_ok_and(|count| count > 0) {
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    read(&mut master);
    // Its name goes first: the system gives the number of the terminal to the next one, maybe another test's.
    std::fs::remove_file(&line).unwrap();
    drop(master);
    program
        .wait("a message about the line", |program| program.stderr().contains("opened again as soon as it is there"));
    let before = program.reports("verdict").len();
    program.wait("more windows", |program| program.reports("verdict").len() > before + 4);
    let mut master = plug();
    read(&mut master);
    program.wait("the message that the line is back", |program| program.stderr().contains("there again"));
    drop(master);
    let (status, _, lines, stderr) = program.end();
    assert!(status.success(), "{stderr}");
    // 8 s less a window, one every 0.25 s: no other output missed a report.
    assert_eq!(verdicts(&lines).len(), 29);
    let last = lines.last().unwrap();
    assert!(last["dropped_reports"].as_u64().unwrap() > 0 && last["gaps"] == 0 && last["dropped_windows"] == 0);
}

#[test]
fn sighup_replaces_only_the_changed_outputs() {
    let place = Place::new("", 8, 1.0);
    let (mut first, first_line) = pty();
    let (mut second, second_line) = pty();
    place.configure(&format!("[serial]\ndevice = {first_line:?}\n"));
    let program = place.run_on_stdin();
    let first = std::thread::spawn(move || read_line_to_the_end(&mut first));
    program.wait("windows", |program| program.reports("verdict").len() >= 4);
    place.configure(&format!("[serial]\ndevice = {second_line:?}\n"));
    program.signal(Signal::SIGHUP);
    program.wait("the reload", |program| program.stderr().contains("were read again"));
    // The program closes the first line. The second begins with a hello.
    let (on_first, _) = first.join().unwrap();
    let (on_second, last) = read_line_to_the_end(&mut second);
    let (status, _, lines, stderr) = program.end();
    assert!(status.success(), "{stderr}");
    assert!(on_first >= 4 && on_second >= 4, "{on_first} and {on_second}");
    // Each window was reported on one of the two lines; standard output, which has not changed, continues its sequence.
    assert_eq!((on_first + on_second, verdicts(&lines).len()), (29, 29));
    assert_eq!(last.dropped_reports, 0);
    let sequences = lines.iter().map(|line| line["sequence"].as_u64().unwrap());
    assert!(sequences.enumerate().all(|(place, sequence)| place as u64 == sequence));
}

#[test]
fn an_error_at_the_start_is_named_with_exit_code_1() {
    let place = Place::new("", 1, 1.0);
    let wav = place.wav();
    let wav = wav.to_str().unwrap();
    let fails = |command: &mut Command, expected: &str| {
        let (code, _, stderr) = output(command);
        assert_eq!(code, Some(1), "{stderr}");
        assert!(stderr.contains(expected), "{expected}: {stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
    };
    fails(&mut place.run(&["--wav", "/nowhere.wav"]), "/nowhere.wav");
    fails(&mut place.run(&["--wav", wav, "--model", "/nowhere.tflite"]), "/nowhere.tflite");
    fails(&mut place.run(&["--wav", wav, "--model", wav]), wav);
    std::fs::write(place.path("cut.wav"), &std::fs::read(wav).unwrap()[..30]).unwrap();
    let mut command = place.run(&["--stdin", "--realtime"]);
    fails(command.stdin(Stdio::from(File::open(place.path("cut.wav")).unwrap())), "standard input");
    place.configure("[alarm]\nstates = [\"on_stat\"]\n");
    fails(&mut place.run(&["--wav", wav]), "on_stat");
    place.configure("[serial]\nspeed = 1\n");
    fails(&mut place.run(&["--wav", wav]), "speed");
}

#[test]
fn a_command_line_error_is_exit_code_2() {
    let (code, _, stderr) = output(Command::new(firmware()).args(["run", "--wavv", "x"]));
    assert_eq!(code, Some(2), "{stderr}");
}

#[test]
fn systemd_is_notified_of_ready_and_watchdog_only_while_sound_arrives() {
    let place = Place::new("", 1, 2.0);
    let socket = std::os::unix::net::UnixDatagram::bind(place.path("notify")).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let notifications = |seconds: f32| {
        let (end, mut text, mut buffer) = (Instant::now() + Duration::from_secs_f32(seconds), String::new(), [0; 1024]);
        while Instant::now() < end {
            if let Ok(count) = socket.recv(&mut buffer) {
                text += &(String::from_utf8_lossy(&buffer[..count]) + "\n");
            }
        }
        text
    };
    let mut command = place.run(&["--stdin", "--realtime"]);
    command.env("NOTIFY_SOCKET", place.path("notify")).env("WATCHDOG_USEC", "200000");
    let mut program = Program::start(command);
    let before = notifications(1.0);
    assert!(!before.contains("READY=1") && !before.contains("WATCHDOG=1"), "{before}");
    // Two seconds of sound, after which the line stays open and silent.
    let sound = std::fs::read(place.wav()).unwrap();
    let mut input = program.child.stdin.take().unwrap();
    std::io::Write::write_all(&mut input, &sound[..sound.len() - 2]).unwrap();
    let during = notifications(2.5);
    assert_eq!(during.matches("READY=1").count(), 1, "{during}");
    assert!(during.matches("WATCHDOG=1").count() >= 5, "{during}");
    let after = notifications(1.0);
    assert!(!after.contains("WATCHDOG=1"), "{after}");
    program.signal(Signal::SIGTERM);
    assert!(notifications(0.5).contains("STOPPING=1"));
    drop(input);
}

#[test]
fn under_systemd_an_absent_model_is_waited_for() {
    let place = Place::new("", 20, 2.0);
    let hidden = place.path("elsewhere");
    std::fs::rename(place.model(), &hidden).unwrap();
    let wav = place.wav();
    let arguments = ["--wav", wav.to_str().unwrap(), "--realtime"];
    let fails = |command: &mut Command, what: &str| {
        let (code, _, stderr) = output(command);
        assert!(code == Some(1) && stderr.contains(what), "{code:?} {stderr}");
    };
    // Nothing waits without systemd, and not for a recording that is played as fast as possible.
    fails(&mut place.run(&arguments), "name a model file that can be read");
    let socket = std::os::unix::net::UnixDatagram::bind(place.path("notify")).unwrap();
    let under_systemd = |arguments: &[&str]| {
        let mut command = place.run(arguments);
        command.env("NOTIFY_SOCKET", place.path("notify"));
        command
    };
    fails(&mut under_systemd(&arguments[..2]), "name a model file that can be read");

    let reports = |program: &Program| program.stderr().matches("waiting for it; copy one there").count();
    let mut stopped = Program::start(under_systemd(&arguments));
    wait(|| reports(&stopped) == 1, || stopped.stderr());
    stopped.signal(Signal::SIGHUP);
    wait(|| reports(&stopped) == 2, || stopped.stderr());
    stopped.signal(Signal::SIGTERM);
    assert_eq!(stopped.child.wait().unwrap().code(), Some(0), "{}", stopped.stderr());
    let mut buffer = [0; 1024];
    let count = socket.recv(&mut buffer).unwrap();
    let status = String::from_utf8_lossy(&buffer[..count]);
    assert!(status.starts_with("STATUS=there is no model ") && status.contains("waiting for it"), "{status}");

    let mut program = Program::start(under_systemd(&arguments));
    wait(|| reports(&program) == 1, || program.stderr());
    std::fs::rename(&hidden, place.model()).unwrap();
    wait(|| place.status().exists(), || program.stderr());
    assert_eq!(reports(&program), 1);
    program.signal(Signal::SIGTERM);
    assert_eq!(program.child.wait().unwrap().code(), Some(0), "{}", program.stderr());
    // A file that is there and no model is an error.
    std::fs::write(place.model(), "no model").unwrap();
    fails(&mut under_systemd(&arguments), "model.tflite");
}

/// `firmware run ... | cat`, as a shell starts it: both in a process group of their own.
#[test]
fn a_stop_that_ends_the_reader_of_the_output_too_reports_no_error() {
    use std::os::unix::process::CommandExt;
    let place = Place::new("", 20, 2.0);
    let stderr = place.path("stderr");
    let mut run = place.run(&["--wav", place.wav().to_str().unwrap(), "--realtime", "--stdout", "json"]);
    run.stdout(Stdio::piped()).stderr(File::create(&stderr).unwrap()).process_group(0);
    let mut program = run.spawn().unwrap();
    let output = program.stdout.take().unwrap();
    let mut reader =
        Command::new("cat").stdin(output).stdout(Stdio::null()).process_group(program.id() as i32).spawn().unwrap();
    wait(|| place.status().exists(), || "the start".into());
    // The reader ends first, and the program writes before it is told.
    kill(Pid::from_raw(reader.id() as i32), Signal::SIGINT).unwrap();
    reader.wait().unwrap();
    std::thread::sleep(Duration::from_millis(300));
    kill(Pid::from_raw(program.id() as i32), Signal::SIGINT).unwrap();
    assert_eq!(program.wait().unwrap().code(), Some(0));
    let text = std::fs::read_to_string(&stderr).unwrap();
    assert!(!text.contains("standard output"), "{text}");
}

#[test]
fn a_reader_that_leaves_while_the_program_continues_is_reported() {
    let place = Place::new("", 20, 2.0);
    let stderr = place.path("stderr");
    let mut run = place.run(&["--wav", place.wav().to_str().unwrap(), "--realtime", "--stdout", "json"]);
    let mut program = run.stdout(Stdio::piped()).stderr(File::create(&stderr).unwrap()).spawn().unwrap();
    drop(program.stdout.take());
    let reported = || std::fs::read_to_string(&stderr).unwrap().contains("standard output: the other end is gone");
    wait(reported, || "the report".into());
    kill(Pid::from_raw(program.id() as i32), Signal::SIGTERM).unwrap();
    assert_eq!(program.wait().unwrap().code(), Some(0));
}
