//! Every command line that the documents show is one that this program accepts.

use clap::CommandFactory;
use test_documents::CommandLine;

use super::Cli;

/// Those that this build has.
fn built(lines: Vec<CommandLine>) -> Vec<CommandLine> {
    let is_built = |line: &CommandLine| {
        cfg!(feature = "page") || line.arguments.first().is_none_or(|name| name != "hash-password")
    };
    lines.into_iter().filter(is_built).collect()
}

#[test]
fn every_command_line_in_a_block_of_code_is_accepted() {
    test_documents::assert_accepted(&Cli::command(), &built(test_documents::in_blocks("firmware")));
}

#[test]
fn every_command_and_option_within_a_sentence_exists() {
    test_documents::assert_exist(&Cli::command(), &built(test_documents::in_sentences("firmware")));
}
