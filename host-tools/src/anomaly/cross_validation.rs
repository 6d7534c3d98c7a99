//! Cross-validation of the anomaly score: normal groups held out in turn, against all other sound.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::fit::{Fitted, SampleSize, Windows, fit};
use super::hold_out::{HeldOut, Scored, hold_out};
use super::roc::{self, Area, Recording};
use crate::evaluate::promise::Share;

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
    /// By window with a score; of a recording too short for one the last window.
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
    /// Warnings per hour of normal sound.
    pub false_warnings_per_hour: f64,
    /// Hours of normal sound in which they were counted.
    pub normal_hours: f64,
    /// Whether whole groups were held out; otherwise recordings of one group were, which is optimistic.
    pub grouped: bool,
    /// Groups of normal sound that raised a warning while they were held out; those too short to raise the alarm do not count.
    pub groups_warned: Share,
    /// Groups of normal sound that raised an alarm while they were held out; those too short to raise it do not count.
    pub groups_alarmed: Share,
    /// Groups of normal sound without a recording that is long enough to raise the alarm.
    pub groups_too_short: usize,
    /// Length of the shortest recording that can raise the alarm, in seconds.
    pub needed_s: f64,
    /// Levels and promise of a fit to all normal sound.
    pub sample_size: SampleSize,
    /// The warning level as a score.
    pub warning_level: f32,
    /// Share of the other recordings, in each fold, that raised an alarm; absent without other recordings.
    pub detected: Option<f64>,
    /// Share of the other recordings, in each fold, that raised a warning; absent without other recordings.
    pub warned: Option<f64>,
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
    let held = hold_out(windows, &usual, &other, hop_s, done)?;
    let whole = fit(windows, &usual, hop_s)?;
    let name = |fold: usize| {
        let own: Vec<usize> = held.groups.iter().filter(|group| group.fold == fold).map(|group| group.key).collect();
        let first = match names.get(own[0]) {
            Some(name) if held.grouped => name.clone(),
            _ => format!("recording {}", own[0]),
        };
        if own.len() > 1 { format!("{first} and {} more", own.len() - 1) } else { first }
    };
    let folds: Vec<String> = (0..held.folds).map(name).collect();
    let method = |(place, method): (usize, String)| {
        let folds_of = recordings(&held, normal, sessions, |scored| f64::from(scored.positions[place]));
        areas(method, &folds, &folds_of, seed)
    };
    let methods = if other.is_empty() { Vec::new() } else { methods(&whole) };
    let methods = methods.into_iter().enumerate().map(method).collect();
    let alarms = alarms(&held.scored, windows, normal, hop_s);
    let number = |rows: &[usize]| rows.iter().map(|row| sessions[*row]).collect::<BTreeSet<_>>().len();
    let normal_hours = usual.len() as f64 * hop_s / 3600.0;
    Ok(CrossValidation {
        normal_recordings: number(&usual),
        other_recordings: number(&other),
        folds: held.folds,
        normal_windows: usual.len(),
        other_windows: other.len(),
        methods,
        false_alarms_per_hour: alarms.alarms as f64 / normal_hours,
        false_warnings_per_hour: alarms.warnings as f64 / normal_hours,
        normal_hours,
        grouped: held.grouped,
        groups_warned: held.warned(),
        groups_alarmed: held.alarmed(),
        groups_too_short: held.too_short(),
        needed_s: held.needed.seconds,
        sample_size: whole.sample_size,
        warning_level: whole.warning,
        detected: alarms.detected,
        warned: alarms.warned,
        delay_s: alarms.delay_s,
        scored: held.scored,
    })
}

/// The windows of each recording that count, fold by fold.
fn recordings(
    held: &HeldOut,
    normal: &[bool],
    sessions: &[usize],
    value: impl Fn(&Scored) -> f64,
) -> Vec<Vec<Recording>> {
    let mut found: Vec<BTreeMap<(usize, bool), Vec<f64>>> = vec![BTreeMap::new(); held.folds];
    for scored in held.scored.iter().filter(|scored| scored.counts) {
        let key = (sessions[scored.row], !normal[scored.row]);
        found[scored.fold].entry(key).or_default().push(value(scored));
    }
    let fold = |fold: BTreeMap<(usize, bool), Vec<f64>>| fold.into_iter().map(|((_, other), v)| (v, other)).collect();
    found.into_iter().map(fold).collect()
}

fn areas(method: String, names: &[String], folds: &[Vec<Recording>], seed: u64) -> Method {
    let mean = |(values, other): &Recording| (vec![values.iter().sum::<f64>() / values.len().max(1) as f64], *other);
    let means: Vec<Vec<Recording>> = folds.iter().map(|fold| fold.iter().map(mean).collect()).collect();
    let one = |fold: &[Recording]| roc::area(&roc::curve_of(fold), 1.0);
    let group = |((name, windows), means): ((&String, &Vec<Recording>), &Vec<Recording>)| GroupAreas {
        group: name.clone(),
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
    alarms: usize,
    warnings: usize,
    detected: Option<f64>,
    warned: Option<f64>,
    delay_s: Option<f64>,
}

/// Counts warnings and alarms of every recording of every fold.
fn alarms(all: &[Scored], windows: &Windows<'_>, normal: &[bool], hop_s: f64) -> Alarms {
    let mut recordings: BTreeMap<(usize, usize), Vec<&Scored>> = BTreeMap::new();
    for scored in all {
        recordings.entry((scored.fold, windows.recordings[scored.row])).or_default().push(scored);
    }
    let (mut alarms, mut warnings, mut others, mut warned, mut delays) = (0, 0, 0, 0, Vec::new());
    for scored in recordings.values() {
        if normal[scored[0].row] {
            alarms += scored.iter().filter(|scored| scored.alarmed).count();
            warnings += scored.iter().filter(|scored| scored.warned).count();
        } else {
            others += 1;
            warned += usize::from(scored.iter().any(|scored| scored.warned));
            let first = scored.iter().position(|scored| scored.alarmed);
            delays.extend(first.map(|at| at as f64 * hop_s + monitor_core::window::SECONDS));
        }
    }
    delays.sort_by(f64::total_cmp);
    let share = |count: usize| (others > 0).then(|| count as f64 / f64::from(others));
    Alarms {
        alarms,
        warnings,
        detected: share(delays.len()),
        warned: share(warned),
        delay_s: delays.get(delays.len() / 2).copied(),
    }
}
