//! The time zone of quiet hours and of the times in messages.

use std::path::Path;

use jiff::tz::TimeZone;

/// Where systems keep the zones by their names.
const FOLDER: &str = "/usr/share/zoneinfo";

/// The zone of the system, where it has one.
const LOCAL: &str = "/etc/localtime";

/// Longest file that is read, in bytes: twenty times the largest zone.
const MOST: u64 = 64 * 1024;

/// The zone of a name (`Europe/Berlin`) or a rule (`CET-1CEST,M3.5.0,M10.5.0/3`, POSIX); the system's, else UTC, where `text`
/// is empty. `None` where there is no such zone here.
pub(super) fn zone(text: &str) -> Option<TimeZone> {
    if text.is_empty() {
        return Some(read("local", Path::new(LOCAL)).unwrap_or(TimeZone::UTC));
    }
    // A name is no path: no folder above, nothing hidden.
    let is_plain =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "_+-".contains(c));
    let named = text.split('/').all(is_plain).then(|| read(text, &Path::new(FOLDER).join(text)));
    named.flatten().or_else(|| TimeZone::posix(text).ok())
}

fn read(name: &str, path: &Path) -> Option<TimeZone> {
    let found = std::fs::metadata(path).ok()?;
    if !found.is_file() || found.len() > MOST {
        return None;
    }
    TimeZone::tzif(name, &std::fs::read(path).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_a_rule_or_a_name_and_nothing_else() {
        assert!(zone("").is_some());
        for text in ["CET-1CEST,M3.5.0,M10.5.0/3", "UTC0", "<+0330>-3:30"] {
            assert!(zone(text).is_some(), "{text}");
        }
        if Path::new(FOLDER).join("Europe/Berlin").exists() {
            assert!(zone("Europe/Berlin").is_some());
        }
        for text in ["Nowhere/Atlantis", "../../../etc/passwd", "/etc/localtime", "22:00", " "] {
            assert!(zone(text).is_none(), "{text}");
        }
    }
}
