//! The configured GPIO lines: does the chip have them, and are they free?

use super::places::access;
use super::report::{Check, Verdict};
use crate::sinks::gpio::Config as GpioConfig;
use crate::sinks::gpio::chip::CONSUMER;

/// The chip's information about a line: its current user, if any.
struct Line {
    used_by: Option<String>,
}

/// The chip and its lines.
pub(super) fn examine(config: &GpioConfig) -> Check {
    if !config.is_used() {
        return Check::new("gpio", Verdict::Good, "no line is configured");
    }
    let check = access(
        "gpio",
        &config.chip,
        "gpio",
        "set gpio.chip: `ls /dev/gpiochip*` lists them; on a Pi 5 it may be gpiochip4",
    );
    if check.verdict != Verdict::Good {
        return check;
    }
    let chip = match gpiocdev::Chip::from_path(&config.chip) {
        Ok(chip) => chip,
        Err(error) => {
            return Check::new("gpio", Verdict::Broken, format!("{}: {error}", config.chip.display()))
                .remedy("set gpio.chip to a GPIO chip: `ls /dev/gpiochip*` lists them");
        }
    };
    judge(config, |line| {
        let info = chip.line_info(line).ok()?;
        Some(Line { used_by: info.used.then_some(info.consumer) })
    })
}

/// Judges the lines by what `look` finds of each; `None` for one that the chip does not have.
fn judge(config: &GpioConfig, look: impl Fn(u32) -> Option<Line>) -> Check {
    let (mut missing, mut taken, mut ours) = (Vec::new(), Vec::new(), 0);
    let lines: Vec<u32> = config.lines().collect();
    for &line in &lines {
        match look(line) {
            None => missing.push(line.to_string()),
            Some(Line { used_by: Some(user) }) if user == CONSUMER => ours += 1,
            Some(Line { used_by: Some(user) }) => taken.push(format!("{line} by {user}")),
            Some(Line { used_by: None }) => {}
        }
    }
    let chip = config.chip.display();
    if !missing.is_empty() {
        return Check::new("gpio", Verdict::Broken, format!("{chip} has no line {}", missing.join(", ")))
            .remedy("`gpioinfo` lists the lines of each chip; on a Pi they are the BCM numbers");
    }
    if !taken.is_empty() {
        return Check::new("gpio", Verdict::Broken, format!("{chip}: used are {}", taken.join(", "))).remedy(
            "choose free lines (`gpioinfo` lists them), or end what uses them; overlays in config.txt take lines as well",
        );
    }
    let held = if ours > 0 { format!(", {ours} of them held by a running monitor") } else { String::new() };
    Check::new("gpio", Verdict::Good, format!("{chip} has the {} configured lines{held}", lines.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> GpioConfig {
        GpioConfig { alarm: Some(27), heartbeat: Some(22), ..GpioConfig::default() }
    }

    /// The check on a chip of 28 lines, of which `used` is used by `user`.
    fn on_chip(config: &GpioConfig, used: u32, user: &str) -> Check {
        judge(config, |line| (line < 28).then(|| Line { used_by: (line == used).then(|| user.to_owned()) }))
    }

    #[test]
    fn what_is_not_configured_is_good() {
        assert_eq!(examine(&GpioConfig::default()).verdict, Verdict::Good);
    }

    #[test]
    fn a_chip_that_is_not_there_or_is_none_is_broken() {
        for chip in ["/dev/no-such-chip", "/dev/null"] {
            let check = examine(&GpioConfig { chip: chip.into(), ..config() });
            assert_eq!(check.verdict, Verdict::Broken);
            assert!(check.found.contains(chip) && check.remedy.is_some(), "{check:?}");
        }
    }

    #[test]
    fn free_lines_are_good() {
        assert_eq!(on_chip(&config(), 4, "w1").verdict, Verdict::Good);
    }

    #[test]
    fn a_line_used_by_another_program_is_broken_and_names_the_program() {
        let check = on_chip(&config(), 22, "spi0 CS1");
        assert_eq!((check.verdict, check.found.as_str()), (Verdict::Broken, "/dev/gpiochip0: used are 22 by spi0 CS1"));
    }

    #[test]
    fn a_line_that_a_running_monitor_holds_is_good() {
        let check = on_chip(&config(), 22, CONSUMER);
        assert!(check.verdict == Verdict::Good && check.found.contains("1 of them held"), "{check:?}");
    }

    #[test]
    fn a_line_that_the_chip_does_not_have_is_broken() {
        let check = on_chip(&GpioConfig { alarm: Some(99), ..config() }, 4, "w1");
        assert_eq!((check.verdict, check.found.as_str()), (Verdict::Broken, "/dev/gpiochip0 has no line 99"));
    }
}
