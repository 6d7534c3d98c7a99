//! The command lines that the documents show, for tests that parse and run them.
#![forbid(unsafe_code)]

mod definitions;
mod shell;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub use definitions::{assert_accepted, assert_exist};

/// A command line of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    /// The document, as a path from the repository's root.
    pub document: String,
    /// Its line, from 1.
    pub line: usize,
    /// Language of the block of code, e.g. `sh`; empty for code within a sentence.
    pub language: String,
    /// The arguments, without the program's name.
    pub arguments: Vec<String>,
}

impl CommandLine {
    /// `document:line: arguments`, for messages.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}:{}: {}", self.document, self.line, self.arguments.join(" "))
    }
}

/// The command lines of `program` in blocks of code, in the order of a reader: the top page, the guide, all others.
///
/// # Panics
/// If the documents cannot be read. This crate is used by tests alone.
#[must_use]
pub fn in_blocks(program: &str) -> Vec<CommandLine> {
    read(|text| blocks(text, program))
}

/// The command lines of `program` within sentences, in backticks. They name options, and may leave out what a command requires.
///
/// # Panics
/// If the documents cannot be read. This crate is used by tests alone.
#[must_use]
pub fn in_sentences(program: &str) -> Vec<CommandLine> {
    read(|text| spans(text, program))
}

fn read(find: impl Fn(&str) -> Vec<(usize, String, Vec<String>)>) -> Vec<CommandLine> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    for document in documents(&root) {
        let text = std::fs::read_to_string(root.join(&document)).unwrap_or_else(|error| panic!("{document}: {error}"));
        for (line, language, arguments) in find(&text) {
            found.push(CommandLine { document: document.clone(), line, language, arguments });
        }
    }
    found
}

/// The documents that describe this version. The change log names commands of earlier ones.
fn documents(root: &Path) -> Vec<String> {
    const FIRST: [&str; 4] =
        ["README.md", "docs/guide/getting-started.md", "docs/guide/recordings.md", "docs/guide/training.md"];
    let mut others = BTreeSet::new();
    for start in ["docs", "image", "benches/records"] {
        collect(root, &root.join(start), &mut others);
    }
    others.extend(["CONTRIBUTING.md", "SECURITY.md"].map(String::from));
    FIRST
        .into_iter()
        .map(String::from)
        .chain(others.into_iter().filter(|name| !FIRST.contains(&name.as_str())))
        .collect()
}

fn collect(root: &Path, folder: &Path, found: &mut BTreeSet<String>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    for path in paths {
        if path.is_dir() {
            collect(root, &path, found);
        } else if path.extension().is_some_and(|end| end == "md") {
            found.extend(path.strip_prefix(root).ok().map(|path| path.to_string_lossy().replace('\\', "/")));
        }
    }
}

/// (line, language, arguments) of each command line of `program` in the blocks of code of a document.
fn blocks(text: &str, program: &str) -> Vec<(usize, String, Vec<String>)> {
    let (mut found, mut language) = (Vec::new(), None);
    let mut lines = (1..).zip(text.lines());
    while let Some((number, line)) = lines.next() {
        let line = line.trim_start();
        if let Some(fence) = line.strip_prefix("```") {
            language = if language.is_some() { None } else { Some(fence.trim().to_owned()) };
            continue;
        }
        let Some(language) = language.as_deref() else { continue };
        let mut whole = match language {
            "sh" | "bash" | "powershell" => line.to_owned(),
            // Lines without a prompt are output.
            "console" => match line.strip_prefix("$ ") {
                Some(line) => line.to_owned(),
                None => continue,
            },
            _ => continue,
        };
        while let Some(head) = whole.strip_suffix('\\') {
            let next = lines.next().map_or("", |(_, next)| next.trim_start());
            whole = format!("{head}{next}");
        }
        for words in shell::commands(&whole, language == "powershell") {
            found.extend(shell::arguments(&words, program).map(|found| (number, language.to_owned(), found)));
        }
    }
    found
}

/// The same for code in backticks within sentences.
fn spans(text: &str, program: &str) -> Vec<(usize, String, Vec<String>)> {
    let (mut found, mut in_block) = (Vec::new(), false);
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
            continue;
        }
        for span in line.split('`').skip(1).step_by(2).filter(|_| !in_block) {
            let commands = shell::commands(span, false);
            found.extend(
                commands
                    .iter()
                    .filter_map(|words| shell::arguments(words, program))
                    .filter(|arguments| !arguments.is_empty())
                    .map(|arguments| (number, String::new(), arguments)),
            );
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_give_commands_and_leave_out_output_other_programs_and_other_languages() {
        let text = "\
`tool in a sentence`
```sh
tool run --out x   # comment
sudo ./bin/tool a && other b | tool 'c d' >out.txt
tool long \\
  --more
alias tool=bin/tool
docker run --rm -v $PWD:/data acoustic-monitor check --model m
```
```console
$ tool shown
tool in output
```
```toml
tool = 1
```
";
        let found: Vec<String> = blocks(text, "tool").into_iter().map(|(_, _, words)| words.join("|")).collect();
        assert_eq!(found, ["run|--out|x", "a", "c d", "long|--more", "shown"]);
        assert_eq!(blocks(text, "firmware"), [(8, "sh".into(), ["check", "--model", "m"].map(String::from).to_vec())]);
        assert_eq!(spans(text, "tool"), [(1, String::new(), ["in", "a", "sentence"].map(String::from).to_vec())]);
    }

    #[test]
    fn the_documents_are_found() {
        for program in ["host-tools", "firmware"] {
            assert!(in_blocks(program).len() > 5 && in_sentences(program).len() > 20, "{program}");
        }
    }
}
