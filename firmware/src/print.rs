//! Printing for people on standard output and standard error. Unlike `println!` these macros do not panic when the reader
//! has gone (`firmware devices | head -1`).

use std::io;
use std::sync::OnceLock;

/// Why a text could not be written to standard output: the first error that is not a closed pipe.
static FAILED: OnceLock<io::Error> = OnceLock::new();

/// Why results are missing from standard output, as on a full disk; `None` if all were written or the reader closed the pipe.
pub(crate) fn stdout_failure() -> Option<&'static io::Error> {
    FAILED.get()
}

/// Keeps the error of a write to standard output for [`stdout_failure`].
pub(crate) fn note_failure(written: io::Result<()>) {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let _ = FAILED.set(error);
        }
        _ => {}
    }
}

/// `println!` that ignores a closed pipe; other errors are reported when the command ends.
macro_rules! outln {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        crate::print::note_failure(writeln!(std::io::stdout().lock(), $($text)*));
    }};
}

/// `print!` that ignores a closed pipe; other errors are reported when the command ends.
macro_rules! out {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let mut out = std::io::stdout().lock();
        crate::print::note_failure(write!(out, $($text)*).and_then(|()| out.flush()));
    }};
}

/// `eprintln!` for notes and warnings: ignores a closed pipe, and prints nothing with `--quiet`.
macro_rules! errln {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        if crate::system::messages::are_shown() {
            let _ = writeln!(std::io::stderr().lock(), $($text)*);
        }
    }};
}
