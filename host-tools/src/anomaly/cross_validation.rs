//! Cross-validation of the anomaly score: normal groups held out in turn, against all other sound.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::ensure;
use monitor_core::anomaly::{Alarm, Change, Persistence};
use rayon::prelude::*;
use serde::Serialize;

use super::fit::{Fitted, Windows, fit};
use super::roc::{self, Area, Recording};

/// A window scored by a fit without its group.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scored {
    /// The fold.
    pub fold: usize,
    /// Its row.
    pub row: usize,
    /// The deviation of each detector and, last, the largest.
    pub deviations: Vec<f32>,
    /// The score: 1 is the threshold.
    pub score: f32,
}

/// Areas of one method, over the held-out groups and over all of them together.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Method {
    /// Its name.
    pub method: String,
    /// Mean over the held-out groups of the area within each: the figure to quote. Each area is of one fit, as on a device.
    pub mean_over_groups: Areas,
    /// One area over the scores of all fits together.
    pub pooled: Areas,
    /// Areas in each held-out group.
    pub groups: Vec<GroupAreas>,
}

/// By window and by recording, each recording by the mean over its windows.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Areas {
    /// By window.
    pub by_window: Area,
    /// By recording.
    pub by_recording: Area,
}

/// Areas within one held-out group: its normal sound against all other sound.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct GroupAreas {
    /// Its name.
    pub group: String,
    /// Number of its normal recordings; with few of them the area by recording has few possible values.
    pub normal_recordings: usize,
    /// By window.
    pub by_window: f64,
    /// By recording.
    pub by_recording: f64,
}

/// Results of the cross-validation.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct CrossValidation {
    /// Number of normal recordings.
    pub normal_recordings: usize,
    /// Number of other recordings.
    pub other_recordings: usize,
    /// Number of groups held out in turn.
    pub folds: usize,
    /// Number of windows of normal sound.
    pub normal_windows: usize,
    /// Number of other windows.
    pub other_windows: usize,
    /// Each detector, and both fused by their maximum.
    pub methods: Vec<Method>,
    /// Alarms per hour of normal sound.
    pub false_alarms_per_hour: f64,
    /// Hours of normal sound in which they were counted.
    pub normal_hours: f64,
    /// Share of the other files, in each fold, that raised an alarm.
    pub detected: f64,
    /// Median time from the start of such a file to the end of the window that raised the alarm, in seconds.
    pub delay_s: Option<f64>,
    /// Every scored window.
    #[serde(skip)]
    pub scored: Vec<Scored>,
}

/// Names of the methods of a fit.
fn methods(fitted: &Fitted) -> Vec<String> {
    let each = fitted.spaces.iter().map(|space| space.input.name().to_string());
    each.chain(["fused".to_string()]).collect()
}

/// Input of [`cross_validate`]; slices have one entry per window, `names` one per group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Samples<'a> {
    /// Input of the detectors.
    pub windows: Windows<'a>,
    /// Whether the window is normal sound.
    pub normal: &'a [bool],
    /// Recording session of the window.
    pub sessions: &'a [usize],
    /// Names of the groups.
    pub names: &'a [String],
    /// Step between windows, in seconds.
    pub hop_s: f64,
}

/// Cross-validates the anomaly score; `seed` is that of the intervals, `done` is called after each fold.
///
/// # Errors
/// When there is nothing to compare, or too little normal sound to fit.
pub(crate) fn cross_validate(
    samples: &Samples<'_>,
    seed: u64,
    done: impl Fn() + Sync,
) -> anyhow::Result<CrossValidation> {
    let Samples { ref windows, normal, sessions, names, hop_s } = *samples;
    let rows = |side: bool| (0..normal.len()).filter(|row| normal[*row] == side).collect::<Vec<_>>();
    let (usual, other) = (rows(true), rows(false));
    let groups: BTreeSet<usize> = usual.iter().map(|row| windows.groups[*row]).collect();
    ensure!(
        groups.len() > 1,
        "normal sound is of one group only, so no group can be held out; record more or name groups"
    );
    ensure!(
        !other.is_empty(),
        "all classes are normal, so there is nothing to compare; name the normal ones with --normal"
    );
    let held: Vec<(Fitted, Vec<Scored>)> = groups
        .iter()
        .enumerate()
        .collect::<Vec<_>>()
        .par_iter()
        .map(|(fold, out)| {
            let train: Vec<usize> = usual.iter().copied().filter(|row| windows.groups[*row] != **out).collect();
            let fitted = fit(windows, &train, hop_s)?;
            let test = usual.iter().copied().filter(|row| windows.groups[*row] == **out).chain(other.iter().copied());
            let scored = test.map(|row| scored(&fitted, windows, *fold, row)).collect();
            done();
            Ok((fitted, scored))
        })
        .collect::<anyhow::Result<_>>()?;
    let each = held.first().map(|(fitted, _)| methods(fitted)).unwrap_or_default();
    let all: Vec<Scored> = held.into_iter().flat_map(|(_, scored)| scored).collect();
    let held_out: Vec<&str> = groups.iter().map(|group| names.get(*group).map_or("", String::as_str)).collect();
    let methods = each.into_iter().enumerate().map(|(place, method)| {
        let folds = recordings(&all, held_out.len(), normal, sessions, |scored| f64::from(scored.deviations[place]));
        areas(method, &held_out, &folds, seed)
    });
    let methods = methods.collect();
    let alarms = alarms(&all, windows, normal, hop_s);
    let count = |rows: &[usize]| rows.iter().map(|row| sessions[*row]).collect::<BTreeSet<_>>().len();
    let normal_hours = usual.len() as f64 * hop_s / 3600.0;
    Ok(CrossValidation {
        normal_recordings: count(&usual),
        other_recordings: count(&other),
        folds: groups.len(),
        normal_windows: usual.len(),
        other_windows: other.len(),
        methods,
        false_alarms_per_hour: alarms.raised as f64 / normal_hours,
        normal_hours,
        detected: alarms.detected,
        delay_s: alarms.delay_s,
        scored: all,
    })
}

fn scored(fitted: &Fitted, windows: &Windows<'_>, fold: usize, row: usize) -> Scored {
    let (mut deviations, highest) = fitted.z_scores(windows, row);
    deviations.push(highest);
    Scored { fold, row, deviations, score: monitor_core::anomaly::score(highest, fitted.threshold) }
}

/// The windows of each recording, fold by fold.
fn recordings(
    all: &[Scored],
    folds: usize,
    normal: &[bool],
    sessions: &[usize],
    value: impl Fn(&Scored) -> f64,
) -> Vec<Vec<Recording>> {
    let mut found: Vec<BTreeMap<(usize, bool), Vec<f64>>> = vec![BTreeMap::new(); folds];
    for scored in all {
        let key = (sessions[scored.row], !normal[scored.row]);
        found[scored.fold].entry(key).or_default().push(value(scored));
    }
    let fold = |fold: BTreeMap<(usize, bool), Vec<f64>>| fold.into_iter().map(|((_, other), v)| (v, other)).collect();
    found.into_iter().map(fold).collect()
}

fn areas(method: String, names: &[&str], folds: &[Vec<Recording>], seed: u64) -> Method {
    let mean = |(values, other): &Recording| (vec![values.iter().sum::<f64>() / values.len().max(1) as f64], *other);
    let means: Vec<Vec<Recording>> = folds.iter().map(|fold| fold.iter().map(mean).collect()).collect();
    let one = |fold: &[Recording]| roc::area(&roc::curve_of(fold), 1.0);
    let group = |((name, windows), means): ((&&str, &Vec<Recording>), &Vec<Recording>)| GroupAreas {
        group: (*name).to_string(),
        normal_recordings: windows.iter().filter(|(_, other)| !other).count(),
        by_window: one(windows),
        by_recording: one(means),
    };
    let both = |area: &dyn Fn(&[Vec<Recording>]) -> Area| Areas { by_window: area(folds), by_recording: area(&means) };
    Method {
        method,
        mean_over_groups: both(&|folds| roc::mean_over(folds, seed)),
        pooled: both(&|folds| roc::pooled(&folds.concat(), seed)),
        groups: names.iter().zip(folds).zip(&means).map(group).collect(),
    }
}

struct Alarms {
    raised: usize,
    detected: f64,
    delay_s: Option<f64>,
}

/// Runs the device's alarm over every file of every fold; each file is of one state, so the state is steady.
fn alarms(all: &[Scored], windows: &Windows<'_>, normal: &[bool], hop_s: f64) -> Alarms {
    let mut files: BTreeMap<(usize, usize), Vec<&Scored>> = BTreeMap::new();
    for scored in all {
        files.entry((scored.fold, windows.files[scored.row])).or_default().push(scored);
    }
    let (mut raised, mut others, mut delays) = (0, 0, Vec::new());
    for scored in files.values() {
        let mut alarm = Alarm::new(Persistence::default(), hop_s as f32);
        let changes = scored.iter().map(|scored| alarm.update(scored.score, true));
        let at: Vec<usize> =
            changes.enumerate().filter(|(_, change)| *change == Some(Change::Raised)).map(|(at, _)| at).collect();
        if normal[scored[0].row] {
            raised += at.len();
        } else {
            others += 1;
            delays.extend(at.first().map(|at| *at as f64 * hop_s + monitor_core::window::SECONDS));
        }
    }
    delays.sort_by(f64::total_cmp);
    Alarms {
        raised,
        detected: delays.len() as f64 / f64::from(others.max(1)),
        delay_s: delays.get(delays.len() / 2).copied(),
    }
}
