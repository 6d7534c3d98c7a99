//! The head of an HTTP request to the device's metrics page.

use firmware::sinks::prometheus::http::{Asked, judge};

/// Judges the head. An answer is one of four status codes, and 200 only for the path of the page.
pub fn read(bytes: &[u8]) {
    let head = &bytes[..bytes.len().min(4096)];
    let Some(Asked { status, .. }) = judge(head, "/metrics") else { return };
    assert!(matches!(status, 200 | 400 | 404 | 405));
    if status == 200 {
        assert!(head.windows(8).any(|bytes| bytes == b"/metrics"));
    }
}
