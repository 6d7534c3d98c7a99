//! Mail servers that answer what a script says, whatever they are asked.

use std::net::{Shutdown, TcpListener};
use std::thread::JoinHandle;

use super::*;
use crate::sinks::notify::sink::tests::notice;

/// Answers one connection at once with everything; returns what was sent to it. With `silent` it then waits for more.
fn serve(answers: &'static str, silent: bool) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(answers.as_bytes()).unwrap();
        if !silent {
            stream.shutdown(Shutdown::Write).unwrap();
        }
        let mut sent = Vec::new();
        // A client that gives up may reset the connection.
        let _ = stream.read_to_end(&mut sent);
        String::from_utf8_lossy(&sent).into_owned()
    });
    (port, thread)
}

/// The outcome of a mail to this server, and what was sent.
fn outcome(encryption: Encryption, answers: &'static str, silent: bool) -> (Outcome, String) {
    let (port, thread) = serve(answers, silent);
    let to = ["a@plant.example", "b@plant.example"].map(String::from).to_vec();
    let config =
        EmailConfig { host: "127.0.0.1".into(), port, encryption, from: "pump@plant".into(), to, ..Default::default() };
    let mailer = Mailer::new(&config, Path::new(""), Duration::from_millis(100)).unwrap().unwrap();
    let outcome = mailer.send(&notice("1"), None);
    (outcome, thread.join().unwrap())
}

#[test]
fn a_mail_goes_to_those_whom_the_server_takes() {
    let answers =
        "220 hi\r\n250-mail\r\n250 SIZE\r\n250 ok\r\n550 nobody\r\n250 ok\r\n354 go\r\n250 queued\r\n221 bye\r\n";
    let (outcome, sent) = outcome(Encryption::None, answers, false);
    assert_eq!(outcome, Outcome::Delivered);
    let begins = "EHLO [127.0.0.1]\r\nMAIL FROM:<pump@plant>\r\nRCPT TO:<a@plant.example>\r\nRCPT TO:<b@plant.example>\r\nDATA\r\nFrom: <pump@plant>\r\n";
    assert!(sent.starts_with(begins) && sent.ends_with("\r\n.\r\nQUIT\r\n"), "{sent}");
}

#[test]
fn only_what_the_server_says_of_the_whole_mail_refuses_it() {
    let accepted = "220 hi\r\n250 mail\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n";
    let after = |last: &str| -> &'static str { Box::leak((accepted.to_owned() + last).into_boxed_str()) };
    for (answers, refused, part) in [
        ("554 not you\r\n", false, "554 not you"),
        ("220 hi\r\n250 mail\r\n530 5.7.0 authenticate first\r\n", false, "530 5.7.0 authenticate first"),
        ("220 hi\r\n250 mail\r\n250 ok\r\n550 nobody\r\n551 nobody either\r\n", false, "550 nobody"),
        (after("451 later\r\n"), false, "451 later"),
        (after("552 too large\r\n"), true, "552 too large"),
        (after(""), false, "closed the connection"),
        ("HTTP/1.1 400 Bad Request\r\n", false, "not that of a mail server"),
    ] {
        match outcome(Encryption::None, answers, false).0 {
            Outcome::Refused(why) => assert!(refused && why.contains(part), "{answers}: {why}"),
            Outcome::Failed(why, _) => assert!(!refused && why.contains(part), "{answers}: {why}"),
            Outcome::Delivered => panic!("{answers}"),
        }
    }
}

#[test]
fn nothing_is_sent_without_the_encryption_that_is_asked_for_and_a_silent_server_holds_nothing_up() {
    let starttls = "220 hi\r\n250-mail\r\n250 STARTTLS\r\n220 go\r\n";
    let injected: &'static str = Box::leak((starttls.to_owned() + "250 mine\r\n").into_boxed_str());
    for (encryption, answers, silent, part) in [
        (Encryption::StartTls, "220 hi\r\n250-mail\r\n250 AUTH PLAIN\r\n", false, "offers no STARTTLS"),
        (Encryption::StartTls, "220 hi\r\n250-mail\r\n250 STARTTLS\r\n454 no\r\n", false, "454 no"),
        (Encryption::StartTls, injected, false, "unasked"),
        (Encryption::StartTls, starttls, true, "too long"),
        (Encryption::StartTls, "", true, "too long"),
        (Encryption::Tls, "", true, "too long"),
        (Encryption::Tls, "220 hi\r\n", true, ""),
        (Encryption::None, "220-hi\r\n", true, "too long"),
    ] {
        let begun = Instant::now();
        let (outcome, sent) = outcome(encryption, answers, silent);
        let Outcome::Failed(why, None) = outcome else { panic!("{outcome:?}") };
        assert!(why.contains(part), "{answers}: {why}");
        assert!(!sent.contains("MAIL") && !sent.contains("AUTH"), "{answers}: {sent}");
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
}

#[test]
fn a_host_that_is_not_there_is_a_failure() {
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    for host in ["127.0.0.1", "nowhere.invalid"] {
        let config = EmailConfig { host: host.into(), port, ..EmailConfig::default() };
        let mailer = Mailer::new(&config, Path::new(""), Duration::from_millis(100)).unwrap().unwrap();
        assert!(matches!(mailer.send(&notice("1"), None), Outcome::Failed(..)), "{host}");
    }
}
