//! The dialogue with a mail server: commands and replies of one line or several (RFC 5321, section 4.2).

use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Longest line of a reply in bytes, twice what RFC 5321 allows, and most lines of one.
const LONGEST_LINE: usize = 1024;
const MOST_LINES: usize = 100;

/// Most characters of a reply that are reported.
const MOST_REPORTED: usize = 200;

/// Why a command has failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// There is no connection (any more), or what arrives is no reply.
    Connection(String),
    /// The server has refused it, with a code and a text.
    Reply(u16, String),
}

impl Fault {
    /// The reason for people.
    pub(super) fn why(self) -> String {
        match self {
            Self::Connection(why) => why,
            Self::Reply(code, text) => format!("the mail server answers {code} {text}"),
        }
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Connection(error.to_string())
    }
}

/// The lines of a reply without their codes.
type Lines = Vec<String>;

/// A connection with what of it was received and not read yet.
pub(super) struct Dialogue<S> {
    stream: S,
    received: Vec<u8>,
}

impl<S: Read + Write> Dialogue<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, received: Vec::new() }
    }

    /// The connection, to be encrypted.
    ///
    /// # Errors
    /// When something was received that nobody could have sent yet: it would be taken for the server's within TLS.
    pub(super) fn into_stream(self) -> Result<S, Fault> {
        if self.received.is_empty() { Ok(self.stream) } else { Err(Fault::Connection("a reply came unasked".into())) }
    }

    /// Sends a command, and takes a reply whose code begins with this digit.
    ///
    /// # Errors
    /// [`Fault`].
    pub(super) fn command(&mut self, command: &str, digit: u16) -> Result<Lines, Fault> {
        self.send(format!("{command}\r\n").as_bytes())?;
        self.reply(digit)
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// When there is no connection.
    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.stream.write_all(bytes)?;
        Ok(self.stream.flush()?)
    }

    /// Takes a reply whose code begins with this digit.
    ///
    /// # Errors
    /// [`Fault`].
    pub(super) fn reply(&mut self, digit: u16) -> Result<Lines, Fault> {
        let mut lines = Vec::new();
        loop {
            let line = self.line()?;
            let code = line.get(..3).and_then(|code| code.parse::<u16>().ok()).filter(|code| (200..600).contains(code));
            let code = code.ok_or_else(|| Fault::Connection("the answer is not that of a mail server".into()))?;
            lines.push(line.get(4..).unwrap_or_default().to_owned());
            if line.as_bytes().get(3) != Some(&b'-') {
                if code / 100 == digit {
                    return Ok(lines);
                }
                let text = lines.join(" ").replace(char::is_control, " ");
                return Err(Fault::Reply(code, text.chars().take(MOST_REPORTED).collect()));
            }
            if lines.len() == MOST_LINES {
                return Err(Fault::Connection("the mail server's answer does not end".into()));
            }
        }
    }

    /// The next line, without its end.
    fn line(&mut self) -> Result<String, Fault> {
        loop {
            if let Some(end) = self.received.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.received.drain(..=end).collect();
                return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            if self.received.len() > LONGEST_LINE {
                return Err(Fault::Connection("the mail server's answer is too long".into()));
            }
            let mut piece = [0; 512];
            match self.stream.read(&mut piece) {
                Ok(0) => return Err(Fault::Connection("the mail server closed the connection".into())),
                Ok(count) => self.received.extend_from_slice(&piece[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Sends the name of this device, and returns the extensions that the server offers.
    ///
    /// # Errors
    /// [`Fault`].
    pub(super) fn hello(&mut self, name: &str) -> Result<Lines, Fault> {
        let lines = self.command(&format!("EHLO {name}"), 2)?;
        Ok(lines.into_iter().skip(1).map(|line| line.to_ascii_uppercase()).collect())
    }

    /// Authenticates by one of the two methods that every server has (RFC 4616, and the older LOGIN).
    ///
    /// # Errors
    /// [`Fault`].
    pub(super) fn authenticate(&mut self, extensions: &[String], user: &str, password: &str) -> Result<(), Fault> {
        let methods = extensions.iter().find_map(|line| line.strip_prefix("AUTH")).unwrap_or_default();
        let has = |name: &str| methods.split([' ', '=']).any(|method| method == name);
        if has("PLAIN") {
            self.command(&format!("AUTH PLAIN {}", STANDARD.encode(format!("\0{user}\0{password}"))), 2)?;
        } else if has("LOGIN") {
            self.command("AUTH LOGIN", 3)?;
            self.command(&STANDARD.encode(user), 3)?;
            self.command(&STANDARD.encode(password), 2)?;
        } else {
            let why = "the mail server offers neither AUTH PLAIN nor AUTH LOGIN; is encryption right?";
            return Err(Fault::Connection(why.into()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that has sent all that it will.
    struct Script<'a>(&'a [u8], Vec<u8>);

    impl Read for Script<'_> {
        fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
            // In pieces of a few bytes.
            let count = bytes.len().min(7);
            self.0.read(&mut bytes[..count])
        }
    }

    impl Write for Script<'_> {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.1.write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn dialogue(answers: &[u8]) -> Dialogue<Script<'_>> {
        Dialogue::new(Script(answers, Vec::new()))
    }

    #[test]
    fn replies_of_several_lines_are_read_and_refusals_are_reported_on_one_line() {
        let mut server = dialogue(
            b"250-mail.example\r\n250-auth PLAIN LOGIN\r\n250 8BITMIME\r\n550-5.1.1 no\x07such\r\n550\r\n220 on\n",
        );
        assert_eq!(server.hello("[127.0.0.1]").unwrap(), ["AUTH PLAIN LOGIN", "8BITMIME"]);
        assert_eq!(server.reply(2), Err(Fault::Reply(550, "5.1.1 no such ".into())));
        assert_eq!(server.reply(2).unwrap(), ["on"]);
        assert!(matches!(server.reply(2), Err(Fault::Connection(_))));
        assert_eq!(server.stream.1, b"EHLO [127.0.0.1]\r\n");
    }

    #[test]
    fn what_is_no_reply_ends_the_dialogue_in_bounded_memory() {
        let endless = b"250-x\r\n".repeat(200);
        let long = [b'2'; 5000];
        for answers in
            [&b"HTTP/1.1 400 Bad\r\n"[..], b"99\r\n", b"999 x\r\n", "25\u{e9} x\r\n".as_bytes(), &endless, &long, b""]
        {
            assert!(matches!(dialogue(answers).reply(2), Err(Fault::Connection(_))), "{answers:?}");
        }
        assert!(dialogue(b"").into_stream().is_ok());
        let mut early = dialogue(b"220 go\r\n250 evil\r\n");
        early.reply(2).unwrap();
        early.line().unwrap();
        assert!(early.into_stream().is_ok());
        let mut early = dialogue(b"220\r\n250\r\n");
        early.reply(2).unwrap();
        assert!(early.into_stream().is_err());
    }

    #[test]
    fn the_method_that_the_server_offers_authenticates() {
        let offered = |line: &str| vec![line.to_owned()];
        let mut server = dialogue(b"235 ok\r\n");
        server.authenticate(&offered("AUTH LOGIN PLAIN"), "user", "word").unwrap();
        assert_eq!(server.stream.1, b"AUTH PLAIN AHVzZXIAd29yZA==\r\n");
        let mut server = dialogue(b"334 VXNlcm5hbWU6\r\n334 UGFzc3dvcmQ6\r\n535 5.7.8 no\r\n");
        let refused = server.authenticate(&offered("AUTH=LOGIN"), "user", "word");
        assert_eq!(refused, Err(Fault::Reply(535, "5.7.8 no".into())));
        assert_eq!(server.stream.1, b"AUTH LOGIN\r\ndXNlcg==\r\nd29yZA==\r\n");
        assert!(dialogue(b"").authenticate(&offered("AUTH GSSAPI"), "user", "word").is_err());
    }
}
