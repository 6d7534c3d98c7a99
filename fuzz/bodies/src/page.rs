//! Requests to the page on the device, as they come from its network.

use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use firmware::sinks::page::offline::{OfflineAnswer, OfflinePage, SESSION};
use serde_json::json;
use tempfile::TempDir;

/// The content of a file beside the folders of the page, which no answer may contain.
const SECRET: &[u8] = b"the content of a file that the page does not serve";

/// What may be answered without a session: the page's files, and logging in and out.
const OPEN: [&str; 4] = ["/assets/", "/api/session", "/api/login", "/api/logout"];

/// The page, and its folders.
fn page() -> &'static Mutex<(OfflinePage, TempDir)> {
    static PAGE: OnceLock<Mutex<(OfflinePage, TempDir)>> = OnceLock::new();
    PAGE.get_or_init(|| {
        let folder = TempDir::new().expect("a folder for temporary files");
        let page = OfflinePage::new(folder.path()).expect("a page");
        fill(folder.path()).expect("a writable folder");
        Mutex::new((page, folder))
    })
}

/// Two clips of alarms, one of them a picture, one to label, and an event log.
fn fill(folder: &Path) -> std::io::Result<()> {
    for name in ["state", "clips", "teach", "events"] {
        std::fs::create_dir_all(folder.join(name))?;
    }
    std::fs::write(folder.join("secret.wav"), SECRET)?;
    std::os::unix::fs::symlink("../secret.wav", folder.join("clips/000003_state_x_3s.wav"))?;
    std::fs::write(folder.join("clips/000001_state_x_1s.wav"), [b'R'; 500])?;
    std::fs::write(folder.join("clips/000002_state_x_2s.png"), [b'P'; 500])?;
    std::fs::write(folder.join("teach/000001_unsure_x_1s.wav"), [b'R'; 500])?;
    let spectrum = json!({ "mean_db": vec![0.0; 64], "deviation_db": vec![0.0; 64] });
    let facts = json!({
        "reason": "unsure", "unix_ms": 1, "synchronised": true, "model": "m", "state": null, "leading": "x",
        "confidence": 0.5, "level_dbfs": -30.0, "anomaly": null, "explanation": "",
    });
    let entry = json!({ "facts": facts, "seconds": 5.0, "spectrum": spectrum, "parts": [] });
    std::fs::write(folder.join("teach/000001_unsure_x_1s.json"), entry.to_string())?;
    std::fs::write(folder.join("events/events-00000001.log"), &crate::seeds::events()[0])
}

/// Answers one request; see [`OfflinePage::ask`].
pub fn ask(bytes: &[u8]) -> Option<OfflineAnswer> {
    page().lock().unwrap_or_else(PoisonError::into_inner).0.ask(bytes)
}

/// Answers the request. No request fails within the page; every answer has the headers that protect browsers; without a
/// session nothing is answered but what is open; no file outside the folders is sent.
pub fn read(bytes: &[u8]) {
    let Some(OfflineAnswer { status, headers, body }) = ask(bytes) else { return };
    assert!((200..500).contains(&status), "status {status}");
    for name in ["content-security-policy", "x-content-type-options", "x-frame-options"] {
        assert!(headers.iter().any(|header| header == name), "no {name}");
    }
    assert!(!body.windows(SECRET.len()).any(|bytes| bytes == SECRET), "a file of another folder");
    let has_session = bytes.windows(SESSION.len()).any(|found| found == SESSION.as_bytes());
    if !has_session && (200..300).contains(&status) {
        let line = bytes.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
        let target = line.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
        let target = String::from_utf8_lossy(target);
        // An address may be given whole.
        let path =
            target.strip_prefix("http://").and_then(|rest| rest.find('/').map(|at| &rest[at..])).unwrap_or(&target);
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let is_index = path.is_empty() || path == "/" || !path.starts_with('/');
        assert!(is_index || OPEN.iter().any(|open| path.starts_with(open)), "{path} without a session");
    }
}
