//! The tables that users write beside their recordings: `manifest.csv`, `*.timeline.csv` and label tracks.

use std::path::Path;

use host_tools::{labelled_parts, manifest_rows};
use monitor_synth::timeline::Timeline;

/// Parses the bytes as each of them.
pub fn read(bytes: &[u8]) {
    // In any encoding; parts never exceed the bytes.
    if let Ok(Some(parts)) = labelled_parts(bytes) {
        assert!(parts <= bytes.len());
    }
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    // Rows found and skipped never exceed the lines of the text.
    if let Ok((found, skipped)) = manifest_rows(text, Path::new("/nowhere")) {
        assert!(found + skipped <= text.lines().count() + text.matches('\r').count());
    }
    let Ok(timeline) = Timeline::parse(text) else { return };
    assert_eq!(Timeline::parse(&timeline.to_csv()).expect("what is written can be read"), timeline);
    for span in &timeline.spans {
        assert_eq!(timeline.label_at(span.start_s), Some(&span.label[..]));
    }
}
