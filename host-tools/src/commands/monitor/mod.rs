//! `host-tools monitor`: shows a device's reports on its serial line, or many devices' at a broker.

mod mqtt;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::ensure;
use monitor_model::document::{Document, LINE};
use monitor_model::line::Line;
use monitor_model::texts::Texts;
use monitor_wire::Message;

use crate::dashboard::source::{Event, Input, Source};
use crate::dashboard::{Link, SILENCE, live};
use crate::fleet;
use crate::fleet::address::Address;

const EXAMPLES: &str = "Examples:
  host-tools monitor --serial /dev/ttyUSB0
  ssh device cat /dev/ttyS0 | host-tools monitor --stdin
  host-tools monitor --mqtt broker.plant
  host-tools monitor --mqtt broker.plant --device pump-7
  host-tools monitor --mqtt broker.plant --credentials login --json >> log.jsonl";

/// Options of `host-tools monitor`.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("from").required(true)), after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Serial line to read: /dev/ttyUSB0, COM3, ...
    #[arg(long, value_name = "PORT", group = "from")]
    pub serial: Option<String>,
    /// Read standard input
    #[arg(long, group = "from")]
    pub stdin: bool,
    /// File to read
    #[arg(long, value_name = "FILE", group = "from")]
    pub file: Option<PathBuf>,
    /// Follow the devices that report to an MQTT broker; port 1883, with --ca 8883
    #[arg(long, value_name = "HOST[:PORT]", group = "from")]
    pub mqtt: Option<Address>,
    /// Bits per second of the serial line
    #[arg(long, default_value_t = 115_200)]
    pub baud: u32,
    /// Length of the timeline, in minutes (above 0, at most 1440)
    #[arg(long, default_value_t = 5.0)]
    pub minutes: f64,
    /// Print every frame or message as a line of JSON instead of the dashboard
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub broker: fleet::Options,
}

/// Runs the command.
///
/// # Errors
/// When the line or file does not exist, the broker cannot be reached, or the terminal cannot be used.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    ensure!(
        args.minutes > 0.0 && args.minutes <= 1440.0,
        "--minutes {}: give a number above 0 and at most 1440",
        args.minutes
    );
    // The dashboard needs a terminal for its output.
    let as_lines = args.json || !std::io::stdout().is_terminal();
    if let Some(address) = &args.mqtt {
        return mqtt::run(address, &args.broker, args.minutes, as_lines.then_some(args.json));
    }
    let input = match (&args.serial, &args.file) {
        (Some(name), _) => Input::Serial(name.clone(), args.baud),
        (None, Some(path)) => Input::File(path.clone()),
        (None, None) => Input::Stdin,
    };
    let source = Source::open(&input)?;
    if as_lines {
        return lines(&source, args.json);
    }
    live::show(&source, args.minutes)
}

/// Prints every frame as a line of text or JSON until the data ends or the output is closed.
fn lines(source: &Source, json: bool) -> anyhow::Result<()> {
    let mut link = Link::default();
    let mut labels = Texts::default();
    let (mut last_frame, mut reported, mut ended) = (Instant::now(), 0, false);
    loop {
        let mut out = Vec::new();
        let event = source.next(Duration::from_millis(200));
        if source.is_live() && last_frame.elapsed() >= SILENCE + Duration::from_secs(reported) {
            let seconds = last_frame.elapsed().as_secs();
            // Again after twice the time, so that a log of a night stays short.
            reported = 2 * seconds - SILENCE.as_secs();
            let _ = trouble(&mut out, json, "silent", &format!("no report for {seconds} s"));
        }
        match event {
            None if out.is_empty() => continue,
            None | Some(Event::Connected) => {}
            Some(Event::Bytes(bytes)) => link.push(&bytes, |decoded| {
                // Writing to memory cannot fail, here and below.
                let _ = match decoded {
                    Ok((frame, lost)) => {
                        (last_frame, reported) = (Instant::now(), 0);
                        if lost > 0 {
                            let _ = trouble(&mut out, json, "lost", &format!("{lost} frames were lost"));
                        }
                        if let Message::Hello(hello) = frame.message {
                            labels = hello.labels.iter().collect();
                        }
                        let line = Line { frame, labels: labels.list() };
                        if json {
                            serde_json::to_writer(&mut out, &Document::new(LINE, line))
                                .map_err(Into::into)
                                .and_then(|()| writeln!(out))
                        } else {
                            writeln!(out, "{line}")
                        }
                    }
                    Err(damage) => trouble(&mut out, json, "damage", &damage.to_string()),
                };
            }),
            Some(Event::Disconnected(why)) => {
                let _ = trouble(&mut out, json, "gone", &why);
            }
            // A pipe ends with the device's program.
            Some(Event::End) if source.is_live() && !ended => {
                ended = true;
                let _ = trouble(&mut out, json, "gone", "end of data");
            }
            Some(Event::End) => return Ok(()),
        }
        let mut stdout = std::io::stdout();
        if stdout.write_all(&out).and_then(|()| stdout.flush()).is_err() {
            return Ok(());
        }
    }
}

/// Writes a problem of the line itself.
fn trouble(out: &mut Vec<u8>, json: bool, kind: &str, what: &str) -> std::io::Result<()> {
    if json {
        writeln!(out, "{}", serde_json::json!({ "schema": LINE, "kind": kind, "reason": what }))
    } else {
        writeln!(out, "{kind}: {what}")
    }
}
