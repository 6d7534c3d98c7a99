//! Which recordings of a class belong together.
//!
//! A manifest names the groups. Without one, folders or file names give them: files whose names differ only in the number
//! of a part are one recording. If a class then has fewer than 3 groups, each file is a group; with fewer than 3 files, each
//! is cut into blocks. Both may put parts of one recording on two sides of a split, so that figures are marked.

use std::collections::BTreeSet;
use std::ops::Range;

use super::load::Found;
use super::names::stem;
use super::{Use, WITHIN_RECORDING};

/// Fewest groups by file name that are used as they are, and fewest files that are not cut.
const FEWEST: usize = 3;

/// A file of a class, or its part with that label.
#[derive(Debug, Clone)]
pub(super) struct Piece<'a> {
    pub found: &'a Found,
    /// The part; `None` for the whole file.
    pub span: Option<Range<f64>>,
    /// Its length, in seconds.
    pub seconds: f64,
}

impl Piece<'_> {
    /// Its name as a group of its own.
    fn name(&self) -> String {
        match &self.span {
            None => self.found.name.clone(),
            Some(span) => format!("{} {}-{} s", self.found.name, span.start, span.end),
        }
    }

    /// The group that the manifest, the folders or the file's name give.
    fn group(&self) -> String {
        let given = self.found.group.clone().or_else(|| self.found.derived.clone());
        given.unwrap_or_else(|| stem(&self.found.name).to_owned())
    }
}

/// The groups of a class.
pub(super) struct Grouping {
    /// One group name per piece.
    pub groups: Vec<String>,
    /// Whether to cut each piece into blocks, each a group of its own.
    pub blocks: bool,
    /// Whether figures by these groups are optimistic.
    pub within_recording: bool,
    /// Note for the user about the grouping, without the name of the class.
    pub remark: Option<String>,
}

/// Groups the pieces of one class, which are in the order of their names. To evaluate nothing is divided, so the groups are
/// those of the names.
pub(super) fn of_class(pieces: &[Piece<'_>], used: Use) -> Grouping {
    let groups: Vec<String> = pieces.iter().map(Piece::group).collect();
    let given = pieces.iter().all(|piece| piece.found.group.is_some());
    let distinct = groups.iter().collect::<BTreeSet<_>>().len();
    // The manifest's groups are used unless they leave nothing to hold out.
    let enough = if given { distinct >= 2 } else { distinct >= FEWEST };
    if enough || used == Use::Evaluate {
        return Grouping { groups, blocks: false, within_recording: false, remark: None };
    }
    let groups = pieces.iter().map(Piece::name).collect();
    let count = pieces.len();
    let what = if pieces.iter().any(|piece| piece.span.is_some()) { "part" } else { "file" };
    if count < FEWEST {
        let s = if count == 1 { "" } else { "s" };
        let remark = format!("{count} {what}{s}, cut into blocks with gaps; every figure is {WITHIN_RECORDING}");
        return Grouping { groups, blocks: true, within_recording: true, remark: Some(remark) };
    }
    let s = if distinct == 1 { "" } else { "s" };
    let source = if given { "the manifest gives" } else { "names give" };
    let remark = format!(
        "{source} {distinct} group{s}, of at least {}, so each of its {count} {what}s is a group; parts of one \
         recording may be apart, every figure is {WITHIN_RECORDING}",
        if given { 2 } else { FEWEST }
    );
    Grouping { groups, blocks: false, within_recording: true, remark: Some(remark) }
}
