//! `host-tools history`: draws the event log of a device, and writes it as a table.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Serialize;

use crate::console::{JsonOut, Ui, check_files, check_folder, is_stdout, shown};
use crate::event_log::{Course, EXPLANATIONS, Raised, Record, Span, moment, read, write_table};
use crate::plots::event_log::{Lane, Log, draw};

/// File name of the picture.
const PICTURE: &str = "history.png";

/// Options of `host-tools history`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  host-tools history events.csv
  ssh pi firmware events --csv | host-tools history - --out pictures
  host-tools history events.csv --parquet events.parquet")]
pub(crate) struct Args {
    /// Event log of a device: the output of `firmware events --csv`; `-` for standard input
    #[arg(value_name = "EVENTS.csv")]
    pub events: PathBuf,
    /// Folder for history.png
    #[arg(long, value_name = "DIR", default_value = "artifacts")]
    pub out: PathBuf,
    /// Also write all events as a Parquet table; `-` for standard output
    #[arg(long, value_name = "FILE")]
    pub parquet: Option<PathBuf>,
    #[command(flatten)]
    pub json: JsonOut,
}

#[derive(Debug, Serialize)]
struct Figures<'a> {
    /// First and last moment drawn, in UTC.
    from: String,
    to: String,
    records: usize,
    lost_records: u64,
    runs: usize,
    undated_runs: usize,
    /// Whether the hours are from records of durations.
    hours_are_recorded: bool,
    states: Vec<State<'a>>,
    gaps: Vec<Period>,
    gap_hours: f64,
    alarms: Vec<Alarm<'a>>,
    warnings: Vec<Alarm<'a>>,
    acknowledged: Vec<String>,
}

#[derive(Debug, Serialize)]
struct State<'a> {
    state: &'a str,
    hours: f64,
    share: f64,
    times: usize,
}

#[derive(Debug, Serialize)]
struct Period {
    from: String,
    to: String,
}

#[derive(Debug, Serialize)]
struct Alarm<'a> {
    cause: &'a str,
    #[serde(flatten)]
    period: Period,
    /// What moved in the sound; `null` if nothing is named.
    explanation: Option<&'a str>,
}

/// Runs the command.
///
/// # Errors
/// When the file is no event log, or a file cannot be read or written.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    check_files(&[("--parquet", args.parquet.as_deref()), args.json.output()])?;
    check_folder("--out", &args.out)?;
    let ui = Ui::beside(&args.json, args.parquet.as_deref().is_some_and(is_stdout));
    let records = records(&args.events, &ui)?;
    let course = Course::from_records(&records);
    course.lines().iter().for_each(|line| ui.print(line));
    let name = args.events.file_name().unwrap_or_default().to_string_lossy();
    let title = if is_stdout(&args.events) { "Event log".to_string() } else { format!("Event log {name}") };
    let picture = args.out.join(PICTURE);
    let subtitle = [vec![course.summary() + "."], course.remarks()].concat().join(" ");
    draw(&title, &subtitle, &log(&course))?.save(&picture)?;
    ui.print(shown(&picture));
    if let Some(path) = &args.parquet {
        write_table(path, &records)?;
        ui.print(shown(path));
    }
    args.json.write("acoustic-monitor/history/1", &figures(&course))
}

fn records(path: &Path, ui: &Ui) -> anyhow::Result<Vec<Record>> {
    let spinner = ui.spinner("reading".to_string());
    let records = if is_stdout(path) {
        read(std::io::stdin().lock(), "standard input")
    } else {
        let file = std::fs::File::open(path).with_context(|| format!("{} cannot be opened", shown(path)))?;
        read(file, &shown(path))
    };
    spinner.finish_and_clear();
    records
}

/// The course as the picture takes it.
fn log(course: &Course) -> Log {
    let of_kind = |is_warning: bool, name: &'static str| {
        course.by_cause(is_warning).into_iter().map(move |(cause, _)| {
            let of = course.raised.iter().filter(|raised| raised.is_warning == is_warning && raised.cause == cause);
            let raised = of.map(|raised| (raised.from_s, raised.to_s)).collect();
            Lane { name: format!("{name}: {cause}"), is_warning, raised }
        })
    };
    Log {
        range: (course.from_s, course.to_s),
        states: course.states.clone(),
        band: course.band.iter().map(|span| (span.from_s, span.to_s, span.state)).collect(),
        gaps: course.gaps.iter().map(|gap| (gap.from_s, gap.to_s)).collect(),
        lanes: of_kind(false, "alarm").chain(of_kind(true, "warning")).collect(),
        acknowledged: course.acknowledged.clone(),
        explanations: course.explanations(EXPLANATIONS),
        hours: course.hours.iter().enumerate().map(|(state, hours)| (*hours, course.share(state))).collect(),
    }
}

fn figures<'a>(course: &'a Course) -> Figures<'a> {
    let state = |(place, hours): (usize, &f64)| {
        let state = (place < course.states.len()).then_some(place);
        let times = course.band.iter().filter(|span| span.state == state).count();
        State { state: course.name(state), hours: *hours, share: course.share(place), times }
    };
    let period = |from_s: f64, to_s: f64| Period { from: moment(from_s), to: moment(to_s) };
    let alarms = |is_warning: bool| -> Vec<Alarm<'a>> {
        let of_kind = course.raised.iter().filter(|raised| raised.is_warning == is_warning);
        let alarm = |of: &'a Raised| Alarm {
            cause: &of.cause,
            period: period(of.from_s, of.to_s),
            explanation: of.explanation.as_deref(),
        };
        of_kind.map(alarm).collect()
    };
    Figures {
        from: moment(course.from_s),
        to: moment(course.to_s),
        records: course.records,
        lost_records: course.lost,
        runs: course.runs,
        undated_runs: course.undated_runs,
        hours_are_recorded: course.hours_are_recorded,
        states: course.hours.iter().enumerate().map(state).collect(),
        gaps: course.gaps.iter().map(|Span { from_s, to_s, .. }| period(*from_s, *to_s)).collect(),
        gap_hours: course.gap_hours(),
        alarms: alarms(false),
        warnings: alarms(true),
        acknowledged: course.acknowledged.iter().map(|at| moment(*at)).collect(),
    }
}
