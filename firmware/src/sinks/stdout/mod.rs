//! Standard output: a live line on a terminal, what changes in the journal, JSON lines otherwise.

mod changes;
mod json;
mod live;

use std::ffi::OsStr;

use std::fs::File;
use std::io::IsTerminal;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::writer::{InterruptibleWriter, WriteError};
use super::{QUEUE, Sink, SinkConfig};
use crate::reporting::{Item, OutputContext};
use crate::system::messages::warn;

/// `[stdout]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What is written.
    pub format: StdoutFormat,
}

/// What is written on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum StdoutFormat {
    /// A live line on a terminal, what changes in systemd's journal, JSON lines otherwise.
    #[default]
    Auto,
    /// One line that is written over and over.
    Live,
    /// A line of text for each change: state, warning, alarm, fault.
    Changes,
    /// One JSON object per line.
    Json,
    /// Nothing.
    None,
}

impl SinkConfig for Config {
    fn queue(&self) -> Option<usize> {
        (self.format != StdoutFormat::None).then_some(QUEUE)
    }

    fn is_lossless(&self) -> bool {
        true
    }

    fn start(&self, _: &OutputContext) -> Result<Box<dyn Sink>, String> {
        let descriptor = std::io::stdout().as_fd().try_clone_to_owned();
        let file = File::from(descriptor.map_err(|_| "standard output cannot be written: it is closed")?);
        let format = match self.format {
            StdoutFormat::Auto if std::io::stdout().is_terminal() => StdoutFormat::Live,
            StdoutFormat::Auto if is_journal(&file, std::env::var_os("JOURNAL_STREAM").as_deref()) => {
                StdoutFormat::Changes
            }
            format => format,
        };
        Ok(Box::new(Stdout::new(file, format)))
    }
}

/// Whether `output` is systemd's journal, which keeps all that is written: `named` is the value of `JOURNAL_STREAM`, device and
/// inode in decimal with a colon between (systemd.exec(5)).
fn is_journal(output: &File, named: Option<&OsStr>) -> bool {
    let Ok(metadata) = output.metadata() else { return false };
    named.is_some_and(|named| named == OsStr::new(&format!("{}:{}", metadata.dev(), metadata.ino())))
}

/// How long after the reader has gone that is reported. Ctrl-C ends the readers of a pipe too, often before this program has
/// received it: an orderly end reports nothing.
const REPORT_AFTER: Duration = Duration::from_secs(1);

/// Writes events as text. Once the reader has gone, they are only counted as dropped.
struct Stdout {
    writer: InterruptibleWriter,
    format: StdoutFormat,
    out: Vec<u8>,
    gone: bool,
    refused: bool,
    /// Since when the reader has gone and why, until that is reported.
    unreported: Option<(Instant, String)>,
}

impl Stdout {
    fn new(file: File, format: StdoutFormat) -> Self {
        let writer = InterruptibleWriter::new(file);
        Self { writer, format, out: Vec::new(), gone: false, refused: false, unreported: None }
    }
}

impl Sink for Stdout {
    fn handle(&mut self, item: &Item, context: &OutputContext) {
        if self.gone {
            if let Some((_, error)) = self.unreported.take_if(|(since, _)| since.elapsed() >= REPORT_AFTER) {
                warn(format!("standard output: {error}; listening goes on"));
            }
            return context.count_dropped();
        }
        self.out.clear();
        match self.format {
            StdoutFormat::Live => live::write(item, &context.snapshot, &mut self.out),
            StdoutFormat::Changes => changes::write(item, context.snapshot.labels(), &mut self.out),
            StdoutFormat::Auto | StdoutFormat::Json => json::write(item, context.snapshot.labels(), &mut self.out),
            // Has no sink.
            StdoutFormat::None => return,
        }
        if self.out.is_empty() {
            return;
        }
        match self.writer.write_all(&self.out, || context.hurry()) {
            Ok(()) => self.refused = false,
            Err(WriteError::GivenUp) => context.count_dropped(),
            Err(error) => {
                context.count_dropped();
                self.gone = matches!(error, WriteError::Gone(_));
                if self.gone {
                    self.unreported = Some((Instant::now(), error.to_string()));
                } else if !std::mem::replace(&mut self.refused, true) {
                    warn(format!("standard output: {error}; listening goes on"));
                }
            }
        }
    }

    fn finish(&mut self, context: &OutputContext) {
        if self.format == StdoutFormat::Live && !self.gone {
            self.out.clear();
            live::end(&context.snapshot, &mut self.out);
            let _ = self.writer.write_all(&self.out, || context.hurry());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::time::{Duration, Instant};

    use monitor_wire::Gap;

    use super::*;
    use crate::reporting::Event;
    use crate::reporting::Outboxes;
    use crate::sinks::run;

    fn pipe() -> (File, File) {
        let (read, write) = nix::unistd::pipe().unwrap();
        (File::from(read), File::from(write))
    }

    fn gap(index: u64) -> Event<'static> {
        Event::Gap(Gap { index, lost_frames: 1 })
    }

    #[test]
    fn every_report_is_one_line_of_json() {
        let (mut read, write) = pipe();
        let mut outboxes = Outboxes::new(Instant::now());
        let inbox = outboxes.open(4, false);
        outboxes.send(&gap(7));
        outboxes.send(&gap(8));
        drop(outboxes);
        run(&mut Stdout::new(write, StdoutFormat::Json), &inbox, &OutputContext::default());
        let mut text = String::new();
        read.read_to_string(&mut text).unwrap();
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((lines[0]["kind"].as_str(), lines[0]["index"].as_u64()), (Some("gap"), Some(7)));
        assert_eq!((lines.len(), lines[1]["sequence"].as_u64()), (2, Some(1)));
    }

    #[test]
    fn the_journal_is_known_by_its_device_and_inode() {
        let (_read, write) = pipe();
        let metadata = write.metadata().unwrap();
        let named = format!("{}:{}", metadata.dev(), metadata.ino());
        assert!(is_journal(&write, Some(OsStr::new(&named))));
        assert!(!is_journal(&write, Some(OsStr::new("8:1"))) && !is_journal(&write, None));
    }

    #[test]
    fn a_reader_that_sleeps_costs_reports_and_nothing_else() {
        let (_read, write) = pipe();
        let context = OutputContext::default();
        let mut outboxes = Outboxes::new(Instant::now());
        let inbox = outboxes.open(4, false);
        let thread = {
            let context = context.clone();
            std::thread::spawn(move || run(&mut Stdout::new(write, StdoutFormat::Json), &inbox, &context))
        };
        let start = Instant::now();
        for index in 0..20_000 {
            outboxes.send(&gap(index));
        }
        assert!(start.elapsed() < Duration::from_secs(5));
        assert!(outboxes.dropped() > 0);
        assert!(!thread.is_finished());
        // The end of the program does not wait for the reader either.
        context.hurry.store(true, std::sync::atomic::Ordering::Relaxed);
        drop(outboxes);
        let end = Instant::now();
        thread.join().unwrap();
        assert!(end.elapsed() < Duration::from_secs(1));
    }

    #[test]
    fn a_reader_that_has_gone_costs_reports_and_nothing_else() {
        let (read, write) = pipe();
        drop(read);
        let mut outboxes = Outboxes::new(Instant::now());
        let inbox = outboxes.open(8, false);
        for index in 0..5 {
            outboxes.send(&gap(index));
        }
        let counting = outboxes.clone();
        let thread = std::thread::spawn(move || {
            run(&mut Stdout::new(write, StdoutFormat::Json), &inbox, &OutputContext::default())
        });
        while counting.dropped() < 5 {
            std::thread::sleep(Duration::from_millis(1));
        }
        drop((outboxes, counting));
        thread.join().unwrap();
    }

    #[test]
    fn a_full_disk_costs_reports_and_nothing_else() {
        let Ok(full) = File::options().write(true).open("/dev/full") else { return };
        let mut outboxes = Outboxes::new(Instant::now());
        let inbox = outboxes.open(8, false);
        outboxes.send(&gap(0));
        outboxes.send(&gap(1));
        let counting = outboxes.clone();
        let thread = std::thread::spawn(move || {
            run(&mut Stdout::new(full, StdoutFormat::Json), &inbox, &OutputContext::default())
        });
        while counting.dropped() < 2 {
            std::thread::sleep(Duration::from_millis(1));
        }
        drop((outboxes, counting));
        thread.join().unwrap();
    }
}
