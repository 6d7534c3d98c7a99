//! Standard output: a live line on a terminal, JSON lines otherwise.

use std::fs::File;
use std::io::IsTerminal;
use std::os::fd::AsFd;
use std::time::Duration;

use super::live::Live;
use super::{PatientWriter, Signs, WriteError, json, warn};
use crate::config::StdoutFormat;
use crate::outbox::{Inbox, Received};
use crate::report::Report;

/// Writes reports until there will be no more. Once the reader has gone, they are only counted as dropped.
pub fn run(inbox: &Inbox, format: StdoutFormat, signs: &Signs) {
    let live = match format {
        StdoutFormat::Auto => std::io::stdout().is_terminal(),
        StdoutFormat::Live => true,
        StdoutFormat::Json | StdoutFormat::None => false,
    };
    let Ok(descriptor) = std::io::stdout().as_fd().try_clone_to_owned() else {
        return warn("standard output cannot be written: it is closed");
    };
    write_to(PatientWriter::new(File::from(descriptor)), inbox, live, signs);
}

/// The same, to any file.
fn write_to(mut writer: PatientWriter, inbox: &Inbox, live: bool, signs: &Signs) {
    let mut line = live.then(Live::default);
    let mut labels = String::new();
    let mut out = Vec::new();
    let mut gone = false;
    let mut refused = false;
    loop {
        let item = match inbox.next(Duration::from_secs(3600)) {
            Received::Item(item) => item,
            Received::Nothing => continue,
            Received::End => break,
        };
        if gone {
            inbox.count_dropped();
            continue;
        }
        if let Report::Hello(who) = &item.report {
            labels.clone_from(&who.labels);
        }
        out.clear();
        match &mut line {
            Some(line) => line.write(&item, &labels, &mut out),
            None => json::write(&item, &labels, &mut out),
        }
        match writer.write_all(&out, || signs.hurry()) {
            Ok(()) => refused = false,
            Err(WriteError::GivenUp) => inbox.count_dropped(),
            Err(error) => {
                inbox.count_dropped();
                gone = matches!(error, WriteError::Gone(_));
                if !std::mem::replace(&mut refused, true) {
                    warn(format!("standard output: {error}; listening goes on"));
                }
            }
        }
    }
    if let (Some(line), false) = (&line, gone) {
        out.clear();
        line.end(&mut out);
        let _ = writer.write_all(&out, || signs.hurry());
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::time::Instant;

    use monitor_wire::Gap;

    use super::*;
    use crate::outbox::Outboxes;

    fn pipe() -> (File, File) {
        let (read, write) = nix::unistd::pipe().unwrap();
        (File::from(read), File::from(write))
    }

    fn gap(index: u64) -> Report {
        Report::Gap(Gap { index, lost_frames: 1 })
    }

    #[test]
    fn every_report_is_one_line_of_json() {
        let (mut read, write) = pipe();
        let mut outboxes = Outboxes::new(Instant::now());
        let inbox = outboxes.open(4, false);
        outboxes.send(&gap(7));
        outboxes.send(&gap(8));
        drop(outboxes);
        write_to(PatientWriter::new(write), &inbox, false, &Signs::default());
        let mut text = String::new();
        read.read_to_string(&mut text).unwrap();
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((lines[0]["kind"].as_str(), lines[0]["index"].as_u64()), (Some("gap"), Some(7)));
        assert_eq!((lines.len(), lines[1]["sequence"].as_u64()), (2, Some(1)));
    }

    #[test]
    fn a_reader_that_sleeps_costs_reports_and_nothing_else() {
        let (_read, write) = pipe();
        let signs = Signs::default();
        let mut outboxes = Outboxes::new(Instant::now());
        let inbox = outboxes.open(4, false);
        let thread = {
            let signs = signs.clone();
            std::thread::spawn(move || write_to(PatientWriter::new(write), &inbox, false, &signs))
        };
        let start = Instant::now();
        for index in 0..20_000 {
            outboxes.send(&gap(index));
        }
        assert!(start.elapsed() < Duration::from_secs(5));
        assert!(outboxes.dropped() > 0);
        assert!(!thread.is_finished());
        // The end of the program does not wait for the reader either.
        signs.hurry.store(true, std::sync::atomic::Ordering::Relaxed);
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
        let thread = std::thread::spawn(move || write_to(PatientWriter::new(write), &inbox, false, &Signs::default()));
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
        let thread = std::thread::spawn(move || write_to(PatientWriter::new(full), &inbox, false, &Signs::default()));
        while counting.dropped() < 2 {
            std::thread::sleep(Duration::from_millis(1));
        }
        drop((outboxes, counting));
        thread.join().unwrap();
    }
}
