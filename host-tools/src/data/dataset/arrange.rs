//! From usable files to numbered classes, groups and recordings.

use std::collections::{BTreeMap, BTreeSet};

use super::grouping::{self, Piece};
use super::load::Usable;
use super::probe::is_too_short;
use super::{Dataset, Recording, Skipped, Use, blocks};

impl Dataset {
    /// Numbers classes and groups; cuts files into their parts, and to train a few long ones into blocks.
    pub(super) fn arrange(&mut self, usable: &[Usable], used: Use) {
        let mut by_class: BTreeMap<&str, Vec<(&Usable, Piece<'_>)>> = BTreeMap::new();
        for file in usable {
            for (label, piece) in self.pieces(file) {
                by_class.entry(label).or_default().push((file, piece));
            }
        }
        let mut grouped: Vec<(Recording, String)> = Vec::new();
        // The classes of each note.
        let mut notes: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (label, (class, mut files)) in by_class.into_iter().enumerate() {
            files.sort_by(|(a, one), (b, other)| {
                let start = |piece: &Piece<'_>| piece.span.as_ref().map_or(0.0, |span| span.start);
                a.found.name.cmp(&b.found.name).then(start(one).total_cmp(&start(other)))
            });
            let pieces: Vec<Piece<'_>> = files.iter().map(|(_, piece)| piece.clone()).collect();
            let grouping = grouping::of_class(&pieces, used);
            if let Some(remark) = grouping.remark {
                notes.entry(remark).or_default().push(class);
            }
            self.within_recording |= grouping.within_recording;
            for ((file, piece), group) in files.into_iter().zip(grouping.groups) {
                let found = &file.found;
                let whole = Recording {
                    recording: found.recording.clone().unwrap_or_else(|| without_extension(&found.name)),
                    path: found.path.clone(),
                    label,
                    group: 0,
                    hash: file.probe.hash,
                    rate_hz: file.probe.sound.rate_hz,
                    seconds: piece.seconds,
                    block: piece.span.clone(),
                };
                if !grouping.blocks {
                    grouped.push((whole, group));
                    continue;
                }
                let from = piece.span.map_or(0.0, |span| span.start);
                for (number, block) in blocks::cut(piece.seconds, pieces.len()).into_iter().enumerate() {
                    let block = from + block.start..from + block.end;
                    let part = Recording { seconds: block.end - block.start, block: Some(block), ..whole.clone() };
                    grouped.push((part, format!("{group} block {}", number + 1)));
                }
            }
            self.classes.push(class.to_owned());
        }
        self.remarks.extend(notes.into_iter().map(|(note, classes)| format!("{}: {note}", classes.join(", "))));
        let names: BTreeSet<&String> = grouped.iter().map(|(_, group)| group).collect();
        self.groups = names.into_iter().cloned().collect();
        for (mut recording, group) in grouped {
            // Every name is found: the list was made of them.
            recording.group = self.groups.binary_search(&group).unwrap_or_default();
            self.recordings.push(recording);
        }
    }

    /// The file, or its parts within its length, each with its label. Parts shorter than a window are counted as left out.
    fn pieces<'u>(&mut self, file: &'u Usable) -> Vec<(&'u str, Piece<'u>)> {
        let (found, probe) = (&file.found, &file.probe);
        if found.spans.is_empty() {
            return vec![(&found.label, Piece { found, span: None, seconds: probe.seconds })];
        }
        let mut pieces = Vec::new();
        let mut short = 0_usize;
        for part in &found.spans {
            let span = part.seconds.start..part.seconds.end.min(probe.seconds);
            let seconds = span.end - span.start;
            if is_too_short((seconds * f64::from(probe.sound.rate_hz)).round() as u64, probe.sound.rate_hz) {
                short += 1;
                continue;
            }
            pieces.push((&part.label[..], Piece { found, span: Some(span), seconds }));
        }
        if short > 0 {
            self.remarks.push(format!(
                "{}: {short} of {} parts are shorter than one window of {} s or lie beyond the end, and were left out",
                found.name,
                found.spans.len(),
                monitor_core::window::SECONDS
            ));
        }
        if pieces.is_empty() {
            let reason = "none of its labelled parts is as long as one window".to_owned();
            self.skipped.push(Skipped { path: found.path.clone(), reason });
        }
        pieces
    }
}

fn without_extension(name: &str) -> String {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned()
}
