//! Notifications of the real program, to a real server.
#![cfg(feature = "notify")]
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

#[path = "common/certificates.rs"]
mod certificates;
mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::place::Place;
use common::program::{firmware, output, wait};
use nix::sys::signal::Signal;
use serde_json::Value;

/// A port that nobody listens on.
fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// The bodies of requests.
type Bodies = Arc<Mutex<Vec<Value>>>;

/// Answers every request with this status; collects the bodies.
fn serve(port: u16, status: &'static str) -> Bodies {
    serve_over(port, status, Some)
}

/// The same over what `accept` makes of a connection.
fn serve_over<S: Read + Write>(
    port: u16,
    status: &'static str,
    accept: impl Fn(TcpStream) -> Option<S> + Send + 'static,
) -> Bodies {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    let bodies = Bodies::default();
    let seen = Arc::clone(&bodies);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = accept(stream.unwrap());
            // A client that trusts no such certificate ends here.
            let body = stream.and_then(|stream| answer(stream, status).ok());
            seen.lock().unwrap().extend(body);
        }
    });
    bodies
}

/// The body of a request, which is answered.
fn answer(stream: impl Read + Write, status: &str) -> std::io::Result<Value> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? <= 2 {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    write!(reader.get_mut(), "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n")?;
    reader.get_mut().flush()?;
    Ok(serde_json::from_slice(&body)?)
}

fn settings(port: u16) -> String {
    format!(
        "[alarm]\nstates = [\"on_state\"]\n[notify]\nname = \"pump-7\"\n[notify.webhook]\nurl = \"http://127.0.0.1:{port}/my-secret\"\n"
    )
}

#[test]
fn an_alarm_that_no_server_took_is_sent_after_a_restart_and_the_address_stays_secret() {
    let port = free_port();
    let place = Place::new(&settings(port), 4, 2.0);
    let program = place.run_on_stdin();
    program.wait("the failure", |program| program.stderr().contains("trying again until it is there. Are url"));
    program.signal(Signal::SIGTERM);
    let (status, _, _, stderr) = program.end();
    assert!(status.success() && stderr.contains(&format!("notify webhook 127.0.0.1:{port}: ")), "{stderr}");
    assert!(!stderr.contains("my-secret"), "{stderr}");
    let file = place.state().join("notify.json");
    let stored: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let bodies = serve(port, "200 OK");
    let program = place.run_on_stdin();
    wait(|| !bodies.lock().unwrap().is_empty(), || program.stderr());
    let first = bodies.lock().unwrap()[0].clone();
    assert_eq!(first, stored["messages"]["webhook"][0]);
    let titles = ["kind", "cause", "device", "state", "title"].map(|key| first[key].as_str().unwrap().to_owned());
    assert_eq!(titles, ["alarm", "state", "pump-7", "on_state", "pump-7: alarm, an alarm state is reported"]);
    program.signal(Signal::SIGTERM);
    assert!(program.end().0.success());
    assert!(!file.exists());
}

#[test]
fn with_pictures_the_message_of_an_alarm_brings_that_of_its_clip() {
    let port = free_port();
    let bodies = serve(port, "200 OK");
    let place = Place::new("", 2, 4.0);
    let clips = place.path("clips");
    let config = format!(
        "{}[clips]\nfolder = {clips:?}\nbefore_s = 1.0\nafter_s = 1.5\nreserve_mib = 0\n",
        settings(port).replace("name = ", "picture = true\nname = ")
    );
    place.configure(&config);
    let (code, _, stderr) = output(&mut place.run(&["--realtime", "--wav", place.wav().to_str().unwrap()]));
    assert_eq!(code, Some(0), "{stderr}");
    let bodies = bodies.lock().unwrap();
    let [message] = &bodies[..] else { panic!("{bodies:?} {stderr}") };
    assert!(message["clip"].as_str().unwrap().starts_with("000001_state_on_state_"), "{message}");
    let picture = STANDARD.decode(message["picture"].as_str().unwrap()).unwrap();
    let info = png::Decoder::new(std::io::Cursor::new(picture)).read_info().unwrap().info().size();
    // At most 2.5 s in quarters of a second; a busy machine may report late.
    assert!(info.1 == 256 && (640 - 10..=640).contains(&info.0), "{info:?}");
}

#[test]
fn the_test_command_reports_each_server_and_fails_when_one_does_not_take_the_message() {
    let (good, bad) = (free_port(), free_port());
    let (delivered, refused) = (serve(good, "204 No Content"), serve(bad, "403 Forbidden"));
    let place = Place::new(&settings(good), 1, 1.0);
    let run =
        || output(Command::new(firmware()).args(["notify", "--test", "--config"]).arg(place.path("monitor.toml")));
    let (code, out, err) = run();
    assert_eq!((code, out, err), (Some(0), format!("webhook 127.0.0.1:{good}: delivered\n"), String::new()));
    assert_eq!(delivered.lock().unwrap()[0]["kind"], "test");
    place.configure(&(settings(good) + &format!("[notify.ntfy]\nurl = \"http://127.0.0.1:{bad}/topic\"\n")));
    let (code, out, _) = run();
    assert!(
        out.ends_with(&format!("ntfy 127.0.0.1:{bad}: not delivered: the server answers with status 403\n")),
        "{out}"
    );
    assert_eq!((code, refused.lock().unwrap()[0]["topic"].as_str()), (Some(1), Some("topic")));
    place.configure("");
    let (code, _, err) = run();
    assert!(code == Some(1) && err.contains("there is no server to send to"), "{err}");
    let (code, ..) = output(Command::new(firmware()).arg("notify"));
    assert_eq!(code, Some(2));
}

#[test]
fn https_reaches_only_a_server_whose_certificate_leads_to_the_ca_file() {
    let (own, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    [&own, &other].into_iter().for_each(|folder| certificates::make(folder.path()));
    let config = certificates::server(own.path());
    let port = free_port();
    let bodies = serve_over(port, "200 OK", move |stream| {
        let connection = rustls::ServerConnection::new(Arc::clone(&config)).ok()?;
        Some(rustls::StreamOwned::new(connection, stream))
    });
    let place = Place::new("", 1, 1.0);
    let run = |ca: &str| {
        place.configure(&format!("[notify]\n{ca}[notify.webhook]\nurl = \"https://localhost:{port}/\"\n"));
        output(Command::new(firmware()).args(["notify", "--test", "--config"]).arg(place.path("monitor.toml")))
    };
    let ca_of = |folder: &tempfile::TempDir| format!("ca = {:?}\n", folder.path().join("ca.pem"));
    for untrusted in [ca_of(&other), String::new()] {
        let (code, out, _) = run(&untrusted);
        assert!(code == Some(1) && out.contains("invalid peer certificate"), "{untrusted}: {out}");
    }
    let (code, _, err) = run(&format!("ca = {:?}\n", own.path().join("server.key")));
    assert!(code == Some(1) && err.contains("no certificate (PEM) is in it"), "{err}");
    assert!(bodies.lock().unwrap().is_empty());
    let (code, out, _) = run(&ca_of(&own));
    assert_eq!((code, out), (Some(0), format!("webhook localhost:{port}: delivered\n")));
    assert_eq!(bodies.lock().unwrap()[0]["kind"], "test");
}
