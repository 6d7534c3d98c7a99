//! The code shared by the peers that are programs; each includes this file.

use std::error::Error;
use std::io::{BufRead, Write};
use std::time::Duration;

/// Reads a number of runs from each line of stdin and prints the milliseconds of each run in one line; `run` returns the
/// duration of one.
pub fn serve(mut run: impl FnMut() -> Result<Duration, Box<dyn Error>>) -> Result<(), Box<dyn Error>> {
    for line in std::io::stdin().lock().lines() {
        let mut times = Vec::new();
        for _ in 0..line?.trim().parse::<usize>()? {
            times.push(format!("{:.5}", run()?.as_secs_f64() * 1e3));
        }
        writeln!(std::io::stdout(), "{}", times.join(" "))?;
    }
    Ok(())
}
