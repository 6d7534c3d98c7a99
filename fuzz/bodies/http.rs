//! The head of a request to the device's one page.

use firmware::sinks::prometheus::http::{Asked, judge};

/// Judges the head as it would grow, byte by byte: once it is judged, the first bytes decide.
pub fn read(bytes: &[u8]) {
    let head = &bytes[..bytes.len().min(4096)];
    let Some(Asked { status, .. }) = judge(head, "/metrics") else { return };
    assert!(matches!(status, 200 | 400 | 404 | 405));
    if status == 200 {
        assert!(head.windows(8).any(|bytes| bytes == b"/metrics"));
    }
}
