//! One JSON object per event and line.

use monitor_model::document::{Document, LINE};
use monitor_model::line::Line;
use monitor_wire::TextList;

use crate::reporting::Item;

/// Appends the item as a line of JSON.
pub(super) fn write(item: &Item, labels: TextList<'_>, out: &mut Vec<u8>) {
    // Into memory, of numbers, texts and lists: it cannot fail.
    let _ = serde_json::to_writer(&mut *out, &Document::new(LINE, Line { frame: item.frame(), labels }));
    out.push(b'\n');
}
