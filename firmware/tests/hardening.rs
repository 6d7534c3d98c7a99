//! Every test, target and script that `docs/development/reliability.md` names exists.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

use std::path::{Path, PathBuf};

const PAGES: [&str; 1] = [include_str!("../../docs/development/reliability.md")];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The sources below `path`, or `path` itself if it is a file.
fn sources(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        std::fs::read_dir(path).unwrap().for_each(|entry| sources(&entry.unwrap().path(), found));
    } else if path.extension().is_some_and(|kind| kind == "rs") {
        found.push(path.into());
    }
}

/// Names of the tests in files, as `module::of::file::name`.
fn tests(files: &[PathBuf]) -> Vec<String> {
    let mut names = Vec::new();
    for file in files {
        let source = std::fs::read_to_string(file).unwrap();
        let module = file.with_extension("").to_string_lossy().replace('/', "::");
        // Property tests have arguments and stand in a macro.
        for (at, _) in source.match_indices("#[test]") {
            let name = source[at..].split("fn ").nth(1).and_then(|rest| rest.split(['(', '<']).next()).unwrap();
            names.push(format!("{module}::{name}"));
        }
    }
    names
}

/// The folder of a package.
fn folder(package: &str) -> String {
    match package.strip_prefix("monitor-") {
        Some("synth") => "host-tools/synth".into(),
        Some(name) => format!("shared/{name}"),
        None if package == "fuzz-bodies" => "fuzz/bodies".into(),
        None => package.into(),
    }
}

/// Why a command cannot be run; `None` if it can.
fn missing(command: &str) -> Option<String> {
    let (command, _features) = command.split_once(" --features tls").unwrap_or((command, ""));
    let words: Vec<&str> = command.split(' ').filter(|word| *word != "--").collect();
    let (files, parts) = match words[..] {
        ["make", target, ..] => {
            let makefile = std::fs::read_to_string(root().join("Makefile")).unwrap();
            return (!makefile.lines().any(|line| line.starts_with(&format!("{target}:")))).then(|| "no target".into());
        }
        ["F", file, ref parts @ ..] | ["cargo", "test", "-p", "firmware", "--test", file, ref parts @ ..] => {
            (vec![format!("firmware/tests/{file}.rs"), format!("firmware/tests/{file}")], parts)
        }
        ["cargo", "test", "-p", package, "--test", file, ref parts @ ..] => {
            (vec![format!("{}/tests/{file}.rs", folder(package))], parts)
        }
        ["cargo", "test", "-p", package, "--lib", ref parts @ ..] => (vec![format!("{}/src", folder(package))], parts),
        [script, ..] if script.starts_with("scripts/") || script.starts_with("benches/") => {
            return (!root().join(script).is_file()).then(|| "no file".into());
        }
        _ => return Some("this test does not know the form of the command".into()),
    };
    let mut found = Vec::new();
    files.iter().map(|file| root().join(file)).filter(|path| path.exists()).for_each(|path| sources(&path, &mut found));
    let names = tests(&found);
    if names.is_empty() {
        return Some("no tests there".into());
    }
    parts.iter().find(|part| !names.iter().any(|name| name.contains(**part))).map(|part| format!("no test {part}"))
}

/// The commands among the code of a page.
fn commands(page: &str) -> Vec<String> {
    let text = page.split_whitespace().collect::<Vec<_>>().join(" ");
    let code = text.split('`').skip(1).step_by(2);
    let is_command = |code: &&str| {
        ["F ", "cargo test -p ", "make ", "scripts/", "benches/"].iter().any(|begin| code.starts_with(begin))
            && *code != "cargo test -p firmware --test"
    };
    code.filter(is_command).map(String::from).collect()
}

#[test]
fn every_test_target_and_script_that_the_pages_name_exists() {
    let mut wrong = Vec::new();
    for page in PAGES {
        let commands = commands(page);
        assert!(commands.len() > 100, "only {} commands were found: does the test still see them?", commands.len());
        wrong.extend(commands.iter().filter_map(|command| Some(format!("{command}: {}", missing(command)?))));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_missing_name_is_detected() {
    for command in [
        "F faults no_such_fault",
        "F nowhere",
        "make nothing",
        "scripts/none.sh",
        "cargo test -p monitor-core --lib xyzzy",
        "ls",
    ] {
        assert!(missing(command).is_some(), "{command}");
    }
}

#[test]
fn every_row_of_the_tables_has_a_command() {
    for page in PAGES {
        // Tables whose last column holds commands: the rows below such a heading.
        let mut has_command = false;
        for line in page.lines() {
            if !line.starts_with('|') {
                has_command = false;
            } else if line.ends_with("| command |") || line.ends_with("| search |") {
                has_command = true;
            } else if has_command && !line.starts_with("|---") {
                assert!(!commands(line.rsplit('|').nth(1).unwrap()).is_empty(), "{line}");
            }
        }
    }
}
