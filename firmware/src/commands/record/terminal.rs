//! The level meter: one line of a terminal, drawn over and over; nothing where there is no terminal.

use std::io::{IsTerminal, Write, stderr};

use crate::capture::meter::Measured;

/// Columns of the bar, and the level at its left end in dBFS.
const WIDTH: usize = 40;
const LEFT: f64 = -80.0;

/// What the meter shows.
pub(super) struct Level {
    /// The last tenth of a second.
    pub now: Measured,
    /// Seconds recorded.
    pub seconds: f64,
    /// Seconds to record.
    pub wanted: f64,
    /// Samples clipped so far.
    pub clipped: u64,
}

impl Level {
    fn line(&self) -> String {
        let Self { now, seconds, wanted, clipped } = self;
        let column = |dbfs: f64| ((dbfs - LEFT) / -LEFT * WIDTH as f64).clamp(0.0, WIDTH as f64) as usize;
        let (level, peak) = (column(now.level_dbfs), column(now.peak_dbfs));
        let bar: String = (1..=WIDTH)
            .map(|at| {
                if at <= level {
                    '#'
                } else if at == peak {
                    '|'
                } else {
                    ' '
                }
            })
            .collect();
        let clipping = if *clipped > 0 { format!("  CLIPPED {clipped}") } else { String::new() };
        format!("{seconds:6.1}/{wanted:.0} s [{bar}] {:6.1} dBFS, peak {:6.1}{clipping}", now.level_dbfs, now.peak_dbfs)
    }
}

/// The line on standard error.
pub(super) struct Terminal {
    shown: bool,
    there: bool,
}

impl Terminal {
    /// Whether there is a terminal is found out here.
    pub(super) fn new() -> Self {
        Self { shown: false, there: stderr().is_terminal() }
    }

    /// Draws the line.
    pub(super) fn show(&mut self, level: &Level) {
        if self.there {
            self.shown = true;
            // Recording continues without the terminal.
            let _ = write!(stderr(), "\r\x1b[K{}", level.line());
        }
    }

    /// Keeps the last line and continues below it.
    pub(super) fn clear(&mut self) {
        if core::mem::take(&mut self.shown) {
            let _ = writeln!(stderr());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_shows_level_peak_time_and_clipping() {
        let now = Measured { level_dbfs: -40.0, peak_dbfs: -20.0, offset: 0.0, samples: 4800 };
        let level = Level { now, seconds: 12.34, wanted: 60.0, clipped: 3 };
        let expected = "  12.3/60 s [####################         |          ]  -40.0 dBFS, peak  -20.0  CLIPPED 3";
        assert_eq!(level.line(), expected);
    }
}
