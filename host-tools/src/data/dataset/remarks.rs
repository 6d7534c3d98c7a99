//! Remarks on the files of a data set, one line for each kind.

use std::collections::BTreeMap;

use super::load::Found;
use super::probe::Probe;

/// One remark for each kind, with the number of files and the first of them.
pub(super) fn grouped(probed: &[(Found, Result<Probe, String>)]) -> Vec<String> {
    let mut kinds: BTreeMap<&str, (usize, String)> = BTreeMap::new();
    for (found, probe) in probed {
        for remark in probe.iter().flat_map(|probe| &probe.sound.remarks) {
            let (files, _) = kinds.entry(remark.kind).or_insert_with(|| (0, format!("{}: {remark}", found.name)));
            *files += 1;
        }
    }
    let lines = kinds.into_iter().map(|(kind, (files, first))| match files {
        1 => format!("{kind}: {first}"),
        _ => format!("{kind}, {files} files; the first, {first}"),
    });
    lines.collect()
}
