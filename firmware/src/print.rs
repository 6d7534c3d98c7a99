//! Printing for people on standard output and standard error. Unlike `println!` these macros do not panic when the reader
//! has gone (`firmware devices | head -1`).

/// `println!` that ignores a closed pipe.
macro_rules! outln {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout().lock(), $($text)*);
    }};
}

/// `print!` that ignores a closed pipe.
macro_rules! out {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let mut out = std::io::stdout().lock();
        let _ = write!(out, $($text)*).and_then(|()| out.flush());
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
