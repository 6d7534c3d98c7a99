//! One JSON object per report and line.

use monitor_model::line::Line;

use crate::outbox::Item;

/// Appends the item as a line of JSON.
pub fn write(item: &Item, labels: &str, out: &mut Vec<u8>) {
    // Into memory, of numbers, texts and lists: it cannot fail.
    let _ = serde_json::to_writer(&mut *out, &Line { frame: item.frame(), labels });
    out.push(b'\n');
}
