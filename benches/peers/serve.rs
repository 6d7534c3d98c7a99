//! What the peers that are programs have in common; each includes this file.

use std::error::Error;
use std::io::{BufRead, Write};
use std::time::Duration;

/// For each line of stdin, a number of runs, the milliseconds of each in one line: `run` says how long one took.
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
