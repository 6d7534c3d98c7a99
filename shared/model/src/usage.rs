//! How both programs end with a usage error or a text that was asked for, such as that of `--help`.

use std::io::{self, Write};

/// The exit code of a program that has `printed` such a text, for which the parser of the command line gives `code`: 0 for a text that was
/// asked for, which goes to standard output. If that could not be written, says so on standard error behind `label`, and the code is 1;
/// a reader that has closed the pipe has seen enough.
pub fn exit_code(printed: io::Result<()>, code: i32, label: &str) -> i32 {
    match printed {
        Err(failed) if code == 0 && failed.kind() != io::ErrorKind::BrokenPipe => {
            let _ = writeln!(io::stderr(), "{label} cannot write to standard output: {failed}");
            1
        }
        _ => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_cannot_be_written_is_a_failure_unless_its_reader_is_gone_or_it_is_an_error_itself() {
        let failed = |kind: io::ErrorKind| Err(kind.into());
        assert_eq!(exit_code(Ok(()), 0, "error:"), 0);
        assert_eq!(exit_code(failed(io::ErrorKind::StorageFull), 0, "error:"), 1);
        assert_eq!(exit_code(failed(io::ErrorKind::BrokenPipe), 0, "error:"), 0);
        assert_eq!(exit_code(failed(io::ErrorKind::StorageFull), 2, "error:"), 2);
    }
}
