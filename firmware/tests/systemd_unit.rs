//! The systemd unit permits every operation of the program. (With the unit's system call filter but without the calls named
//! here, the program ends with SIGSYS as soon as it reads the clock state.)
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

use firmware::config::Config;

const UNIT: &str = include_str!("../../image/systemd/acoustic-monitor.service");

/// All values of a setting.
fn values(name: &str) -> Vec<&str> {
    UNIT.lines()
        .filter_map(|line| line.split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value)
        .collect()
}

#[test]
fn the_unit_allows_reading_the_clock_state_but_not_setting_the_clock() {
    // `systemd-analyze syscall-filter @system-service` does not list these calls; C libraries read the clock state with one
    // of them.
    let allowed: Vec<&str> = values("SystemCallFilter").iter().flat_map(|value| value.split(' ')).collect();
    for call in ["@system-service", "adjtimex", "clock_adjtime", "clock_adjtime64"] {
        assert!(allowed.contains(&call), "{call} is not in {allowed:?}");
    }
    // ProtectClock would also block reading.
    assert!(values("ProtectClock").is_empty());
    let capabilities = values("CapabilityBoundingSet").join(" ");
    assert!(!capabilities.is_empty() && !capabilities.contains("CAP_SYS_TIME"), "{capabilities}");
}

#[test]
fn the_unit_makes_the_state_directory_writable() {
    assert_eq!(values("ProtectSystem"), ["strict"]);
    let own = values("StateDirectory").join("");
    assert_eq!(Config::default().listen.state_dir, std::path::Path::new("/var/lib").join(own));
}
