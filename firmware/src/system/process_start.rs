//! When this program was started, by the clock of now: as the metric `process_start_time_seconds` wants it.
//!
//! Source: proc(5). A clock that is set later moves the value once, as it moves the time of the boot.

/// Clock ticks per second of `/proc/PID/stat`: `USER_HZ`, 100 on every architecture that this program is built for.
const TICKS: f64 = 100.0;

/// Seconds since 1970; `None` where the system does not report it.
pub(crate) fn unix_s() -> Option<f64> {
    let read = |path| std::fs::read_to_string(path).ok();
    Some(boot_s(&read("/proc/stat")?)? + ticks(&read("/proc/self/stat")?)? / TICKS)
}

/// The time of the boot, from `/proc/stat`.
fn boot_s(stat: &str) -> Option<f64> {
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

/// The ticks from the boot to the start, from `/proc/self/stat`: the field 22. Fields are counted from the end of the
/// program's name, which may contain spaces and brackets.
fn ticks(stat: &str) -> Option<f64> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_is_the_boot_and_the_ticks_after_it() {
        let stat = "7 (a b) c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4250 99";
        assert_eq!((ticks(stat), boot_s("cpu 1\nbtime 1700000000\nprocesses 3\n")), (Some(4250.0), Some(1.7e9)));
        assert_eq!((ticks("7 (a) S 1"), ticks(""), boot_s("cpu 1\n")), (None, None, None));
    }

    #[test]
    fn this_program_was_started_before_now_and_after_the_boot() {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
        let start = unix_s().unwrap();
        assert!(start <= now + 1.0 && start > now - 86_400.0, "{start} {now}");
        assert_eq!(unix_s(), Some(start), "it stays the same");
    }
}
