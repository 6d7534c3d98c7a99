//! The anomaly tables of a refit: widened by clips of normal sound, and checked by clips of faults.

use std::path::PathBuf;

use monitor_core::anomaly::AnomalyModel;
use monitor_model::anomaly::widen::{ClipWindows, MOST_CLUSTERS, widen};

use super::report::{FaultClips, NormalClips};
use super::{Clip, Condition, Report, Settings};

/// Widens `own` by the normal ones of `clips`, adds what was found to `report`, and returns the tables; empty if no clip is normal,
/// or all are already. What the widened tables would do to clips of faults is a reason to refuse.
pub(super) fn widened(
    own: &AnomalyModel<'_>,
    clips: &[(&Clip, &ClipWindows)],
    settings: &Settings,
    report: &mut Report,
) -> Vec<u8> {
    let hop_s = settings.hop_s();
    let of = |condition| clips.iter().filter(move |(clip, _)| clip.condition == Some(condition));
    let normal: Vec<&ClipWindows> = of(Condition::Normal).map(|(_, windows)| *windows).collect();
    let faults: Vec<(&Clip, &ClipWindows)> = of(Condition::Fault).copied().collect();
    let widened = widen(own, &normal, hop_s);
    if widened.left > 0 {
        report.remarks.push(format!(
            "{} clips of normal sound are more kinds of sound than fit: {MOST_CLUSTERS} at most; record a baseline instead",
            widened.left
        ));
    }
    // What was written can be read; if not, the model's own tables stay.
    let new = AnomalyModel::from_bytes(&widened.tables).unwrap_or(*own);
    let alarms = |tables: &AnomalyModel<'_>, windows: &ClipWindows| {
        windows.highest_score(tables, hop_s).is_some_and(|score| score >= settings.alarm_level)
    };
    let count = |tables: &AnomalyModel<'_>, clips: &[&ClipWindows]| {
        clips.iter().filter(|windows| alarms(tables, windows)).count()
    };
    if !normal.is_empty() {
        let alarm = [count(own, &normal), count(&new, &normal)];
        report.normal = Some(NormalClips { clips: normal.len(), alarm });
    }
    if !faults.is_empty() {
        let windows: Vec<&ClipWindows> = faults.iter().map(|(_, windows)| *windows).collect();
        let silenced = faults.iter().filter(|(_, windows)| alarms(own, windows) && !alarms(&new, windows));
        let silenced: Vec<PathBuf> = silenced.map(|(clip, _)| clip.file.clone()).collect();
        if !silenced.is_empty() {
            let names: Vec<String> = silenced.iter().map(|path| path.display().to_string()).collect();
            report.refused.push(format!(
                "{} of {} clips labelled as faults would no longer raise the alarm: {}; check whether a clip labelled normal \
                 holds the same fault",
                silenced.len(),
                faults.len(),
                names.join(", ")
            ));
        }
        let alarm = [count(own, &windows), count(&new, &windows)];
        report.faults = Some(FaultClips { clips: faults.len(), alarm, silenced });
    }
    if widened.added > 0 { widened.tables } else { Vec::new() }
}
