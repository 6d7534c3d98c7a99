//! Cross-validation of the anomaly score: normal groups held out in turn, against all other sound.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::ensure;
use monitor_core::anomaly::{Alarm, Change};
use rayon::prelude::*;
use serde::Serialize;

use super::fit::{Fitted, SampleSize, Windows, fit};
use super::roc::{self, Area, Recording};
use crate::evaluate::metrics::exact;

/// A window scored by a fit without its group.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scored {
    /// The fold.
    pub fold: usize,
    /// Its row.
    pub row: usize,
    /// The place of each detector between typical and alarming sound, smoothed, and last the highest of them.
    pub positions: Vec<f32>,
    /// The score: 1 is the alarm level.
    pub score: f32,
    /// Whether this window raised a warning.
    pub warned: bool,
    /// Whether this window raised an alarm.
    pub alarmed: bool,
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

/// How many of the held-out groups, beside what was promised.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Share {
    /// Number of groups.
    pub groups: usize,
    /// Number of those that raised it.
    pub raised: usize,
    /// 95 % interval of the probability.
    pub interval: [f64; 2],
    /// Most probability that the fits without the group promised, in the mean.
    pub promised: f64,
    /// Whether the promise is not below the interval.
    pub held: bool,
}

impl Share {
    fn new(raised: usize, groups: usize, promised: f64) -> Self {
        // Something is always held out.
        let share = raised as f64 / groups.max(1) as f64;
        let interval = exact(share, groups.max(1));
        let interval = [interval.low, interval.high];
        Self { groups, raised, interval, promised, held: promised >= interval[0] }
    }
}

/// Maximum number of folds: of more groups several are held out together.
pub(crate) const FOLDS: usize = 24;

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
    let distinct = |keys: &[usize]| usual.iter().map(|row| keys[*row]).collect::<BTreeSet<_>>().into_iter().collect();
    let (mut keys, mut held_out): (_, Vec<usize>) = (windows.groups, distinct(windows.groups));
    let grouped = held_out.len() > 1;
    if !grouped {
        (keys, held_out) = (windows.recordings, distinct(windows.recordings));
    }
    ensure!(
        held_out.len() > 1,
        "normal sound is of one recording only, so nothing can be held out; record more, at other loads, speeds or days"
    );
    let count = held_out.len().min(FOLDS);
    let fold_of = |row: usize| held_out.partition_point(|key| *key < keys[row]) % count;
    let whole = fit(windows, &usual, hop_s)?;
    let held: Vec<(Fitted, Vec<Scored>)> = (0..count)
        .into_par_iter()
        .map(|fold| {
            let train: Vec<usize> = usual.iter().copied().filter(|row| fold_of(*row) != fold).collect();
            let fitted = fit(windows, &train, hop_s)?;
            let test = usual.iter().copied().filter(|row| fold_of(*row) == fold).chain(other.iter().copied());
            let scored = scored(&fitted, windows, fold, test, hop_s);
            done();
            Ok((fitted, scored))
        })
        .collect::<anyhow::Result<_>>()?;
    let promised = |of: fn(&SampleSize) -> f64| {
        held.iter().map(|(fitted, _)| of(&fitted.sample_size)).sum::<f64>() / held.len() as f64
    };
    let promised = [promised(|size| size.promise.warning), promised(|size| size.promise.alarm)];
    let needed = f64::from(whole.rules().persistence.raise_s) / hop_s;
    let long_enough = long_enough(&usual, keys, windows.recordings, needed.ceil() as usize);
    let all: Vec<Scored> = held.into_iter().flat_map(|(_, scored)| scored).collect();
    let name = |fold: usize| {
        let own = held_out.iter().enumerate().filter(|(place, _)| place % count == fold).map(|(_, key)| *key);
        let own: Vec<usize> = own.collect();
        let first =
            if grouped { names.get(own[0]).cloned().unwrap_or_default() } else { format!("recording {}", own[0]) };
        if own.len() > 1 { format!("{first} and {} more", own.len() - 1) } else { first }
    };
    let folds: Vec<String> = (0..count).map(name).collect();
    let method = |(place, method): (usize, String)| {
        let folds_of = recordings(&all, count, normal, sessions, |scored| f64::from(scored.positions[place]));
        areas(method, &folds, &folds_of, seed)
    };
    let methods = if other.is_empty() { Vec::new() } else { methods(&whole) };
    let methods = methods.into_iter().enumerate().map(method).collect();
    let alarms = alarms(&all, windows, normal, hop_s);
    let number = |rows: &[usize]| rows.iter().map(|row| sessions[*row]).collect::<BTreeSet<_>>().len();
    let normal_hours = usual.len() as f64 * hop_s / 3600.0;
    let raised = |is: fn(&Scored) -> bool| {
        let raised = all.iter().filter(|scored| normal[scored.row] && is(scored)).map(|scored| keys[scored.row]);
        raised.filter(|key| long_enough.contains(key)).collect::<BTreeSet<_>>().len()
    };
    Ok(CrossValidation {
        normal_recordings: number(&usual),
        other_recordings: number(&other),
        folds: count,
        normal_windows: usual.len(),
        other_windows: other.len(),
        methods,
        false_alarms_per_hour: alarms.alarms as f64 / normal_hours,
        false_warnings_per_hour: alarms.warnings as f64 / normal_hours,
        normal_hours,
        grouped,
        groups_warned: Share::new(raised(|scored| scored.warned), long_enough.len(), promised[0]),
        groups_alarmed: Share::new(raised(|scored| scored.alarmed), long_enough.len(), promised[1]),
        groups_too_short: held_out.len() - long_enough.len(),
        sample_size: whole.sample_size,
        warning_level: whole.warning,
        detected: alarms.detected,
        warned: alarms.warned,
        delay_s: alarms.delay_s,
        scored: all,
    })
}

/// The `keys` of `rows` with a recording of at least `needed` windows.
fn long_enough(rows: &[usize], keys: &[usize], recordings: &[usize], needed: usize) -> BTreeSet<usize> {
    let mut lengths: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    rows.iter().for_each(|row| *lengths.entry((keys[*row], recordings[*row])).or_default() += 1);
    lengths.into_iter().filter(|(_, length)| *length >= needed).map(|((key, _), _)| key).collect()
}

/// Runs the device's alarm over every recording of `rows`; each is of one state, so the state is steady.
pub(super) fn scored(
    fitted: &Fitted,
    windows: &Windows<'_>,
    fold: usize,
    rows: impl Iterator<Item = usize>,
    hop_s: f64,
) -> Vec<Scored> {
    let mut recordings: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    rows.for_each(|row| recordings.entry(windows.recordings[row]).or_default().push(row));
    let rules = fitted.rules();
    let mut all = Vec::new();
    for rows in recordings.into_values() {
        let mut alarm = Alarm::new(&rules, hop_s as f32);
        for (index, row) in (0..).zip(rows) {
            let outcome = alarm.update(index, &fitted.z_scores(windows, row), true);
            let mut positions: Vec<f32> = outcome.positions.into_iter().flatten().collect();
            positions.push(positions.iter().copied().fold(f32::NEG_INFINITY, f32::max));
            all.push(Scored {
                fold,
                row,
                positions,
                score: outcome.score.unwrap_or(0.0),
                warned: outcome.warning == Some(Change::Raised),
                alarmed: outcome.alarm == Some(Change::Raised),
            });
        }
    }
    all
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_long_enough_by_its_longest_recording_not_by_their_sum() {
        let (keys, recordings) = ([4, 4, 4, 4, 7, 7, 7, 9], [0, 0, 1, 1, 2, 2, 2, 3]);
        let found = |rows: &[usize]| long_enough(rows, &keys, &recordings, 3).into_iter().collect::<Vec<_>>();
        assert_eq!(found(&[0, 1, 2, 3, 4, 5, 6, 7]), [7]);
        assert!(found(&[0, 1, 4, 5]).is_empty());
    }
}
