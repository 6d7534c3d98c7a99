//! Whether the command lines of the documents are those that a program defines.

use std::ffi::OsStr;

use clap::{Arg, Command};

use crate::CommandLine;

/// Checks that a program accepts command lines of blocks of code.
///
/// # Panics
/// At the first that it rejects, with its place and clap's message; if there are hardly any.
pub fn assert_accepted(program: &Command, lines: &[CommandLine]) {
    assert!(lines.len() > 5, "only {} command lines were found", lines.len());
    for line in lines {
        let words = std::iter::once(program.get_name()).chain(line.arguments.iter().map(String::as_str));
        if let Err(error) = program.clone().try_get_matches_from(words) {
            panic!("{}\n{error}", line.place());
        }
    }
}

/// Checks that the commands and options within sentences exist. What a command requires may be left out there.
///
/// # Panics
/// At the first that does not exist, with its place; if there are hardly any.
pub fn assert_exist(program: &Command, lines: &[CommandLine]) {
    assert!(lines.len() > 20, "only {} command lines were found", lines.len());
    let mut program = program.clone();
    // Adds the options that every command has, and help.
    program.build();
    for line in lines {
        if let Some(unknown) = unknown(&program, &line.arguments) {
            panic!("{}: there is no {unknown}", line.place());
        }
    }
}

/// The first command or option that does not exist.
fn unknown(program: &Command, arguments: &[String]) -> Option<String> {
    let mut command = program;
    for (place, word) in arguments.iter().enumerate() {
        match command.find_subcommand(OsStr::new(word)) {
            Some(found) => command = found,
            None if place == 0 && !word.starts_with('-') => return Some(word.clone()),
            None => {}
        }
        let name = word.split('=').next().and_then(|word| word.strip_prefix("--"));
        let has = |name: &str| command.get_arguments().flat_map(names).any(|known| known == name);
        if name.is_some_and(|name| !has(name)) {
            return Some(word.clone());
        }
    }
    None
}

/// The long names of an option.
fn names(option: &Arg) -> impl Iterator<Item = String> {
    let aliases = option.get_all_aliases().unwrap_or_default().into_iter().map(String::from);
    option.get_long().map(String::from).into_iter().chain(aliases)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_command_or_option_is_found() {
        let run = Command::new("run").arg(Arg::new("fast").long("fast").alias("quick"));
        let mut program = Command::new("tool").version("1").subcommand(run);
        program.build();
        let unknown = |line: &str| unknown(&program, &line.split(' ').map(String::from).collect::<Vec<_>>());
        for known in ["run", "run --fast", "run --quick=1 --help", "run file", "--version"] {
            assert_eq!(unknown(known), None, "{known}");
        }
        for (line, wrong) in [("walk", "walk"), ("run --slow", "--slow"), ("--fast", "--fast")] {
            assert_eq!(unknown(line).as_deref(), Some(wrong));
        }
    }
}
