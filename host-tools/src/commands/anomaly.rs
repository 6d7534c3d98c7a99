//! `host-tools anomaly`: how well the anomaly score tells normal sound from all other, on groups that it was not fitted on.

use std::path::PathBuf;

use monitor_core::features::{EMBEDDING_LEN, FeatureKind};
use ndarray::{Axis, Slice};
use serde::Serialize;

use crate::anomaly::trial::{self, Areas, Method, OfGroup, Scored, Trial};
use crate::anomaly::{Windows, roc as area};
use crate::columns::{Columns, Side};
use crate::dataset::Dataset;
use crate::features::{FeatureSet, InputOptions};
use crate::json::JsonOut;
use crate::measured::sessions;
use crate::plots::anomaly::{Curve, roc, scores};
use crate::ui::Ui;

/// Picture of the curves.
const ROC: &str = "anomaly_roc.png";
/// Picture of the scores.
const SCORES: &str = "anomaly_scores.png";

/// Options of `host-tools anomaly`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub input: InputOptions,
    /// The classes that are normal; all others are what an alarm is for
    #[arg(long, value_name = "LABEL,...", value_delimiter = ',', required = true)]
    pub normal: Vec<String>,
    /// Where to put the pictures
    #[arg(long, value_name = "DIR", default_value = "artifacts")]
    pub out: PathBuf,
    /// Decides how recordings are drawn for the intervals
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub json: JsonOut,
}

#[derive(Debug, Serialize)]
struct Figures<'a> {
    features: &'a str,
    normal: &'a [String],
    hop_s: f64,
    #[serde(flatten)]
    trial: &'a Trial,
}

/// Runs the command.
///
/// # Errors
/// When a class is unknown, there is nothing to compare, or a file cannot be read or written.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let ui = Ui::new(&args.json);
    // A wrong name is told before the long work.
    let named = |dataset: &Dataset| normal_classes(&dataset.classes, &args.normal).map(drop);
    let set = args.input.load(named, &ui)?.set;
    let (kind, normal_classes) = (set.kind, normal_classes(&set.dataset.classes, &args.normal)?);
    set.dataset.say_remarks(&ui);
    let (labels, groups, files) = (set.labels(), set.groups(), files(&set));
    let windows = windows(&set, &labels, &groups, &files);
    let normal: Vec<bool> = labels.iter().map(|label| normal_classes.contains(label)).collect();
    let hop_s = f64::from(set.hop_columns) / 100.0;
    let progress = ui.progress("holding groups out", set.dataset.groups.len() as u64);
    let sessions = sessions(&set.dataset, &set.rows);
    let names = &set.dataset.groups;
    let trial = trial::run(&windows, &normal, &sessions, names, hop_s, args.seed, || progress.inc(1))?;
    progress.finish_and_clear();
    words(&trial, kind, &args.normal).iter().for_each(|line| ui.say(line));
    let subtitle = format!(
        "{kind} features; normal: {}; {} groups held out in turn, {} normal and {} other recordings",
        args.normal.join(", "),
        trial.folds,
        trial.normal_recordings,
        trial.other_recordings
    );
    roc("Anomaly score: detected against false alarms", &subtitle, &curves(&trial, &normal))?
        .save(&args.out.join(ROC))?;
    let by_class: Vec<(String, bool, Vec<f64>)> = set
        .dataset
        .classes
        .iter()
        .enumerate()
        .map(|(class, name)| {
            let of_class = trial.scored.iter().filter(|scored| labels[scored.row] == class);
            (name.clone(), normal_classes.contains(&class), of_class.map(|scored| f64::from(scored.score)).collect())
        })
        .collect();
    scores("Anomaly score of every class", &subtitle, &by_class)?.save(&args.out.join(SCORES))?;
    ui.say("");
    set.dataset.say_skipped(&ui);
    ui.say(args.out.join(ROC).display().to_string());
    ui.say(args.out.join(SCORES).display().to_string());
    args.json.write(&Figures { features: kind.name(), normal: &args.normal, hop_s, trial: &trial })
}

/// The classes of these names.
///
/// # Errors
/// When there is no such class.
pub(crate) fn normal_classes(classes: &[String], names: &[String]) -> anyhow::Result<Vec<usize>> {
    let of = |name: &String| {
        classes.iter().position(|class| class == name).ok_or_else(|| {
            anyhow::anyhow!("--normal {name}: there is no such class; the classes are {}", classes.join(", "))
        })
    };
    names.iter().map(of).collect()
}

/// The file of every row.
pub(crate) fn files(set: &FeatureSet) -> Vec<usize> {
    set.rows.iter().map(|row| row.recording).collect()
}

/// What the detectors look at.
pub(crate) fn windows<'a>(
    set: &'a FeatureSet,
    classes: &'a [usize],
    groups: &'a [usize],
    files: &'a [usize],
) -> Windows<'a> {
    let embedding = set.kind.needs_body().then(|| set.x.slice_axis(Axis(1), Slice::from(..EMBEDDING_LEN)));
    Windows { embedding, statistics: set.statistics.view(), classes, groups, files }
}

/// What is drawn of each method.
fn curves(trial: &Trial, normal: &[bool]) -> Vec<Curve> {
    let of_method = |(place, method): (usize, &Method)| {
        let points = |scored: &Scored| (f64::from(scored.deviations[place]), !normal[scored.row]);
        let fold = |fold: usize| trial.scored.iter().filter(move |scored| scored.fold == fold);
        let folds: Vec<_> = (0..trial.folds).map(|at| area::curve(&fold(at).map(points).collect::<Vec<_>>())).collect();
        Curve {
            name: method.method.clone(),
            mean_over_groups: (area::mean_curve(&folds), method.mean_over_groups.by_window.auc),
            pooled: (area::curve(&trial.scored.iter().map(points).collect::<Vec<_>>()), method.pooled.by_window.auc),
        }
    };
    trial.methods.iter().enumerate().map(of_method).collect()
}

/// The fused areas of each group; of many only the lowest.
fn each_group(trial: &Trial) -> Vec<String> {
    const MOST: usize = 8;
    let Some(fused) = trial.methods.last() else { return Vec::new() };
    let mut groups: Vec<&OfGroup> = fused.groups.iter().collect();
    let heading = if groups.len() > MOST {
        groups.sort_by(|a, b| a.by_window.total_cmp(&b.by_window));
        format!("Fused, the {MOST} lowest of {} held-out groups:", groups.len())
    } else {
        "Fused, each held-out group:".to_string()
    };
    let mut columns = Columns::new(&[
        ("group", Side::Left),
        ("normal recordings", Side::Right),
        ("AUC by window", Side::Right),
        ("AUC by recording", Side::Right),
    ]);
    for group in groups.into_iter().take(MOST) {
        let areas = [group.by_window, group.by_recording].map(|area| format!("{area:.3}"));
        let [window, recording] = areas;
        columns.row([group.group.clone(), group.normal_recordings.to_string(), window, recording]);
    }
    std::iter::once(heading).chain(columns.lines(2)).collect()
}

fn words(trial: &Trial, kind: FeatureKind, normal: &[String]) -> Vec<String> {
    let mut lines = vec![
        format!("{kind} features; normal: {}", normal.join(", ")),
        format!(
            "{} groups of normal sound held out in turn: {} windows of {} normal recordings against {} windows of {} others.",
            trial.folds, trial.normal_windows, trial.normal_recordings, trial.other_windows, trial.other_recordings
        ),
    ];
    let mut table = |heading: &str, areas: fn(&Method) -> Areas| {
        lines.push(heading.to_string());
        let number = |heading| (heading, Side::Right);
        let mut columns = Columns::new(&[
            ("method", Side::Left),
            number("AUC by window"),
            number("95 % interval"),
            number("pAUC"),
            number("AUC by recording"),
            number("95 % interval"),
        ]);
        for method in &trial.methods {
            let Areas { by_window, by_recording } = areas(method);
            let interval = |[low, high]: [f64; 2]| format!("{low:.3}-{high:.3}");
            columns.row([
                method.method.clone(),
                format!("{:.3}", by_window.auc),
                interval(by_window.interval),
                format!("{:.3}", by_window.pauc),
                format!("{:.3}", by_recording.auc),
                interval(by_recording.interval),
            ]);
        }
        lines.extend(columns.lines(2));
    };
    table("Mean over the held-out groups, each with a fit of its own, as on a device:", |m| m.mean_over_groups);
    table("Pooled, the scores of all fits compared with each other as well:", |method| method.pooled);
    lines.extend(each_group(trial));
    lines.push(format!(
        "False alarms: {:.2} per hour of normal sound ({:.2} h). Detected: {:.0} % of the other files{}.",
        trial.false_alarms_per_hour,
        trial.normal_hours,
        100.0 * trial.detected,
        trial.delay_s.map_or(String::new(), |delay| format!(", after {delay:.1} s in the median"))
    ));
    lines
}
