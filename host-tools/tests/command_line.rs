//! What the program says of itself: completions, manual pages.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

use std::process::{Command, Stdio};

fn host_tools(args: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_host-tools")).args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// The commands that `--help` lists.
fn commands() -> Vec<String> {
    let (_, help, _) = host_tools(&["--help"]);
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    // Deeper indented are the further lines of a description.
    let entries = list.lines().filter(|line| !line.starts_with("   "));
    let names = entries.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    names.map(String::from).collect()
}

#[test]
fn the_completions_of_every_shell_have_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let (code, script, stderr) = host_tools(&["completions", shell]);
        assert_eq!(code, Some(0), "{stderr}");
        for command in commands() {
            assert!(script.contains(&command), "{shell}: {command}");
        }
    }
    assert_eq!(host_tools(&["completions", "tcsh"]).0, Some(2));
}

#[cfg(unix)]
#[test]
fn bash_completes_a_command_and_an_option_by_the_script() {
    let (_, script, _) = host_tools(&["completions", "bash"]);
    let complete = |words: &str, place: usize| {
        let ask = format!(
            "{script}\nCOMP_WORDS=({words}); COMP_CWORD={place}; _host__tools host-tools \"${{COMP_WORDS[{place}]}}\" \
             \"${{COMP_WORDS[{}]}}\"; echo \"${{COMPREPLY[@]}}\"",
            place - 1
        );
        let output = Command::new("bash").arg("-c").arg(ask).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(complete("host-tools eva", 1), "evaluate\n");
    assert_eq!(complete("host-tools train --fol", 2), "--folds\n");
}

#[test]
fn each_command_has_a_manual_page_with_its_options_and_examples() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, stderr) = host_tools(&["man", folder.path().to_str().unwrap()]);
    assert_eq!(code, Some(0), "{stderr}");
    let page = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(page("host-tools.1").contains("train(1)"));
    for command in commands() {
        let text = page(&format!("host-tools-{command}.1"));
        assert!(text.contains(".SH OPTIONS") && text.contains("Examples:"), "{command}: {text}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), commands().len() + 1);
}

#[test]
fn a_closed_pipe_is_an_error_and_no_panic() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_host-tools"));
    let output = command.args(["completions", "bash"]).stdout(writer).stderr(Stdio::piped()).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.starts_with("error: cannot write the script to standard output"), "{stderr}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_standard_output_or_error_is_a_failure_and_no_panic() {
    let full = || std::fs::File::create("/dev/full").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut synth = Command::new(env!("CARGO_BIN_EXE_host-tools"));
    synth.args(["synth", "--recordings", "1", "--seconds", "1", "--timeline-seconds", "0", "--out"]).arg(folder.path());
    let output = synth.stdout(full()).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.starts_with("error: cannot write to standard output: No space left"), "{stderr}");

    let mut missing = Command::new(env!("CARGO_BIN_EXE_host-tools"));
    let status = missing.args(["inspect", "no/such/file"]).stderr(full()).status().unwrap();
    assert_eq!(status.code(), Some(1));

    for asked in [&["--version"][..], &["--help"], &["help", "train"], &["train", "-h"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_host-tools"));
        let output = command.args(asked).stdout(full()).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{asked:?}");
        assert!(stderr.starts_with("error: cannot write to standard output: No space left"), "{asked:?}: {stderr}");
    }
}
