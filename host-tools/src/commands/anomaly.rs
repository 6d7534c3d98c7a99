//! `host-tools anomaly`: measures how well the anomaly score separates normal sound from all other, on held-out groups.

use std::path::PathBuf;

use monitor_core::features::FeatureKind;
use monitor_synth::FAULT_TABLE;
use serde::Serialize;

use crate::anomaly::cross_validation::{Areas, CrossValidation, GroupAreas, Method, Samples, cross_validate};
use crate::anomaly::explained::{Explained, explained, read_fault_bands};
use crate::anomaly::hold_out::{FOLDS, Scored};
use crate::anomaly::normal::{WindowIndex, normal_classes};
use crate::anomaly::roc as area;
use crate::anomaly::text::{false_alarms, promise};
use crate::console::{Columns, JsonOut, Side, Ui, check_files, check_folder};
use crate::data::dataset::Dataset;
use crate::evaluate::measured::sessions;
use crate::features::InputOptions;
use crate::plots::anomaly::{Curve, roc, scores};

/// File name of the picture of the curves.
const ROC: &str = "anomaly_roc.png";
/// File name of the picture of the scores.
const SCORES: &str = "anomaly_scores.png";

/// Options of `host-tools anomaly`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  host-tools anomaly --data recordings --normal on_state
  host-tools anomaly --data recordings --normal on_state,off_state --features tap --json anomaly.json")]
pub(crate) struct Args {
    #[command(flatten)]
    pub input: InputOptions,
    /// Classes of normal sound; all others should raise an alarm; a name with a comma takes a --normal of its own
    #[arg(long, value_name = "LABEL,...", required = true)]
    pub normal: Vec<String>,
    /// Folder for the pictures
    #[arg(long, value_name = "DIR", default_value = "artifacts")]
    pub out: PathBuf,
    /// Frequencies that faults add, as CSV with the columns file, from_hz and to_hz: compare them with the bands that alarms name
    /// [default: fault_bands.csv in the data folder, if it is there]
    #[arg(long, value_name = "CSV")]
    pub fault_bands: Option<PathBuf>,
    /// Random seed of the confidence intervals
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    #[command(flatten)]
    pub json: JsonOut,
}

#[derive(Debug, Serialize)]
struct Figures<'a> {
    features: &'a str,
    normal: &'a [String],
    hop_s: f64,
    #[serde(flatten)]
    result: &'a CrossValidation,
    /// How often alarms name the frequencies of the faults; absent where these are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    explained: Option<Explained>,
}

/// Runs the command.
///
/// # Errors
/// When a class is unknown, there is nothing to compare, or a file cannot be read or written.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    // Checks that are quick come before the long work.
    check_files(&[args.json.output()])?;
    check_folder("--out", &args.out)?;
    let bands = args.known_bands().map(|path| read_fault_bands(&path)).transpose()?;
    let ui = Ui::new(&args.json);
    let check = |dataset: &Dataset| normal_classes(&dataset.classes, &args.normal).map(drop);
    let set = args.input.load(check, &ui)?.set;
    let (kind, normal_classes) = (set.kind, normal_classes(&set.dataset.classes, &args.normal)?);
    let normal_names: Vec<String> = normal_classes.iter().map(|&class| set.dataset.classes[class].clone()).collect();
    let index = WindowIndex::from_set(&set);
    let (windows, labels) = (index.windows(&set), &index.classes);
    let normal: Vec<bool> = labels.iter().map(|label| normal_classes.contains(label)).collect();
    let hop_s = set.hop_s();
    let progress = ui.progress("holding groups out", set.dataset.groups.len().min(FOLDS) as u64);
    let sessions = sessions(&set.dataset, &set.rows);
    let names = &set.dataset.groups;
    let result = {
        let samples = Samples { windows, normal: &normal, sessions: &sessions, names, hop_s };
        cross_validate(&samples, args.seed, || progress.inc(1))?
    };
    progress.finish_and_clear();
    text(&result, kind, &normal_names, set.dataset.within_recording).iter().for_each(|line| ui.print(line));
    let explained = bands.map(|bands| explained(&result.scored, &set, &bands, args.input.folder()));
    explained.iter().flat_map(Explained::lines).for_each(|line| ui.print(line));
    let subtitle = format!(
        "{kind} features; normal: {}; {} groups held out in turn, {} normal and {} other recordings",
        normal_names.join(", "),
        result.folds,
        result.normal_recordings,
        result.other_recordings
    );
    let compared = !result.methods.is_empty();
    if compared {
        let curves = curves(&result, &normal);
        let words = curves.last().map(|fused| area::in_words(&fused.main.0)).unwrap_or_default();
        let subtitle = format!("{subtitle}. {words}");
        roc("Anomaly score: detected against false alarms", &subtitle, &curves, Some(area::PARTIAL))?
            .save(&args.out.join(ROC))?;
    }
    let by_class: Vec<(String, bool, Vec<f64>)> = set
        .dataset
        .classes
        .iter()
        .enumerate()
        .map(|(class, name)| {
            let of_class = result.scored.iter().filter(|scored| labels[scored.row] == class);
            let scores = of_class.filter_map(|scored| scored.score).map(f64::from).collect();
            (name.clone(), normal_classes.contains(&class), scores)
        })
        .collect();
    scores("Anomaly score of every class", &subtitle, &by_class)?.save(&args.out.join(SCORES))?;
    ui.print("");
    set.dataset.print_skipped(&ui);
    if compared {
        ui.print(args.out.join(ROC).display().to_string());
    }
    ui.print(args.out.join(SCORES).display().to_string());
    args.json.write(
        "acoustic-monitor/anomaly/1",
        &Figures { features: kind.name(), normal: &normal_names, hop_s, result: &result, explained },
    )
}

impl Args {
    /// The table of the frequencies of faults.
    fn known_bands(&self) -> Option<PathBuf> {
        let beside = || Some(self.input.folder().join(FAULT_TABLE)).filter(|_| !self.input.is_tables());
        self.fault_bands.clone().or_else(|| beside().filter(|path| path.is_file()))
    }
}

/// The curves of each method.
fn curves(result: &CrossValidation, normal: &[bool]) -> Vec<Curve> {
    let curve_of = |(place, method): (usize, &Method)| {
        let points = |scored: &Scored| (f64::from(scored.positions[place]), !normal[scored.row]);
        let counted = result.scored.iter().filter(|scored| scored.counts);
        let fold = |fold: usize| counted.clone().filter(move |scored| scored.fold == fold);
        let folds: Vec<_> =
            (0..result.folds).map(|at| area::curve(&fold(at).map(points).collect::<Vec<_>>())).collect();
        Curve {
            name: method.method.clone(),
            main: (area::mean_curve(&folds), method.mean_over_groups.by_window.auc),
            pooled: Some((area::curve(&counted.map(points).collect::<Vec<_>>()), method.pooled.by_window.auc)),
        }
    };
    result.methods.iter().enumerate().map(curve_of).collect()
}

/// Areas of the fused score in each group; of many groups only the lowest.
fn each_group(result: &CrossValidation) -> Vec<String> {
    const MOST: usize = 8;
    let Some(fused) = result.methods.last() else { return Vec::new() };
    let mut groups: Vec<&GroupAreas> = fused.groups.iter().collect();
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

/// The result as lines for the terminal.
fn text(result: &CrossValidation, kind: FeatureKind, normal: &[String], within_recording: bool) -> Vec<String> {
    let mut lines = vec![
        format!("{kind} features; normal: {}", normal.join(", ")),
        format!(
            "{} groups of normal sound held out in turn: {} windows of {} normal recordings against {} windows of {} others.",
            result.groups_alarmed.groups + result.groups_too_short,
            result.normal_windows,
            result.normal_recordings,
            result.other_windows,
            result.other_recordings
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
        for method in &result.methods {
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
    if !result.methods.is_empty() {
        table("Mean over the held-out groups, each with its own fit, as on a device:", |m| m.mean_over_groups);
        table("Pooled over the scores of all fits:", |method| method.pooled);
        lines.extend(each_group(result));
    }
    lines.extend(alarms(result, within_recording));
    lines
}

/// False alarms, the promise and whether it held, and detections.
fn alarms(result: &CrossValidation, within_recording: bool) -> Vec<String> {
    let count = |per_hour: f64| (per_hour * result.normal_hours).round() as usize;
    let false_ones = false_alarms(count(result.false_alarms_per_hour), result.normal_hours * 3600.0);
    let mut lines = vec![format!("{false_ones}; {} false warnings.", count(result.false_warnings_per_hour))];
    if result.groups_too_short > 0 {
        lines.push(format!(
            "{} held-out groups cannot raise the alarm, which needs {:.1} s of one recording: they show nothing of the promise. \
             Record longer ones.",
            result.groups_too_short, result.needed_s
        ));
    }
    if result.groups_alarmed.groups > 0 {
        let units = if result.grouped { "held-out groups" } else { "held-out recordings of the only group" };
        lines.push(result.groups_alarmed.sentence("an alarm", units));
        lines.push(result.groups_warned.sentence("a warning", units));
    }
    lines.extend(promise(&result.sample_size, within_recording));
    let (Some(detected), Some(warned)) = (result.detected, result.warned) else { return lines };
    lines.push(if detected > 0.0 {
        let delay = result.delay_s.map_or(String::new(), |delay| format!(", after {delay:.1} s in the median"));
        format!(
            "The alarm would have fired for {:.0} % of the other recordings{delay}; a warning for {:.0} %.",
            100.0 * detected,
            100.0 * warned
        )
    } else {
        format!(
            "The alarm would not have fired; a warning would have for {:.0} % of the other recordings. Run `host-tools evaluate \
             --timelines` to see the scores; lower the level with more, or more uniform, normal recordings.",
            100.0 * warned
        )
    });
    lines
}
