//! As much of HTTP as one page takes: one request, one answer, and the end.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Longest head of a request.
const LONGEST: usize = 4096;

/// Headers that are taken.
const HEADERS: usize = 64;

/// What a whole request and its answer may take.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Answers one request: `page` with the text of `path`.
pub(super) fn answer(mut stream: TcpStream, path: &str, content_type: &str, page: impl FnOnce() -> String) {
    let Some(Asked { status, is_head }) = request(&mut stream, path) else { return };
    let (status, content_type, body) = match status {
        200 => ("200 OK", content_type, page()),
        404 => ("404 Not Found", "text/plain", format!("there is only {path} here\n")),
        405 => ("405 Method Not Allowed", "text/plain", "only GET and HEAD are answered\n".into()),
        _ => ("400 Bad Request", "text/plain", "this is no HTTP request\n".into()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    // A reader that has gone needs no answer.
    let _ = stream.set_write_timeout(Some(TIMEOUT));
    let _ = stream.write_all(head.as_bytes());
    if !is_head {
        let _ = stream.write_all(body.as_bytes());
    }
}

/// What a request comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The status of the answer: 200, 400, 404 or 405.
    pub status: u16,
    /// Whether only the head of the answer is wanted.
    pub is_head: bool,
}

/// Reads a request's head; `None` if the connection sends no request.
fn request(stream: &mut TcpStream, path: &str) -> Option<Asked> {
    let begun = Instant::now();
    let mut head = [0; LONGEST];
    let mut len = 0;
    loop {
        let left = TIMEOUT.checked_sub(begun.elapsed()).filter(|left| !left.is_zero())?;
        stream.set_read_timeout(Some(left)).ok()?;
        len += match stream.read(&mut head[len..]) {
            Ok(0) | Err(_) => return None,
            Ok(read) => read,
        };
        if let Some(asked) = judge(&head[..len], path) {
            return Some(asked);
        }
    }
}

/// What the first bytes of a request, at most 4096, come to, where there is only `path`; `None` while it is not whole.
pub fn judge(head: &[u8], path: &str) -> Option<Asked> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(head) {
        Ok(httparse::Status::Partial) if head.len() < LONGEST => None,
        Ok(httparse::Status::Partial) | Err(_) => Some(Asked { status: 400, is_head: false }),
        Ok(httparse::Status::Complete(_)) => {
            let status = match request.method {
                Some("GET" | "HEAD") if request.path.and_then(|asked| asked.split('?').next()) == Some(path) => 200,
                Some("GET" | "HEAD") => 404,
                _ => 405,
            };
            Some(Asked { status, is_head: request.method == Some("HEAD") })
        }
    }
}
