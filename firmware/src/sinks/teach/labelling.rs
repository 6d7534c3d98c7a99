//! Labels that people give, change or take back.

use std::io;
use std::path::Path;

use super::check::{LabelError, check};
use super::entry::{self, Queued};
use super::folder::{count, write_manifest};
use super::label::{Answer, NamedState, Part};
use crate::reporting::TeachShare;

/// Why a clip is not labelled.
#[derive(Debug)]
pub(crate) enum ChangeError {
    /// There is none of this name.
    Absent,
    /// The labels cannot be used.
    Label(LabelError),
    /// The folder cannot be read or written.
    Disk(io::Error),
}

impl From<io::Error> for ChangeError {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

/// Replaces the labels of a clip; `known` are the states of the model. States that people have named count as known.
///
/// # Errors
/// [`ChangeError`].
pub(crate) fn set_labels(
    folder: &Path,
    share: &TeachShare,
    clip: &str,
    parts: Vec<Part>,
    known: &[String],
) -> Result<(), ChangeError> {
    let _turn = share.lock();
    let mut clips = entry::list(folder)?;
    let named = new_states(&clips, known);
    let place = clips.iter().position(|one| one.clip == clip).ok_or(ChangeError::Absent)?;
    let entry = &mut clips[place].entry;
    let all = known.iter().chain(&named).map(String::as_str);
    check(&parts, entry.seconds, all).map_err(ChangeError::Label)?;
    entry.parts = parts;
    entry.write(folder, clip)?;
    write_manifest(folder, &clips)?;
    count(share, &clips);
    Ok(())
}

/// The states that people have named and the model does not know, in the order of their first clips.
pub(crate) fn new_states(clips: &[Queued], known: &[String]) -> Vec<String> {
    let mut named: Vec<String> = Vec::new();
    for part in clips.iter().flat_map(|one| &one.entry.parts) {
        if let Some(Answer::State(NamedState { name, .. })) = &part.answer
            && !known.contains(name)
            && !named.contains(name)
        {
            named.push(name.clone());
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::super::folder::tests::{add_to, sound};
    use super::super::label::tests::state;
    use super::super::manifest;
    use super::*;

    #[test]
    fn labels_are_in_the_manifest_at_once_can_be_changed_and_taken_back() {
        let (folder, share) = (tempfile::tempdir().unwrap(), TeachShare::default());
        add_to(folder.path(), &share, &sound(1, 0));
        let known = ["on_state".to_owned()];
        let clip = "000001_unsure_on_x.wav";
        let set = |parts: &[(f64, &str)]| {
            let part = |(to_s, name): &(f64, &str)| Part { to_s: *to_s, answer: Some(state(name, false)) };
            set_labels(folder.path(), &share, clip, parts.iter().map(part).collect(), &known)
        };
        let rows = || {
            let text = std::fs::read_to_string(folder.path().join(manifest::NAME)).unwrap();
            text.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().to_owned()).collect::<Vec<_>>()
        };
        set(&[(5.0, "rubbing")]).unwrap();
        assert_eq!(rows(), ["rubbing"]);
        assert_eq!(new_states(&entry::list(folder.path()).unwrap(), &known), ["rubbing"]);
        set(&[(2.0, "on_state"), (5.0, "rubbing")]).unwrap();
        assert_eq!(rows(), ["on_state", "rubbing"]);
        assert!(matches!(set(&[(5.0, "Rubbing")]), Err(ChangeError::Label(LabelError::Alike { .. }))));
        assert_eq!(rows(), ["on_state", "rubbing"]);
        set(&[]).unwrap();
        assert!(rows().is_empty());
        let absent = set_labels(folder.path(), &share, "../x.wav", Vec::new(), &known);
        assert!(matches!(absent, Err(ChangeError::Absent)));
    }
}
