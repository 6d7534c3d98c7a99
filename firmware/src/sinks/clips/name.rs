//! Parts of the names of clips.

use crate::system::clock;

/// A state's name as part of a file's.
pub(in crate::sinks) fn plain(name: &str) -> String {
    name.chars().take(40).map(|c| if c.is_alphanumeric() || c == '-' || c == '_' { c } else { '-' }).collect()
}

/// The time of day as part of a file's name, or where that is not known the seconds since the start.
pub(in crate::sinks) fn time(time_us: u64) -> String {
    if clock::is_synchronised() {
        clock::stamp(clock::unix_ms() / 1000)
    } else {
        format!("unsynchronised-{}s", time_us / 1_000_000)
    }
}
