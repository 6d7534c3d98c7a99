//! Mail of the real program, to a real server.
#![cfg(feature = "notify")]
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

#[path = "common/certificates.rs"]
mod certificates;
mod common;

use std::io::{BufRead, BufReader, Read, Result, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::page_client::free_port;
use common::place::Place;
use common::program::{firmware, output, wait};
use nix::sys::signal::Signal;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A mail that was delivered.
#[derive(Debug, Clone, Default)]
struct Mail {
    /// User and password, with zeros between them.
    secret: String,
    from: String,
    to: Vec<String>,
    text: String,
}

type Mails = Arc<Mutex<Vec<Mail>>>;

/// How the server encrypts.
#[derive(Clone)]
enum Tls {
    None,
    Starttls(Arc<ServerConfig>),
    Implicit(Arc<ServerConfig>),
}

/// A mail server that takes the password `word`.
fn serve(port: u16, tls: Tls) -> Mails {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    let mails = Mails::default();
    let seen = Arc::clone(&mails);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            // A client that trusts no such certificate ends here.
            if let Ok(Some(mail)) = session(stream.unwrap(), &tls) {
                seen.lock().unwrap().push(mail);
            }
        }
    });
    mails
}

fn session(mut stream: TcpStream, tls: &Tls) -> Result<Option<Mail>> {
    let encrypt = |config: &Arc<ServerConfig>, stream: TcpStream| {
        StreamOwned::new(ServerConnection::new(Arc::clone(config)).unwrap(), stream)
    };
    match tls {
        Tls::None => dialogue(stream, true, false),
        Tls::Implicit(config) => dialogue(encrypt(config, stream), true, true),
        Tls::Starttls(config) => {
            write!(stream, "220 mail.example\r\n")?;
            let mut lines = BufReader::new(stream.try_clone()?).lines();
            let mut expect = |begin: &str, answer: &str| -> Result<bool> {
                let is_expected = lines.next().transpose()?.is_some_and(|line| line.starts_with(begin));
                write!(stream, "{answer}\r\n")?;
                Ok(is_expected)
            };
            if expect("EHLO [127.0.0.1]", "250-mail.example\r\n250 STARTTLS")? && expect("STARTTLS", "220 go")? {
                dialogue(encrypt(config, stream), false, true)
            } else {
                Ok(None)
            }
        }
    }
}

/// The dialogue after encryption; returns the mail, if one was delivered. Without `auth` no password is asked for.
fn dialogue(stream: impl Read + Write, greet: bool, auth: bool) -> Result<Option<Mail>> {
    let mut server = BufReader::new(stream);
    let say = |server: &mut BufReader<_>, text: &str| -> Result<()> {
        let stream: &mut _ = server.get_mut();
        write_line(stream, text)
    };
    if greet {
        say(&mut server, "220 mail.example")?;
    }
    let (mut mail, mut done) = (Mail::default(), None);
    loop {
        let mut line = String::new();
        if server.read_line(&mut line)? == 0 {
            return Ok(done);
        }
        let line = line.trim_end();
        let may_send = !auth || !mail.secret.is_empty();
        let answer = if line == "EHLO [127.0.0.1]" {
            if auth { "250-mail.example\r\n250 AUTH LOGIN PLAIN" } else { "250 mail.example" }
        } else if let Some(secret) = line.strip_prefix("AUTH PLAIN ") {
            let secret = String::from_utf8(STANDARD.decode(secret).unwrap()).unwrap();
            let is_right = secret.ends_with("\0word");
            mail.secret = if is_right { secret } else { String::new() };
            if is_right { "235 welcome" } else { "535 5.7.8 wrong password" }
        } else if let Some(from) = line.strip_prefix("MAIL FROM:").filter(|_| may_send) {
            mail.from = from.into();
            "250 ok"
        } else if let Some(to) = line.strip_prefix("RCPT TO:") {
            mail.to.push(to.into());
            "250 ok"
        } else if line == "DATA" {
            say(&mut server, "354 go")?;
            while !mail.text.ends_with("\r\n.\r\n") && server.read_line(&mut mail.text)? > 0 {}
            done = Some(mail.clone());
            "250 queued"
        } else if line == "QUIT" {
            say(&mut server, "221 bye")?;
            return Ok(done);
        } else {
            "503 what?"
        };
        say(&mut server, answer)?;
    }
}

fn write_line(stream: &mut (impl Write + ?Sized), text: &str) -> Result<()> {
    write!(stream, "{text}\r\n")?;
    stream.flush()
}

/// `[notify.email]` with these keys too.
fn settings(port: u16, more: &str) -> String {
    format!(
        "[notify.email]\nhost = \"localhost\"\nport = {port}\nfrom = \"pump-7@plant.example\"\n\
         to = [\"shift@plant.example\", \"boss@plant.example\"]\n{more}"
    )
}

#[test]
fn a_test_reaches_a_server_over_both_kinds_of_tls_with_the_password_and_a_picture() {
    let (own, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    [&own, &other].into_iter().for_each(|folder| certificates::make(folder.path()));
    let config = certificates::server(own.path());
    for (encryption, tls) in [("starttls", Tls::Starttls(Arc::clone(&config))), ("tls", Tls::Implicit(config))] {
        let port = free_port();
        let mails = serve(port, tls);
        let place = Place::new("", 1, 1.0);
        let secret = place.path("secret");
        let run = |ca: &tempfile::TempDir, password: &str| {
            std::fs::write(&secret, format!("pump-7\n{password}\n")).unwrap();
            std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
            let more = format!("encryption = \"{encryption}\"\ncredentials = {secret:?}\n");
            place.configure(&format!(
                "[clips]\nfolder = {:?}\n[notify]\nname = \"Mühle 7\"\npicture = true\nca = {:?}\n{}",
                place.path("clips"),
                ca.path().join("ca.pem"),
                settings(port, &more)
            ));
            output(Command::new(firmware()).args(["notify", "--test", "--config"]).arg(place.path("monitor.toml")))
        };
        let (code, out, err) = run(&own, "word");
        assert_eq!((code, out, err), (Some(0), "email localhost: delivered\n".into(), String::new()), "{encryption}");
        let mail = mails.lock().unwrap().remove(0);
        assert_eq!((mail.secret.as_str(), mail.from.as_str()), ("\0pump-7\0word", "<pump-7@plant.example>"));
        assert_eq!(mail.to, ["<shift@plant.example>", "<boss@plant.example>"]);
        assert!(mail.text.contains("\r\nSubject: =?UTF-8?B?TcO8aGxlIDc6IHRlc3Q=?=\r\n"), "{}", mail.text);
        let picture = mail.text.split("image/png").nth(1).unwrap().split("\r\n\r\n").nth(1).unwrap();
        let picture = picture.lines().take_while(|line| !line.starts_with("--")).collect::<String>();
        assert!(STANDARD.decode(picture).unwrap().starts_with(b"\x89PNG"));
        let (code, out, err) = run(&other, "word");
        assert!(code == Some(1) && out.contains("invalid peer certificate"), "{encryption}: {out} {err}");
        let (code, out, err) = run(&own, "secret");
        assert!(code == Some(1) && out.contains("the mail server answers 535 5.7.8 wrong password"), "{out} {err}");
        assert!(!(out + &err).contains("secret\n") && mails.lock().unwrap().is_empty());
        std::fs::write(&secret, "").unwrap();
        let (code, _, err) =
            output(Command::new(firmware()).args(["notify", "--test", "--config"]).arg(place.path("monitor.toml")));
        assert!(code == Some(1) && err.contains("no user on the first line"), "{err}");
    }
}

#[test]
fn an_alarm_that_no_mail_server_took_is_mailed_after_a_restart() {
    let port = free_port();
    let config = "[alarm]\nstates = [\"on_state\"]\n[notify]\nname = \"pump-7\"\n".to_owned();
    let place = Place::new(&(config + &settings(port, "encryption = \"none\"\n")), 4, 2.0);
    let program = place.run_on_stdin();
    program.wait("the failure", |program| {
        program
            .stderr()
            .contains("trying again until it is there. Are host, port, encryption, ca and credentials right?")
    });
    program.signal(Signal::SIGTERM);
    let (status, _, _, stderr) = program.end();
    assert!(status.success() && stderr.contains("notify email localhost: "), "{stderr}");
    assert!(place.state().join("notify.json").exists());
    let mails = serve(port, Tls::None);
    let program = place.run_on_stdin();
    wait(|| !mails.lock().unwrap().is_empty(), || program.stderr());
    program.signal(Signal::SIGTERM);
    assert!(program.end().0.success());
    let mail = mails.lock().unwrap().remove(0);
    assert!(mail.text.contains("Subject: pump-7: alarm, an alarm state is reported\r\n"), "{}", mail.text);
    assert!(mail.text.contains("Importance: high\r\n") && !mail.text.contains("image/png"), "{}", mail.text);
}
