//! Every command line that the documents show is one that this program accepts.

use clap::CommandFactory;

use super::Cli;

#[test]
fn every_command_line_in_a_block_of_code_is_accepted() {
    test_documents::assert_accepted(&Cli::command(), &test_documents::in_blocks("host-tools"));
}

#[test]
fn every_command_and_option_within_a_sentence_exists() {
    test_documents::assert_exist(&Cli::command(), &test_documents::in_sentences("host-tools"));
}
