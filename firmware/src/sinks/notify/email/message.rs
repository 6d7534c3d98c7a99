//! A message as a mail (RFC 5322, MIME): text, and the picture as an attachment.
//!
//! All text is in base64: its lines are short, and none begins with a dot, which would end the mail.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;

use crate::sinks::notify::encoded_word::encode;
use crate::sinks::notify::http::PICTURE;
use crate::sinks::notify::notice::{Notice, NoticeKind};
use crate::system::clock;

/// Between the parts; no line of base64 begins so.
const BOUNDARY: &str = "=_part_=";

/// Bytes of a line of base64: 76 characters, the most that MIME allows.
const LINE: usize = 57;

/// The mail, with the ends of lines of SMTP, without the dot that ends it.
pub(super) fn mail(notice: &Notice, from: &str, to: &[String], picture: Option<&[u8]>) -> String {
    let host = from.rsplit_once('@').map_or("localhost", |(_, host)| host);
    let mut mail = format!("From: <{from}>\r\n");
    let to: Vec<String> = to.iter().map(|address| format!("<{address}>")).collect();
    push(&mut mail, "To", &to.join(",\r\n "));
    push(&mut mail, "Subject", &encode(&notice.title, "\r\n "));
    // The same in every attempt: a receiver recognises a mail that it has already.
    push(&mut mail, "Message-ID", &format!("<{}@{host}>", notice.id));
    // Without a right clock the mail server's time is the better one.
    if notice.clock == "synchronised"
        && let Some(time) = clock::of_utc(&notice.time)
        && let Ok(date) = rfc2822::to_string(&time.to_zoned(TimeZone::UTC))
    {
        push(&mut mail, "Date", &date);
    }
    // So that no holiday message comes back (RFC 3834).
    push(&mut mail, "Auto-Submitted", "auto-generated");
    if notice.kind == NoticeKind::Alarm {
        push(&mut mail, "Importance", "high");
    }
    push(&mut mail, "MIME-Version", "1.0");
    let text = [&notice.text, &notice.link].into_iter().filter(|part| !part.is_empty());
    let text = text.map(String::as_str).collect::<Vec<_>>().join("\n") + "\n";
    let text = text.replace('\n', "\r\n");
    let Some(picture) = picture else {
        push_part(&mut mail, "text/plain; charset=utf-8", text.as_bytes());
        return mail;
    };
    push(&mut mail, "Content-Type", &format!("multipart/mixed; boundary=\"{BOUNDARY}\""));
    let _ = write!(mail, "\r\n--{BOUNDARY}\r\n");
    push_part(&mut mail, "text/plain; charset=utf-8", text.as_bytes());
    let _ = write!(mail, "--{BOUNDARY}\r\n");
    push(&mut mail, "Content-Disposition", &format!("attachment; filename={PICTURE:?}"));
    push_part(&mut mail, "image/png", picture);
    let _ = write!(mail, "--{BOUNDARY}--\r\n");
    mail
}

fn push(mail: &mut String, name: &str, value: &str) {
    // Writing to a text cannot fail.
    let _ = write!(mail, "{name}: {value}\r\n");
}

/// The last headers of a part, and its content.
fn push_part(mail: &mut String, kind: &str, content: &[u8]) {
    push(mail, "Content-Type", kind);
    push(mail, "Content-Transfer-Encoding", "base64");
    mail.push_str("\r\n");
    for line in content.chunks(LINE) {
        STANDARD.encode_string(line, mail);
        mail.push_str("\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sinks::notify::sink::tests::notice;

    #[test]
    fn a_mail_has_its_headers_and_parts_and_no_line_that_smtp_could_misread() {
        let mut notice = notice("19f1-2");
        notice.title = "Mühle 7: alarm\r\nBcc: evil@example".into();
        (notice.text, notice.link) = (".\nState: ä".into(), "http://pump-7/".into());
        (notice.kind, notice.clock, notice.time) =
            (NoticeKind::Alarm, "synchronised".into(), "2026-11-29T04:52:11.120Z".into());
        let to = ["a@plant.example", "b@plant.example"].map(String::from);
        let picture = [0x89; 1000];
        let mail = mail(&notice, "pump-7@plant.example", &to, Some(&picture));
        let lines: Vec<&str> = mail.split("\r\n").collect();
        assert!(
            lines.iter().all(|line| line.len() <= 78 && !line.contains(['\r', '\n']) && !line.starts_with('.')),
            "{mail}"
        );
        assert!(!mail.contains("Bcc"));
        for line in [
            "From: <pump-7@plant.example>",
            "To: <a@plant.example>,",
            " <b@plant.example>",
            "Message-ID: <19f1-2@plant.example>",
            "Date: Sun, 29 Nov 2026 04:52:11 +0000",
            "Importance: high",
            "Content-Type: multipart/mixed; boundary=\"=_part_=\"",
            "--=_part_=--",
        ] {
            assert!(lines.contains(&line), "{line}: {mail}");
        }
        let content = |kind: &str| {
            let rest = mail.split_once(&format!("Content-Type: {kind}")).unwrap().1.split_once("\r\n\r\n").unwrap().1;
            let lines = rest.split("\r\n").take_while(|line| !line.starts_with("--"));
            STANDARD.decode(lines.collect::<String>()).unwrap()
        };
        assert_eq!(content("text/plain"), ".\r\nState: ä\r\nhttp://pump-7/\r\n".as_bytes());
        assert_eq!(content("image/png"), picture);
    }

    #[test]
    fn without_a_right_clock_or_a_picture_there_is_neither_a_date_nor_a_second_part() {
        let mut notice = notice("1");
        notice.clock = "unsynchronised".into();
        let mail = mail(&notice, "a@b", &["c@d".into()], None);
        assert!(!mail.contains("Date:") && !mail.contains("multipart") && !mail.contains("Importance"), "{mail}");
        assert!(mail.contains("\r\nContent-Type: text/plain; charset=utf-8\r\n"));
    }
}
