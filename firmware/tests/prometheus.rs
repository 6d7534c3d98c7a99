//! The Prometheus endpoint of the real program.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod common;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use common::place::Place;
use common::program::wait;
use test_needs::needs;

fn ask(port: u16, request: &str) -> String {
    let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { return String::new() };
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let _ = stream.write_all(request.as_bytes());
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer
}

#[test]
fn the_endpoint_reports_state_alarms_and_counters_and_rejects_other_requests() {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let config =
        format!("[alarm]\nstates = [\"on_state\"]\n[prometheus]\nenabled = true\nlisten = \"127.0.0.1:{port}\"\n");
    let place = Place::new(&config, 6, 3.0);
    let program = place.run_on_stdin();
    // Connections without a request do not occupy the server for ever.
    let idle: Vec<_> = (0..20).map(|_| TcpStream::connect((Ipv4Addr::LOCALHOST, port))).collect();
    let get = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut page = String::new();
    wait(
        || {
            page = ask(port, get);
            page.contains("acoustic_monitor_state{state=\"on_state\"} 1\n")
                && page.contains("acoustic_monitor_alarm{cause=\"state\"} 1\n")
        },
        || "the alarm on the page".into(),
    );
    drop(idle);
    assert!(page.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n"), "{page}");
    assert!(page.contains("acoustic_monitor_state{state=\"off_state\"} 0\n"), "{page}");
    assert!(page.contains("# TYPE acoustic_monitor_frames_total counter\n"), "{page}");
    assert!(page.contains("acoustic_monitor_info{model=\"model.tflite\",version="), "{page}");
    assert!(ask(port, "GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404 "));
    assert!(ask(port, "POST /metrics HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405 "));
    assert!(ask(port, "\0\0\0 nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
    assert!(ask(port, &format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(8000))).starts_with("HTTP/1.1 400 "));
    let (status, took, _, stderr) = {
        program.signal(nix::sys::signal::Signal::SIGTERM);
        program.end()
    };
    assert!(status.success() && took < Duration::from_secs(1), "{took:?} {stderr}");
}

#[needs(promtool)]
#[test]
fn promtool_finds_nothing_wrong_with_the_page_but_the_unit_of_days() {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let place = Place::new(&format!("[prometheus]\nenabled = true\nlisten = \"127.0.0.1:{port}\"\n"), 6, 3.0);
    let _program = place.run_on_stdin();
    let mut page = String::new();
    wait(
        || {
            page = ask(port, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
            page.contains("acoustic_monitor_info{")
        },
        || "the page".into(),
    );
    let (_, metrics) = page.split_once("\r\n\r\n").unwrap();
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = promtool.spawn().unwrap();
    child.stdin.take().unwrap().write_all(metrics.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    // 0 is good, 3 are remarks, 1 a page that cannot be read.
    let remarks = String::from_utf8(output.stderr).unwrap() + &String::from_utf8(output.stdout).unwrap();
    assert!(matches!(output.status.code(), Some(0 | 3)), "{remarks}");
    let others: Vec<&str> = remarks.lines().filter(|line| !line.contains("instead of \"days\"")).collect();
    assert_eq!(others, [""; 0], "{metrics}");
}

#[test]
fn no_socket_is_opened_unless_configured() {
    let place = Place::new("", 2, 2.0);
    let program = place.run_on_stdin();
    program.wait("a window", |program| !program.reports("verdict").is_empty());
    let fds = std::fs::read_dir(format!("/proc/{}/fd", program.child.id())).unwrap();
    let sockets = fds.filter_map(|fd| std::fs::read_link(fd.ok()?.path()).ok());
    assert_eq!(sockets.filter(|target| target.to_string_lossy().starts_with("socket:")).count(), 0);
}
