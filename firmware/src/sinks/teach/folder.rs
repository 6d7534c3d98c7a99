//! The folder of the clips: every change of it, one at a time.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;

use monitor_model::atomic_file;

use super::Config;
use super::entry::{self, Entry, Progress, Queued};
use super::manifest;
use super::queue::{Bounds, Decision, ENTRY_BYTES, decide};
use crate::reporting::TeachShare;
use crate::sinks::clips::store;

/// Makes the folder as a power cut may have left it usable: removes what is torn, and writes the manifest anew.
///
/// # Errors
/// The error of the file system.
pub(super) fn prepare(folder: &Path, share: &TeachShare) -> io::Result<()> {
    let _turn = share.lock();
    std::fs::create_dir_all(folder)?;
    tidy(folder)?;
    let clips = entry::list(folder)?;
    if folder.join(manifest::NAME).exists() || clips.iter().any(|one| !one.entry.parts.is_empty()) {
        write_manifest(folder, &clips)?;
    }
    count(share, &clips);
    Ok(())
}

/// Queues a clip that takes `bytes` and whose name ends with `rest`, if it gets a place; `write` writes it.
///
/// # Errors
/// The error of the file system.
pub(super) fn add(
    config: &Config,
    share: &TeachShare,
    entry: &Entry,
    (bytes, rest): (u64, &str),
    write: impl FnOnce(&Path) -> io::Result<()>,
) -> io::Result<Decision> {
    let (folder, _turn) = (&config.folder, share.lock());
    // The folder is read each time: people remove clips, and the card may have been replaced.
    std::fs::create_dir_all(folder)?;
    tidy(folder)?;
    let clips = entry::list(folder)?;
    let decision = decide(&clips, entry, bytes, Bounds::new(config, store::free(folder)?));
    let counter = match &decision {
        Decision::Similar => &share.counters.similar,
        Decision::Refused => &share.counters.refused,
        Decision::Queue { remove } => {
            for clip in remove {
                // The clip first: an entry without one is removed at the next start.
                store::remove(&folder.join(clip))?;
                store::remove(&entry::path(folder, clip))?;
            }
            let name = format!("{:06}_{rest}.wav", next_number(folder)?);
            entry.write(folder, &name)?;
            write(&folder.join(&name))?;
            count(share, &entry::list(folder)?);
            &share.counters.queued
        }
    };
    counter.fetch_add(1, Relaxed);
    Ok(decision)
}

pub(super) fn write_manifest(folder: &Path, clips: &[Queued]) -> io::Result<()> {
    atomic_file::write(&folder.join(manifest::NAME), manifest::text(clips).as_bytes())
}

pub(super) fn count(share: &TeachShare, clips: &[Queued]) {
    let number = |progress| clips.iter().filter(|one| one.entry.progress() == progress).count();
    share.counters.set(number(Progress::Waiting), number(Progress::Labelled));
}

/// Removes what a power cut kept from being finished: temporary files, and entries without a clip.
fn tidy(folder: &Path) -> io::Result<()> {
    store::tidy(folder)?;
    atomic_file::tidy(&folder.join(manifest::NAME));
    for name in store::names(folder)? {
        let clip = PathBuf::from(&name).with_extension("wav");
        let is_entry = name.ends_with(".json") && store::is_clip(&clip.to_string_lossy());
        if is_entry && !folder.join(&clip).exists() {
            store::remove(&folder.join(&name))?;
        }
    }
    Ok(())
}

/// The number of the next clip: one that no clip has, though its entry may be unreadable.
fn next_number(folder: &Path) -> io::Result<u64> {
    let numbers = store::names(folder)?.iter().filter_map(|name| store::number(name)).max();
    Ok(numbers.map_or(1, |number| number.saturating_add(1)))
}

const _: () = assert!(ENTRY_BYTES > 3500, "64 bands twice, 8 parts and the names");

#[cfg(test)]
pub(super) mod tests {
    use super::super::entry::{Reason, tests::entry};
    use super::super::label::{Answer, Part};
    use super::super::spectrum::{Spectrum, tests::noise};
    use super::*;

    fn config(folder: &Path) -> Config {
        Config { folder: folder.into(), reserve_mib: 0, ..Config::default() }
    }

    pub(in super::super) fn sound(seed: u32, smooth: usize) -> Entry {
        entry(Reason::Unsure, Spectrum::new(16_000, [&noise(seed, smooth, 0.3, 32_000)[..]]).unwrap())
    }

    pub(in super::super) fn add_to(folder: &Path, share: &TeachShare, new: &Entry) -> Decision {
        add(&config(folder), share, new, (100, "unsure_on_x"), |path| std::fs::write(path, [0; 100])).unwrap()
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names = store::names(folder).unwrap();
        names.sort();
        names
    }

    #[test]
    fn a_clip_lies_beside_its_entry_and_another_of_the_same_sound_is_counted_only() {
        let (folder, share) = (tempfile::tempdir().unwrap(), TeachShare::default());
        for (seed, smooth) in [(1, 0), (2, 0), (3, 5)] {
            add_to(folder.path(), &share, &sound(seed, smooth));
        }
        let expected =
            ["000001_unsure_on_x.json", "000001_unsure_on_x.wav", "000002_unsure_on_x.json", "000002_unsure_on_x.wav"];
        assert_eq!(names(folder.path()), expected);
        let count = |name| share.counters.list().iter().find(|(own, ..)| *own == name).unwrap().2.load(Relaxed);
        assert_eq!(["waiting", "queued", "similar", "refused", "changes"].map(count), [2, 2, 1, 0, 2]);
    }

    #[test]
    fn what_a_power_cut_leaves_is_removed_and_the_manifest_is_written_from_the_entries() {
        let (folder, share) = (tempfile::tempdir().unwrap(), TeachShare::default());
        add_to(folder.path(), &share, &sound(1, 0));
        // Cut after the entry of a label was written, and before the manifest was; and while clips were written.
        let mut labelled = sound(1, 0);
        labelled.parts = vec![Part { to_s: 5.0, answer: Some(Answer::Fault) }];
        labelled.write(folder.path(), "000001_unsure_on_x.wav").unwrap();
        for torn in ["000002_unsure_on_x.json", ".000003_unsure_on_x.wav.1.tmp", ".000004_a.json.1.tmp", "mine.json"] {
            std::fs::write(folder.path().join(torn), "{").unwrap();
        }
        prepare(folder.path(), &share).unwrap();
        let expected = ["000001_unsure_on_x.json", "000001_unsure_on_x.wav", manifest::NAME, "mine.json"];
        assert_eq!(names(folder.path()), expected);
        let text = std::fs::read_to_string(folder.path().join(manifest::NAME)).unwrap();
        assert!(text.ends_with("000001_unsure_on_x.wav,,20231114,,,fault\n"), "{text}");
        assert_eq!(share.counters.labelled.load(Relaxed), 1);
    }
}
