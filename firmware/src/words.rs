//! Words for people on standard output and standard error. A reader that has gone (`firmware devices | head -1`) is no
//! reason to panic, as `println!` would.

/// `println!` that ignores a closed pipe.
macro_rules! outln {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout().lock(), $($words)*);
    }};
}

/// `print!` that ignores a closed pipe.
macro_rules! out {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let mut out = std::io::stdout().lock();
        let _ = write!(out, $($words)*).and_then(|()| out.flush());
    }};
}

/// `eprintln!` that ignores a closed pipe.
macro_rules! errln {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr().lock(), $($words)*);
    }};
}
