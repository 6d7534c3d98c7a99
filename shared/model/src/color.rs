//! Whether text on a terminal is coloured: `--color auto|always|never` and the environment.
//!
//! Sources: <https://no-color.org> (`NO_COLOR`, where it is not empty, switches colours off), and terminfo(5) (`TERM` is `dumb`
//! for a terminal without them). Where `TERM` is not set, nothing is known of the terminal; Windows does not set it.

use std::ffi::OsString;

/// What `--color WHEN` or `--color=WHEN` among a program's arguments asks for: `Some(true)` is always, `Some(false)` never,
/// `None` automatic. For help texts and usage errors, which are printed before the arguments are parsed; the last one counts.
pub fn asked(arguments: impl IntoIterator<Item = OsString>) -> Option<bool> {
    let mut arguments = arguments.into_iter().map(|argument| argument.to_string_lossy().into_owned());
    let mut asked = None;
    while let Some(argument) = arguments.next() {
        let when = match argument.as_str() {
            "--" => break,
            "--color" => arguments.next(),
            other => other.strip_prefix("--color=").map(String::from),
        };
        match when.as_deref() {
            Some("always") => asked = Some(true),
            Some("never") => asked = Some(false),
            Some("auto") => asked = None,
            _ => {}
        }
    }
    asked
}

/// Whether to colour a stream: as `asked`, otherwise if it is a terminal with colours and the environment does not forbid it.
pub fn enabled(asked: Option<bool>, is_terminal: bool) -> bool {
    asked.unwrap_or_else(|| is_terminal && allowed(&|name| std::env::var_os(name)))
}

fn allowed(variable: &dyn Fn(&str) -> Option<OsString>) -> bool {
    let is_set = |name| variable(name).is_some_and(|value| !value.is_empty());
    let terminal = variable("TERM").filter(|terminal| !terminal.is_empty());
    !is_set("NO_COLOR") && terminal.map_or(cfg!(windows), |terminal| terminal != "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked_by(line: &str) -> Option<bool> {
        asked(line.split(' ').map(OsString::from))
    }

    #[test]
    fn the_option_is_found_in_both_forms_and_the_last_one_counts() {
        assert_eq!(asked_by("p run --color=never"), Some(false));
        assert_eq!(asked_by("p --color always run"), Some(true));
        assert_eq!(asked_by("p --color always run --color=auto"), None);
        assert_eq!(asked_by("p run -- --color=always"), None);
        assert_eq!(asked_by("p run --color"), None);
        assert_eq!(asked_by("p run --color=sometimes"), None);
    }

    #[test]
    fn the_environment_decides_unless_the_option_does() {
        let allowed = |variables: &[(&str, &str)]| {
            super::allowed(&|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()))
        };
        assert!(allowed(&[("TERM", "linux")]) && allowed(&[("NO_COLOR", ""), ("TERM", "xterm")]));
        assert!(!allowed(&[("NO_COLOR", "1"), ("TERM", "linux")]) && !allowed(&[("TERM", "dumb")]));
        assert_eq!((allowed(&[]), allowed(&[("TERM", "")])), (cfg!(windows), cfg!(windows)));
        assert_eq!(
            (enabled(Some(true), false), enabled(Some(false), true), enabled(None, false)),
            (true, false, false)
        );
    }
}
