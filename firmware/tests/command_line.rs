//! What every command shares: version, verbosity, colours, where the configuration is found.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod common;

use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};

use common::place::Place;
use common::program::{firmware, output, parse, verdicts};

/// A command that sees no configuration and no wish for colours of whoever runs the tests.
fn command(args: &[&str]) -> Command {
    let mut command = Command::new(firmware());
    command.args(args);
    for name in ["ACOUSTIC_MONITOR_CONFIG", "XDG_CONFIG_HOME", "HOME", "NO_COLOR", "CLICOLOR_FORCE", "TERM"] {
        command.env_remove(name);
    }
    command
}

/// What a command writes to standard error where that is a terminal.
fn on_terminal(command: &mut Command) -> String {
    let terminal = nix::pty::openpty(None, None).unwrap();
    command.stderr(terminal.slave).status().unwrap();
    // The last descriptor of the terminal's other side: the end of what there is to read.
    command.stderr(Stdio::null());
    let mut shown = Vec::new();
    // Linux reports the end as an error.
    let _ = File::from(terminal.master).read_to_end(&mut shown);
    String::from_utf8(shown).unwrap()
}

#[test]
fn the_version_names_commit_features_and_target_and_its_short_form_the_number_alone() {
    let (code, text, _) = output(&mut command(&["--version"]));
    assert_eq!(code, Some(0));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], concat!("firmware ", env!("CARGO_PKG_VERSION")));
    assert!(lines[1].starts_with("commit: ") && lines[1].len() > 10, "{text}");
    let has = |feature: &str| lines[2].split(' ').any(|word| word == feature);
    assert!(lines[2].starts_with("features: "), "{text}");
    assert_eq!((has("mqtt"), has("page")), (cfg!(feature = "mqtt"), cfg!(feature = "page")), "{text}");
    assert!(lines[3].starts_with("target: ") && lines[3].contains(std::env::consts::ARCH), "{text}");
    let (_, short, _) = output(&mut command(&["-V"]));
    assert_eq!(short.trim_end(), lines[0]);
}

#[test]
fn the_configuration_is_the_one_that_the_variable_or_the_users_folder_has() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("acoustic-monitor/monitor.toml");
    std::fs::create_dir(own.parent().unwrap()).unwrap();
    std::fs::write(&own, "[status]\nfile = \"/own/status.json\"\n").unwrap();
    let named = folder.path().join("named.toml");
    std::fs::write(&named, "[status]\nfile = \"/named/status.json\"\n").unwrap();
    let health = |variables: &[(&str, &std::path::Path)]| {
        let mut command = command(&["health"]);
        for (name, value) in variables {
            command.env(name, value);
        }
        output(&mut command).2
    };
    assert!(health(&[("XDG_CONFIG_HOME", folder.path())]).contains("/own/status.json"));
    let both = [("XDG_CONFIG_HOME", folder.path()), ("ACOUSTIC_MONITOR_CONFIG", &named)];
    assert!(health(&both).contains("/named/status.json"));
    let absent = folder.path().join("absent.toml");
    let stderr = health(&[("ACOUSTIC_MONITOR_CONFIG", &absent)]);
    assert!(stderr.contains("absent.toml: the configuration cannot be read"), "{stderr}");
}

#[test]
fn quiet_hides_notes_and_verbose_adds_details_and_neither_changes_the_results() {
    let place = Place::new("", 3, 2.0);
    let check = |options: &[&str]| {
        let config = place.path("monitor.toml");
        let mut command = command(&["check", "--json", "--hop", "0.5", "--config", config.to_str().unwrap()]);
        let (code, text, stderr) = output(command.args(options).arg(place.wav()));
        assert_eq!(code, Some(0), "{stderr}");
        (verdicts(&parse(&text)), stderr)
    };
    let (normal, notes) = check(&[]);
    let (quiet, nothing) = check(&["-q"]);
    let (verbose, details) = check(&["-v"]);
    assert!(!notes.is_empty() && !notes.contains("detail: "), "{notes}");
    assert_eq!(nothing, "");
    assert!(details.contains("detail: configuration: ") && details.contains("detail: model: "), "{details}");
    assert!(details.contains("states off_state, on_state; "), "{details}");
    assert!(!normal.is_empty() && normal == quiet && normal == verbose);
    assert_eq!(output(&mut command(&["check", "-v", "-q", "x.wav"])).0, Some(2));
}

#[test]
fn errors_are_shown_with_quiet_too_and_are_coloured_only_where_asked() {
    let error = |options: &[&str], no_color: Option<&str>| {
        let mut command = command(&["check", "--model", "/nowhere/model.tflite", "x.wav"]);
        if let Some(value) = no_color {
            command.env("NO_COLOR", value);
        }
        output(command.args(options)).2
    };
    assert!(error(&["-q"], None).starts_with("error: model /nowhere/model.tflite"));
    assert!(error(&["--color", "always"], None).starts_with("\x1b[1;31merror:\x1b[0m model "));
    // The option goes before the variable.
    assert!(error(&["--color=always"], Some("1")).starts_with("\x1b[1;31merror:\x1b[0m model "));
    assert!(error(&["--color=never"], None).starts_with("error: model "));
    // A terminal is asked for nothing that its variable does not promise.
    let shown = |variables: &[(&str, &str)]| {
        on_terminal(command(&["check", "--model", "/nowhere/model.tflite", "x.wav"]).envs(variables.iter().copied()))
    };
    assert!(shown(&[("TERM", "linux")]).starts_with("\x1b[1;31merror:\x1b[0m model "));
    for variables in [&[("TERM", "linux"), ("NO_COLOR", "1")][..], &[("TERM", "dumb")], &[]] {
        assert!(shown(variables).starts_with("error: model "), "{variables:?}");
    }
    let help = |option| output(&mut command(&["--help", option])).1;
    assert!(help("--color=always").contains("\x1b["));
    assert!(!help("--color=never").contains("\x1b["));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_standard_output_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("monitor.toml");
    std::fs::write(&file, "").unwrap();
    for asked in [&["validate-config", file.to_str().unwrap()][..], &["--version"], &["--help"], &["help", "run"]] {
        let result = command(asked).stdout(File::create("/dev/full").unwrap()).output().unwrap();
        let stderr = String::from_utf8(result.stderr).unwrap();
        assert_eq!(result.status.code(), Some(1), "{asked:?}: {stderr}");
        assert!(stderr.contains("cannot write to standard output: No space left"), "{asked:?}: {stderr}");
    }
}
