//! A line of text for each event that is a change, for logs that keep what is written: windows and the health of each second are
//! left out.

use std::io::Write;

use monitor_model::line::Line;
use monitor_wire::TextList;

use crate::reporting::{Event, Item};

/// Whether the event is more than the next of its kind.
pub(super) fn is_change(event: &Event<'_>) -> bool {
    !matches!(event, Event::Window(_) | Event::Health(_))
}

/// Appends the item as a line of text, or nothing.
pub(super) fn write(item: &Item, labels: TextList<'_>, out: &mut Vec<u8>) {
    if is_change(&item.event) {
        // Into memory: it cannot fail.
        let _ = writeln!(out, "{}", Line { frame: item.frame(), labels });
    }
}

#[cfg(test)]
mod tests {
    use monitor_wire::{Health, StateChange};

    use super::*;

    #[test]
    fn a_change_of_state_is_a_line_and_health_is_none() {
        let labels = TextList::new(&["off_state", "on_state"]);
        let mut out = Vec::new();
        let change = StateChange { index: 1, previous: None, state: Some(1), confidence: 0.9 };
        for event in [Event::Health(Health::default()), Event::StateChange(change)] {
            write(&Item { sequence: 0, time_us: 2_000_000, event }, labels, &mut out);
        }
        assert_eq!(String::from_utf8(out).unwrap(), "[2.00] STATE unknown -> on_state (0.90)\n");
    }
}
